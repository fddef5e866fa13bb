"""Draws the pictures of docs/matching.md from the code itself: `python docs/pictures/matching.py`, with matplotlib."""

import math
import sys
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import patches, pyplot

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from geooffers.matching import base, cells, columns, covering, slabs  # noqa: E402
from geooffers.matching.areas import Circle, Fence, Polygon  # noqa: E402

EDGE, FULL, LINE, ASKED = "#f2d9a0", "#8fc9a9", "#1f4e9c", "#c0392b"


def jagged(corners: int) -> Polygon:
    chance = np.random.default_rng(7)
    ring = []
    for corner in range(corners):
        angle = 2 * math.pi * corner / corners
        reach = 0.011 * (0.8 + 0.1 * chance.random() + 0.1 * math.sin(3 * angle))
        ring.append((24.95 + 2 * reach * math.cos(angle), 60.17 + reach * math.sin(angle)))
    hole = [(24.951 + 0.004 * math.cos(-k), 60.172 + 0.002 * math.sin(-k)) for k in np.linspace(0, 2 * math.pi, 9)[:-1]]
    return Polygon(parts=(((*ring, ring[0]), (*hole, hole[0])),))


def box_of(level: int, row: int, column: int) -> tuple[float, float, float, float]:
    shift = cells.SHIFTS[level]
    narrow = shift + int(cells.NARROWING[cells.BEGINS[level] + row])
    height, width = math.ldexp(1, shift) / cells.PER_DEGREE, math.ldexp(1, narrow) / cells.PER_DEGREE
    return column * width - 180, row * height - 90, width, height


def draw_cover(axes: pyplot.Axes, cover: covering.Cover) -> None:
    for level, row, column, full in zip(
        *(getattr(cover, name).tolist() for name in ("level", "row", "column", "full")), strict=True
    ):
        if level == cells.NEIGHBOURHOODS:
            continue
        west, south, width, height = box_of(level, row, column)
        color = FULL if full else EDGE
        axes.add_patch(
            patches.Rectangle((west, south), width, height, facecolor=color, edgecolor="white", linewidth=0.7)
        )
    axes.autoscale_view()
    axes.set_aspect(2)
    axes.set_xticks([])
    axes.set_yticks([])


def cover_picture() -> None:
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
    circle = Circle(lat=60.17, lon=24.95, radius_m=480)
    draw_cover(left, covering.cover_circles(np.array([[circle.lat, circle.lon, circle.radius_m]])))
    angle = np.linspace(0, 2 * math.pi, 200)
    degrees = circle.radius_m / 111_400
    left.plot(circle.lon + 2 * degrees * np.cos(angle), circle.lat + degrees * np.sin(angle), color=LINE)
    left.set_title("a circle of 480 m")
    area = jagged(300)
    gathered = columns.gathered([Fence(id=1, area=area)])
    some = covering.some_of(gathered, 0, 1)
    draw_cover(right, covering.cover_polygons(some, np.array([len(gathered.vertices)])))
    for ring in area.parts[0]:
        right.plot(*zip(*ring, strict=True), color=LINE)
    right.set_title("a polygon of 300 vertices, with a hole")
    figure.savefig(HERE / "matching-cells.png", dpi=110)


def slab_picture() -> None:
    figure, axes = pyplot.subplots(figsize=(8, 4.4), layout="constrained")
    area = jagged(48)
    made = base.build(columns.gathered([Fence(id=1, area=area)]))
    record = made.polygons[0]
    count = int(record[slabs.LAST_SLAB]) + 1
    for edge in range(count + 1):
        axes.axhline(record[slabs.SOUTH] + edge / record[slabs.PER_DEGREE], color="#dddddd", linewidth=0.7, zorder=0)
    for ring in area.parts[0]:
        axes.plot(*zip(*ring, strict=True), color="#9fb4d8", linewidth=1)
    lat, lon = 60.1737, 24.9385
    slab = int((lat - record[slabs.SOUTH]) * record[slabs.PER_DEGREE])
    axes.axhspan(
        record[slabs.SOUTH] + slab / record[slabs.PER_DEGREE],
        record[slabs.SOUTH] + (slab + 1) / record[slabs.PER_DEGREE],
        color="#fdf3dc",
        zorder=0,
    )
    for edge in made.slab_edges[made.slab_begins[slab] : made.slab_begins[slab + 1]].tolist():
        axes.plot(*made.vertices[edge : edge + 2].T, color=LINE, linewidth=2.5)
    axes.plot([lon, record[slabs.EAST]], [lat, lat], color=ASKED, linestyle=":", linewidth=1.2)
    axes.plot(lon, lat, "o", color=ASKED)
    axes.set_aspect(2)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title("only the edges of the place's slab are looked at; an odd number lies to the east: inside")
    figure.savefig(HERE / "matching-slabs.png", dpi=110)


if __name__ == "__main__":
    cover_picture()
    slab_picture()
