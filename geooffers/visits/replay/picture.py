"""A picture of a replay: the track among the fences, and under it the stays in time. Needs matplotlib."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D

from geooffers.visits.replay import picture_map, picture_time
from geooffers.visits.replay.look import DROPPED, ENTERED, FAINT, GROUND, INK, LEFT, MARKS, STAYED
from geooffers.visits.replay.replaying import Replay, Town
from geooffers.visits.replay.stays_told import stays_told

# More pictures on one sheet nobody can read.
MOST = 6


def draw(replays: Sequence[Replay], *, among: Town, path: Path) -> None:
    """ValueError when there are more traces than a picture can show."""
    if len(replays) > MOST:
        raise ValueError(f"a picture shows {MOST} traces at most, and there are {len(replays)}: name one with --only")
    touched = [sorted({one.transition.fence for one in each.changes}) for each in replays]
    heights = [6.2 + 0.34 * max(len(fences), 1) + 0.95 for fences in touched]
    with plt.rc_context({"font.family": "DejaVu Sans", "font.size": 10, "text.color": INK, "svg.fonttype": "none"}):
        figure = plt.figure(figsize=(12, sum(heights) + 0.4), facecolor=GROUND)
        try:
            total = sum(heights) + 0.4
            top = total
            for each, fences, height in zip(replays, touched, heights, strict=True):
                rows = 0.34 * max(len(fences), 1)
                on_map = figure.add_axes((0.03, (top - 0.5 - 5.7) / total, 0.94, 5.7 / total))
                in_time = figure.add_axes((0.16, (top - height + 0.6) / total, 0.81, rows / total))
                stays = stays_told(each.changes)
                colours = {fence: STAYED[place % len(STAYED)] for place, fence in enumerate(fences)}
                picture_map.draw(on_map, each, among=among, colours=colours)
                picture_time.draw(in_time, each, stays=stays, among=among, colours=colours)
                figure.text(
                    0.03, (top - 0.32) / total, _title(each), fontsize=12, fontweight="bold", va="center", ha="left"
                )
                top -= height
            figure.legend(
                handles=_legend(),
                loc="lower left",
                bbox_to_anchor=(0.022, 0.08 / total),
                ncols=9,
                frameon=False,
                fontsize=9,
                handletextpad=0.4,
                columnspacing=1.3,
            )
            figure.savefig(path, dpi=130, facecolor=GROUND)
        finally:
            plt.close(figure)


def _title(replay: Replay) -> str:
    fixes, stays = replay.trace.fixes, len(stays_told(replay.changes))
    first, last = fixes[0].recorded_at, fixes[-1].recorded_at
    days = f"{first:%-d %B %Y}" if first.date() == last.date() else f"{first:%-d %B %Y} to {last:%-d %B %Y}"
    left_out = f", {len(replay.dropped)} not used" if replay.dropped else ""
    return (
        f"{replay.trace.id}, {days}: {len(fixes)} fixes{left_out}, {stays or 'no'} {'stay' if stays == 1 else 'stays'}"
    )


def _legend() -> list[Line2D]:
    def mark(marker: str, colour: str, label: str, *, rim: str = GROUND, size: float = 9) -> Line2D:
        return Line2D(
            [], [], linestyle="none", marker=marker, markerfacecolor=colour, markeredgecolor=rim, markersize=size,
            label=label,
        )  # fmt: skip

    return [
        Line2D([], [], marker="o", color=FAINT, markerfacecolor=INK, markeredgecolor="none", markersize=4, label="fix"),
        mark(MARKS["entered"], ENTERED, "entered"),
        mark(MARKS["settled"], ENTERED, "walked in"),
        mark(MARKS["dwelled"], INK, "dwelled"),
        mark(MARKS["left"], LEFT, "left"),
        mark(MARKS["left"], GROUND, "left, by silence", rim=LEFT, size=7),
        mark("$\u25c7$", DROPPED, "set aside", rim=DROPPED),
        mark("x", DROPPED, "dropped", rim=DROPPED, size=7),
        mark("s", "#f0f2f5", "silence, cut short", rim="#f0f2f5", size=10),
    ]
