"""A simulated visit as a drawing: fences and track in the units of an SVG. No script, no tile, nothing fetched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from geooffers.matching.areas import Area
from geooffers.usecases.location.simulate_visit import Seen, SimulatedVisit
from geooffers.visits.engine.local_projection import Ground, length_in_words, nice_length_m
from geooffers.visits.engine.transition_events import BEGINNINGS, Change
from merchants.fences.areas import stored_area
from merchants.fences.geometry.measures import center
from merchants.live_fences.fence_map import outlines

WIDTH, HEIGHT, EDGE = 480.0, 380.0, 26.0


@dataclass(frozen=True, kw_only=True)
class Outline:
    name: str
    path: str
    is_walked_into: bool


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A fix. `kind`: out, in, or what was told by it: entered, settled, dwelled, left."""

    number: int
    x: float
    y: float
    r: float
    kind: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Drawing:
    width: float
    height: float
    outlines: tuple[Outline, ...]
    track: str
    dots: tuple[Dot, ...]
    marks: tuple[Dot, ...]
    scale_length: float
    scale_words: str


def drawn(visit: SimulatedVisit) -> Drawing:
    lon, lat = center(stored_area(visit.fence))
    ground = Ground(lat=lat, lon=lon)
    track = [(ground.x_m(one.step.lon), ground.y_m(one.step.lat)) for one in visit.seen]
    shapes = [(fence, _rings(stored_area(fence), ground)) for fence in visit.fences]
    # The fence walked into and the track are what it is about; of others so much as falls into the frame.
    sheet = _Sheet([*track, *(place for ring in shapes[0][1] for place in ring)])
    placed = [sheet.at(*place) for place in track]
    dots = [_dot(number, one, place) for number, (one, place) in enumerate(zip(visit.seen, placed, strict=True), 1)]
    length_m = nice_length_m(WIDTH / sheet.scale)
    return Drawing(
        width=WIDTH,
        height=HEIGHT,
        outlines=tuple(
            Outline(
                name=fence.name,
                path=" ".join(sheet.path(ring, closed=True) for ring in rings),
                is_walked_into=fence.pk == visit.fence.pk,
            )
            for fence, rings in reversed(shapes)
        ),
        track=sheet.path(track, closed=False),
        dots=tuple(dots),
        marks=tuple(dot for dot in dots if dot.kind not in ("in", "out")),
        scale_length=round(length_m * sheet.scale, 1),
        scale_words=length_in_words(length_m),
    )


class _Sheet:
    def __init__(self, places: Sequence[tuple[float, float]]) -> None:
        xs, ys = [x for x, _ in places], [y for _, y in places]
        wide, high = max(max(xs) - min(xs), 1.0), max(max(ys) - min(ys), 1.0)
        self.scale = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)
        self._middle = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2

    def at(self, x_m: float, y_m: float) -> tuple[float, float]:
        return (
            round(WIDTH / 2 + (x_m - self._middle[0]) * self.scale, 1),
            round(HEIGHT / 2 - (y_m - self._middle[1]) * self.scale, 1),
        )

    def path(self, places: Iterable[tuple[float, float]], *, closed: bool) -> str:
        drawn = " L".join("{} {}".format(*self.at(*place)) for place in places)
        return f"M{drawn}{' Z' if closed else ''}"


def _rings(area: Area, ground: Ground) -> list[list[tuple[float, float]]]:
    return [ground.ring(ring) for ring in outlines(area)]


def _dot(number: int, one: Seen, place: tuple[float, float]) -> Dot:
    kind = "in" if any(touch.inside for touch in one.touches) else "out"
    for transition in one.transitions:
        kind = "entered" if transition.change in BEGINNINGS else str(transition.change)
    if kind == Change.CORRECTED:
        kind = "in"
    r = 4 if kind == "out" else 5
    return Dot(number=number, x=place[0], y=place[1], r=r, kind=kind, words=f"position {number}")
