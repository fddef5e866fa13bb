"""Ten thousand positions around the edges of exclusion zones, through a report, against the geodesic truth.

A fix whose circle of uncertainty touches a zone is dropped, one that stays a metre clear of it is used, and of the
dropped ones nothing is matched and nothing stored, though a merchant's fence lies over the whole place.
"""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from geooffers.jurisdictions.rules import PlaceKind
from geooffers.matching.areas import Circle, Polygon
from geooffers.visits.models import DeviceState, Visit
from merchants.fences import geometry
from merchants.live_fences import live_fences
from merchants.models import ExclusionZone
from merchants.zones import imports
from tests.cast import NOON, make_fence, make_store
from tests.walker import Walker, fix
from tests.zone_truth import AREAS, NEW_YORK_M, WASHINGTON_M, WGS84, rim_of, truth_m

pytestmark = pytest.mark.django_db
POINTS, REPORT = 10_000, 500
CIRCLE = Circle(lat=40.7527, lon=-73.9772, radius_m=90)
LAWS = {"US-WA": WASHINGTON_M, "US-NY": NEW_YORK_M}
# Two of the areas are too long for positions that belong to one walk.
PLACES = {name: area for name, area in AREAS.items() if name != "a long one"} | {"a circle": CIRCLE}
SEED = 20260602


def away_m(area: Circle | Polygon, *, lat: float, lon: float) -> float:
    if isinstance(area, Circle):
        return float(WGS84.Inverse(area.lat, area.lon, lat, lon)["s12"]) - area.radius_m
    return truth_m(area, lat=lat, lon=lon)


def middle_of(area: Circle | Polygon) -> tuple[float, float]:
    lon, lat = geometry.center(area)
    return lat, lon


def close_off(area: Circle | Polygon, law: str) -> ExclusionZone:
    if isinstance(area, Circle):
        drawn: dict[str, Any] = {"type": "Point", "coordinates": [area.lon, area.lat]}
    else:
        drawn = geometry.to_geojson(area)
    told = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": drawn}]}
    plan = imports.plan(
        content=repr(told).replace("'", '"').encode(),
        file_name="zones.geojson",
        source="zones",
        kind=PlaceKind.HEALTH,
        jurisdiction=law,
        point_radius_m=CIRCLE.radius_m,
    )
    imports.carry_out(plan, by=None, may_shrink=True, now=NOON)
    return ExclusionZone.objects.get(active=True)


def thrown(area: Circle | Polygon, buffer_m: float, luck: random.Random) -> Iterator[tuple[float, float, float]]:
    """Places with their accuracy, where it is a close thing whether their circle touches the zone."""
    edges = {accuracy_m: edge_at(area, buffer_m + accuracy_m) for accuracy_m in (3.0, 8.0, 20.0, 65.0, 200.0)}
    while True:
        accuracy_m, edge = luck.choice(list(edges.items()))
        lon, lat = luck.choice(edge)
        found = WGS84.Direct(lat, lon, luck.uniform(0, 360), abs(luck.gauss(0, 8)))
        yield found["lat2"], found["lon2"], accuracy_m


def edge_at(area: Circle | Polygon, distance_m: float) -> list[tuple[float, float]]:
    if isinstance(area, Polygon):
        around = geometry.buffered(area, buffer_m=distance_m)
        assert isinstance(around, Polygon)
        return rim_of(around)
    places = [WGS84.Direct(area.lat, area.lon, bearing, area.radius_m + distance_m) for bearing in range(0, 360, 3)]
    return [(place["lon2"], place["lat2"]) for place in places]


@pytest.mark.slow
def test_what_touches_a_zone_is_dropped_and_what_is_clear_of_it_is_used() -> None:
    luck = random.Random(SEED)
    sent = dropped = close = 0
    shapes = list(PLACES.items())
    for number in range(POINTS // REPORT):
        name, area = shapes[number % len(shapes)]
        law = list(LAWS)[number % 2]
        close_off(area, law)
        lat, lon = middle_of(area)
        make_fence(make_store(merchant_name=f"Shop {number}", lat=lat, lon=lon), radius_m=9_000)
        live_fences.matcher().refresh()
        places = [one for one, _ in zip(thrown(area, LAWS[law], luck), range(REPORT), strict=False)]
        clear_by = [away_m(area, lat=lat, lon=lon) - LAWS[law] - accuracy for lat, lon, accuracy in places]
        # Those that touch first, by themselves: if any of them were used, something would be known of the phone.
        touching = [place for place, clear in zip(places, clear_by, strict=True) if clear <= 0]
        walker = Walker()
        assert codes_of(walker, touching) == {"not_used"}, f"{name} under {law}"
        assert bytes(DeviceState.objects.get(device=walker.device).packed) == b""
        assert not Visit.objects.filter(shopper=walker.device.shopper).exists()
        apart = [place for place, clear in zip(places, clear_by, strict=True) if clear > 1]
        assert "not_used" not in codes_of(Walker(), apart), f"{name} under {law}"
        sent, dropped, close = sent + len(places), dropped + len(touching), close + sum(0 < c <= 1 for c in clear_by)
    assert sent == POINTS
    assert 0.3 * POINTS < dropped < 0.7 * POINTS, "the places are not around the edge"
    assert close < 0.15 * POINTS


def codes_of(walker: Walker, places: list[tuple[float, float, float]]) -> set[str | None]:
    fixes = [
        fix(NOON - timedelta(seconds=2 * (len(places) - at)), (lat, lon), accuracy_m=accuracy_m)
        for at, (lat, lon, accuracy_m) in enumerate(places)
    ]
    return {result["code"] for result in walker.report(*fixes, now=NOON)["results"]}
