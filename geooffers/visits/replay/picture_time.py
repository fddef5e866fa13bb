"""The stays of a replay in time, a row for each fence. Long silences are cut short, and the cut is shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes

from geooffers.visits.engine.observations import Ignored
from geooffers.visits.replay.look import DROPPED, ENTERED, FAINT, GROUND, INK, KINDS, LEFT, MARKS, QUIET
from geooffers.visits.replay.replaying import Replay, Town
from geooffers.visits.replay.stays_told import ToldStay

# What a silence may take up at most, of the time in which something was told.
CUT_TO_S = 600.0
LABEL_EVERY = 0.075


class _Clock:
    """From a time to a place along the axis."""

    def __init__(self, times: Sequence[datetime]) -> None:
        self.times = sorted(set(times))
        seconds = np.array([at.timestamp() for at in self.times])
        gaps = np.diff(seconds)
        busy = float(gaps[gaps <= CUT_TO_S].sum())
        # A trace of nothing but silences is not all cuts.
        self.cut_to_s = max(CUT_TO_S, 0.0) if busy else float(gaps.max(initial=1.0))
        self.is_cut = gaps > self.cut_to_s
        self._seconds = seconds
        self._xs = np.concatenate([[0.0], np.cumsum(np.minimum(gaps, self.cut_to_s))])

    def x(self, at: datetime) -> float:
        return float(np.interp(at.timestamp(), self._seconds, self._xs))

    @property
    def end(self) -> float:
        return max(float(self._xs[-1]), 1.0)

    def cuts(self) -> list[tuple[float, float]]:
        return [(float(self._xs[at]), float(self._xs[at + 1])) for at in np.flatnonzero(self.is_cut)]

    def ticks(self) -> list[tuple[float, str]]:
        """The beginning, each time after a cut, and evenly between; the day where it is another one."""
        wanted = [0, *(int(at) + 1 for at in np.flatnonzero(self.is_cut))]
        wanted += [int(np.searchsorted(self._xs, share * self.end)) for share in np.linspace(0, 1, 9)]
        chosen: list[tuple[float, str]] = []
        day = None
        for place in sorted({min(one, len(self.times) - 1) for one in wanted}):
            x, at = float(self._xs[place]), self.times[place]
            if chosen and x - chosen[-1][0] < LABEL_EVERY * self.end:
                continue
            chosen.append((x, f"{at:%H:%M}" if day == at.date() else f"{at:%H:%M}\n{at:%-d %b}"))
            day = at.date()
        return chosen


def draw(axes: Axes, replay: Replay, *, stays: Sequence[ToldStay], among: Town, colours: Mapping[int, str]) -> None:
    clock = _Clock([fix.recorded_at for fix in replay.trace.fixes])
    rows = {fence: row for row, fence in enumerate(colours)}
    for begin, end in clock.cuts():
        axes.axvspan(begin, end, facecolor="#f0f2f5", edgecolor="none", zorder=0, hatch=None)
    for stay in stays:
        _bar(axes, clock, stay, row=rows[stay.fence], colour=colours[stay.fence])
    for happened in replay.changes:
        change = happened.transition
        kind, colour = KINDS[change.change]
        axes.scatter(
            [clock.x(change.at)], [rows[change.fence]], marker=MARKS[kind], s=44, zorder=5, clip_on=False,
            facecolors=GROUND if change.stale else colour, edgecolors=LEFT if change.stale else GROUND, linewidths=1,
        )  # fmt: skip
    bottom = max(len(rows), 1) - 0.5
    for one in replay.dropped:
        marker = "$\u25c7$" if one.code is Ignored.SET_ASIDE else "x"
        axes.scatter([clock.x(one.at)], [bottom], marker=marker, s=26, color=DROPPED, zorder=6, clip_on=False)
    axes.vlines([clock.x(at) for at in clock.times], bottom, bottom - 0.16, color=FAINT, linewidth=0.6, zorder=1)
    axes.set_ylim(bottom, -0.5)
    axes.set_xlim(-0.01 * clock.end, 1.01 * clock.end)
    axes.set_yticks(list(rows.values()), [among.names[fence] for fence in rows], fontsize=9)
    for label, fence in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_color(colours[fence])
        label.set_fontweight("bold")
    ticks = clock.ticks()
    axes.set_xticks([x for x, _ in ticks], [text for _, text in ticks], fontsize=8.5, ha="left")
    if not rows:
        axes.text(0.5 * clock.end, 0, "no stay in any fence", ha="center", va="center", color="#616e7c")
    for row in range(len(rows) - 1):
        axes.axhline(row + 0.5, color=QUIET, linewidth=0.8, zorder=0.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", colors=INK, length=4, color=FAINT)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)


def _bar(axes: Axes, clock: _Clock, stay: ToldStay, *, row: int, colour: str) -> None:
    begin = clock.x(stay.entered_at)
    end = clock.end if stay.left_at is None else clock.x(stay.left_at)
    # Never so thin that it is not seen.
    width = max(end - begin, 0.003 * clock.end)
    axes.barh(row, width, left=begin, height=0.42, color=colour, alpha=0.30, zorder=2, linewidth=0)
    if stay.dwelled_at is not None:
        since = clock.x(stay.dwelled_at)
        axes.barh(row, max(begin + width - since, 0), left=since, height=0.42, color=colour, alpha=0.45, zorder=3)
    if stay.left_at is None and width > 0.12 * clock.end:
        axes.annotate("still inside", (end, row), xytext=(-4, 0), textcoords="offset points", ha="right", va="center",
                      fontsize=8, color=ENTERED, zorder=6)  # fmt: skip
