"""A picture of fences and points, for a look with the eye. Needs matplotlib: the extra `geooffers[plot]`."""

import math
from collections.abc import Sequence
from pathlib import Path

from geooffers.matching import earth
from geooffers.matching.areas import Area, Circle, Fence
from merchants.live_fences.fence_files import Point

INSIDE, OUTSIDE, LINE = "#0b6e4f", "#b8b8b8", "#1f4e9c"
CORNERS = 90


def draw(*, fences: Sequence[Fence], points: Sequence[Point], inside: Sequence[bool], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(10, 8), layout="constrained")
    for fence in fences:
        for outline in outlines(fence.area):
            axes.plot(*zip(*outline, strict=True), color=LINE, linewidth=0.8)
    for is_inside, color, label in ((False, OUTSIDE, "in no fence"), (True, INSIDE, "in a fence")):
        chosen = [point for point, here in zip(points, inside, strict=True) if here is is_inside]
        lons, lats = [point.lon for point in chosen], [point.lat for point in chosen]
        axes.scatter(lons, lats, s=6, color=color, label=f"{label}: {len(chosen):,}", zorder=3)
    if points:
        middle = sum(point.lat for point in points) / len(points)
        axes.set_aspect(1 / max(math.cos(math.radians(middle)), 0.05), adjustable="datalim")
    axes.set_xlabel("longitude")
    axes.set_ylabel("latitude")
    axes.legend(loc="upper right")
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def outlines(area: Area) -> list[list[tuple[float, float]]]:
    """Rings of longitude and latitude. A circle is drawn by the places at its radius."""
    if not isinstance(area, Circle):
        return [list(ring) for part in area.parts for ring in part]
    bearings = [360 * corner / CORNERS for corner in range(CORNERS + 1)]
    lons, lats, _ = earth.ellipsoid().fwd(
        [area.lon] * len(bearings), [area.lat] * len(bearings), bearings, [area.radius_m] * len(bearings)
    )
    # Over 180 degrees the ring goes on, instead of across the map.
    return [[(area.lon + (lon - area.lon + 180) % 360 - 180, lat) for lon, lat in zip(lons, lats, strict=True)]]
