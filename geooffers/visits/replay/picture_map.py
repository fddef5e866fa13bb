"""The track among the fences, in metres around its middle."""

import itertools
from collections.abc import Mapping, Sequence

from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from geooffers.matching.areas import Area
from geooffers.visits.engine.local_projection import Ground, length_in_words, nice_length_m
from geooffers.visits.engine.observations import Fix, Ignored
from geooffers.visits.engine.tuning import GAP_MS
from geooffers.visits.replay.look import DROPPED, FAINT, GROUND, INK, KINDS, LEFT, MARKS, QUIET
from geooffers.visits.replay.replaying import Replay, Town
from merchants.live_fences.fence_map import outlines

# Fewer fixes than this, and each gets its circle of accuracy.
CIRCLES_UP_TO = 600
NAMES_UP_TO = 14

_Place = tuple[float, float]  # metres east and north


def draw(axes: Axes, replay: Replay, *, among: Town, colours: Mapping[int, str]) -> None:
    not_used = {one.fix - 1: one.code is Ignored.SET_ASIDE for one in replay.dropped}
    fixes = replay.trace.fixes
    used = [place for place in range(len(fixes)) if place not in not_used] or list(range(len(fixes)))
    ground = _middle([fixes[place] for place in used])
    xs, ys = [ground.x_m(fix.lon) for fix in fixes], [ground.y_m(fix.lat) for fix in fixes]
    rings = [ring for fence in colours for ring in _rings(among.fences[fence].area, ground)]
    _frame(axes, [*_with_neighbours(list(zip(xs, ys, strict=True)), used), *itertools.chain(*rings)])
    _fences(axes, ground, among=among, colours=colours)
    _track(axes, [fixes[at] for at in used], [(xs[at], ys[at]) for at in used])
    for place in not_used:
        before = max((at for at in used if at < place), default=place)
        axes.plot([xs[before], xs[place]], [ys[before], ys[place]], color=DROPPED, linewidth=0.8, linestyle=(0, (1, 3)),
                  zorder=3)  # fmt: skip
    axes.scatter([xs[at] for at in used], [ys[at] for at in used], s=7, color=INK, linewidths=0, zorder=4)
    for aside, marker in ((True, "$\u25c7$"), (False, "x")):
        chosen = [place for place, is_aside in not_used.items() if is_aside is aside]
        axes.scatter(
            [xs[at] for at in chosen], [ys[at] for at in chosen], s=44, marker=marker, color=DROPPED, linewidths=1.2,
            zorder=6,
        )  # fmt: skip
    for happened in replay.changes:
        kind, colour = KINDS[happened.transition.change]
        stale = happened.transition.stale
        at = max(happened.fix - 2, 0) if stale else happened.fix - 1
        axes.scatter(
            [xs[at]], [ys[at]], marker=MARKS[kind], s=52 if kind in ("left", "dwelled") else 78, zorder=7,
            facecolors=GROUND if stale else colour, edgecolors=LEFT if stale else GROUND, linewidths=1.2,
        )  # fmt: skip
    _scale(axes)


def _middle(fixes: Sequence[Fix]) -> Ground:
    first = Ground(lat=fixes[0].lat, lon=fixes[0].lon)
    xs, ys = [first.x_m(fix.lon) for fix in fixes], [first.y_m(fix.lat) for fix in fixes]
    lat = fixes[0].lat + (min(ys) + max(ys)) / 2 / 111_320
    across = first.x_m(fixes[0].lon + 1) or 1.0
    return Ground(lat=lat, lon=fixes[0].lon + (min(xs) + max(xs)) / 2 / across)


def _with_neighbours(places: list[_Place], used: Sequence[int]) -> list[_Place]:
    """The places of what was used, and those of what was not so near that the frame need not grow much: (0, 0) is far
    from every town."""
    shown = [places[at] for at in used]
    (west, east), (south, north) = ((min(side), max(side)) for side in zip(*shown, strict=True))
    wide, high = max(east - west, 100.0), max(north - south, 100.0)
    return shown + [(x, y) for x, y in places if west - wide <= x <= east + wide and south - high <= y <= north + high]


def _frame(axes: Axes, places: Sequence[_Place]) -> None:
    """What is to be seen, and nothing else."""
    all_x, all_y = [x for x, _ in places], [y for _, y in places]
    box = axes.get_window_extent()
    wide, high = max(max(all_x) - min(all_x), 60.0) * 1.08, max(max(all_y) - min(all_y), 60.0) * 1.12
    scale = max(wide / box.width, high / box.height)
    middle_x, middle_y = (max(all_x) + min(all_x)) / 2, (max(all_y) + min(all_y)) / 2
    axes.set_xlim(middle_x - scale * box.width / 2, middle_x + scale * box.width / 2)
    axes.set_ylim(middle_y - scale * box.height / 2, middle_y + scale * box.height / 2)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("#f7f8fa")
    for side in axes.spines.values():
        side.set_color(QUIET)


def _rings(area: Area, ground: Ground) -> list[list[tuple[float, float]]]:
    return [ground.ring(ring) for ring in outlines(area)]


def _fences(axes: Axes, ground: Ground, *, among: Town, colours: Mapping[int, str]) -> None:
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    shown = 0
    for fence in among.fences:
        rings = _rings(fence.area, ground)
        xs, ys = [x for ring in rings for x, _ in ring], [y for ring in rings for _, y in ring]
        if max(xs) < left or min(xs) > right or max(ys) < low or min(ys) > high:
            continue
        colour = colours.get(fence.id)
        path = Outline.make_compound_path(*(Outline(ring, closed=True) for ring in rings))
        axes.add_patch(
            PathPatch(path, facecolor=colour or FAINT, edgecolor="none", alpha=0.14 if colour else 0.10, zorder=1)
        )
        axes.add_patch(PathPatch(path, facecolor="none", edgecolor=colour or FAINT, linewidth=1.3, zorder=2))
        shown += 1
        if colour or shown <= NAMES_UP_TO:
            inside = [x for x in xs if left <= x <= right] or xs
            axes.annotate(
                among.names[fence.id],
                ((min(inside) + max(inside)) / 2, min(max(ys), high)),
                xytext=(0, 3), textcoords="offset points", ha="center", va="bottom", fontsize=9,
                color=colour or "#616e7c", fontweight="bold" if colour else "normal", zorder=8, clip_on=True,
                path_effects=[patheffects.withStroke(linewidth=3, foreground=GROUND)],
            )  # fmt: skip


def _track(axes: Axes, fixes: Sequence[Fix], places: Sequence[_Place]) -> None:
    """Where the phone told nothing for long, nobody knows the way."""
    known: list[list[_Place]] = []
    unknown: list[list[_Place]] = []
    for (one, here), (other, there) in itertools.pairwise(zip(fixes, places, strict=True)):
        gap_ms = abs((other.recorded_at - one.recorded_at).total_seconds()) * 1000
        (known if gap_ms <= GAP_MS else unknown).append([here, there])
    axes.add_collection(LineCollection(known, colors="#52606d", linewidths=1.1, alpha=0.75, zorder=3))
    axes.add_collection(LineCollection(unknown, colors=FAINT, linewidths=0.9, linestyles=(0, (2, 3)), zorder=3))
    if len(fixes) <= CIRCLES_UP_TO:
        sizes = [2 * fix.accuracy_m for fix in fixes]
        axes.add_collection(
            EllipseCollection(
                sizes, sizes, [0.0] * len(fixes), units="xy", offsets=list(places), offset_transform=axes.transData,
                facecolors="#2456d6", edgecolors="none", alpha=0.05, zorder=1.5,
            )
        )  # fmt: skip


def _scale(axes: Axes) -> None:
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    length = nice_length_m(right - left)
    x, y = left + 0.02 * (right - left), low + 0.04 * (high - low)
    axes.plot([x, x + length], [y, y], color=INK, linewidth=2, solid_capstyle="butt", zorder=9)
    axes.annotate(
        length_in_words(length), (x + length / 2, y), xytext=(0, 4), textcoords="offset points", ha="center",
        fontsize=9, zorder=9, path_effects=[patheffects.withStroke(linewidth=3, foreground=GROUND)],
    )  # fmt: skip
