"""Zones out of GeoJSON: versions of a source, each replacing the one before all at once, with what the law asks for."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from geooffers.jurisdictions.rules import PlaceKind
from merchants.fences import editing
from merchants.live_fences import live_fences
from merchants.models import ExclusionZone, FenceChange, FenceState, Geofence, User, ZoneImport
from merchants.zones import files, imports
from tests.cast import NOON, make_fence, make_store

pytestmark = pytest.mark.django_db
SEATTLE = (47.6062, -122.3321)
FT_2000_M = 609.6


def square(lat: float, lon: float, *, side: float = 0.001) -> dict[str, Any]:
    ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(number: int, *, geometry: dict[str, Any] | None = None) -> dict[str, Any]:
    lat, lon = SEATTLE[0] + number * 0.05, SEATTLE[1]
    return {
        "type": "Feature",
        "properties": {"name": f"Hospital {number}"},
        "geometry": geometry or square(lat, lon),
    }


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def bring_in(content: bytes, *, may_shrink: bool = False, **changes: Any) -> ZoneImport:
    asked = {"source": "hospitals", "kind": PlaceKind.HEALTH, "jurisdiction": "US-WA", "file_name": "h.geojson"}
    plan = imports.plan(content=content, **(asked | changes))
    return imports.carry_out(plan, by=None, may_shrink=may_shrink, now=NOON)


def names() -> set[str]:
    return set(ExclusionZone.objects.filter(active=True).values_list("name", flat=True))


def matched(lat: float, lon: float, accuracy_m: float = 5) -> bool:
    live_fences.matcher().refresh()
    return any(
        match.fence < 0
        for match in live_fences.matcher().current().index.match_one(lat=lat, lon=lon, accuracy_m=accuracy_m)
    )


# -- what a version is


def test_an_import_gives_each_place_the_buffer_and_the_words_of_its_law() -> None:
    made = bring_in(collection(feature(1), feature(2)))
    assert (made.version, made.zones, made.added, made.removed) == (1, 2, 2, 0)
    zone = ExclusionZone.objects.get(name="Hospital 1")
    assert (zone.buffer_m, zone.jurisdiction, zone.place_kind, zone.added_by) == (FT_2000_M, "US-WA", "health", made)
    assert "RCW 19.373.080" in zone.rule
    lat, lon = SEATTLE[0] + 0.05, SEATTLE[1]
    assert matched(lat - 0.0054, lon)  # 600 m south of its wall
    assert not matched(lat - 0.0056, lon)  # 622 m, and 5 m of doubt


@pytest.mark.parametrize(
    ("kind", "jurisdiction", "buffer_m"),
    [("health", "US-NY", 563.88), ("health", "US-NV", 533.4), ("health", "FI", 0), ("school", "US-WA", 0)],
)
def test_the_buffer_is_the_jurisdiction_s_for_that_kind_of_place(kind: str, jurisdiction: str, buffer_m: float) -> None:
    bring_in(collection(feature(1)), kind=PlaceKind(kind), jurisdiction=jurisdiction, rule="We keep away from it.")
    assert ExclusionZone.objects.get().buffer_m == buffer_m


def test_the_next_version_takes_the_place_of_the_one_before_and_history_is_kept() -> None:
    first = bring_in(collection(feature(1), feature(2), feature(3)))
    kept = ExclusionZone.objects.get(name="Hospital 2").pk
    moved = feature(3, geometry=square(47.9, -122.2))
    second = bring_in(collection(feature(2), moved, feature(4)), may_shrink=True)
    assert (second.version, second.zones, second.added, second.removed) == (2, 3, 2, 2)
    assert names() == {"Hospital 2", "Hospital 3", "Hospital 4"}
    assert ExclusionZone.objects.get(name="Hospital 2").pk == kept, "what both versions have stays as it is"
    of_first = ExclusionZone.objects.filter(added_by=first)
    assert of_first.count() == 3
    assert set(of_first.filter(removed_by=second).values_list("name", flat=True)) == {"Hospital 1", "Hospital 3"}


def test_sources_do_not_touch_each_other() -> None:
    bring_in(collection(feature(1)))
    bring_in(collection(feature(2)), source="schools", kind=PlaceKind.SCHOOL, rule="No offers at schools.")
    assert names() == {"Hospital 1", "Hospital 2"}


def test_every_zone_that_comes_or_goes_is_a_numbered_change_of_the_index() -> None:
    bring_in(collection(feature(1), feature(2)))
    one, two = ExclusionZone.objects.order_by("name")
    bring_in(collection(feature(2), feature(3)), may_shrink=True)
    three = ExclusionZone.objects.get(name="Hospital 3")
    assert list(FenceChange.objects.order_by("number").values_list("index_id", flat=True)) == [
        -one.pk, -two.pk, -three.pk, -one.pk,
    ]  # fmt: skip


def test_an_import_that_fails_halfway_changes_nothing() -> None:
    bring_in(collection(feature(1)))
    plan = imports.plan(
        content=collection(feature(2), feature(3)), file_name="h.geojson", source="hospitals", kind=PlaceKind.HEALTH,
        jurisdiction="US-WA",
    )  # fmt: skip
    plan.zones[-1].buffer_m = -1.0  # which the database refuses
    with pytest.raises(IntegrityError), transaction.atomic():
        imports.carry_out(plan, by=None, may_shrink=True, now=NOON)
    assert names() == {"Hospital 1"}
    assert (ZoneImport.objects.count(), FenceChange.objects.count()) == (1, 1)


def test_the_same_file_again_is_no_version() -> None:
    bring_in(collection(feature(1)))
    with pytest.raises(imports.NothingChanged):
        bring_in(collection(feature(1)))


def test_half_a_file_is_refused_until_somebody_says_that_it_is_meant() -> None:
    bring_in(collection(*(feature(number) for number in range(1, 11))))
    bring_in(collection(*(feature(number) for number in range(1, 10))))  # one of ten may go
    with pytest.raises(imports.Shrinks) as caught:
        bring_in(collection(*(feature(number) for number in range(1, 6))))
    assert (caught.value.removed, caught.value.former) == (4, 9)
    assert len(names()) == 9
    assert bring_in(collection(feature(1)), may_shrink=True).removed == 8


def test_a_zone_twice_in_a_file_is_one() -> None:
    assert bring_in(collection(feature(1), feature(1))).zones == 1


def test_points_are_circles_when_it_is_told_how_far_they_reach() -> None:
    at = {"type": "Point", "coordinates": [SEATTLE[1], SEATTLE[0]]}
    bring_in(collection(feature(1, geometry=at)), point_radius_m=80)
    zone = ExclusionZone.objects.get()
    assert (zone.kind, zone.radius_m, zone.buffer_m) == ("circle", 80, FT_2000_M)
    assert matched(SEATTLE[0] + 0.006, SEATTLE[1])  # 667 m


# -- fences under a new zone


def test_live_fences_under_a_new_zone_wait_for_an_operator_with_the_rule_and_are_not_approved_over_it() -> None:
    store = make_store(lat=SEATTLE[0] + 0.05, lon=SEATTLE[1])
    under, far = make_fence(store), make_fence(make_store(merchant_name="Bar Bo", lat=SEATTLE[0] - 0.3, lon=SEATTLE[1]))
    live_fences.matcher().refresh()
    made = bring_in(collection(feature(1)))
    assert made.fences_to_review == 1
    under.refresh_from_db()
    far.refresh_from_db()
    assert (under.state, far.state) == (FenceState.WAITING, FenceState.LIVE)
    assert "RCW 19.373.080" in under.review_note
    assert "Hospital" not in under.review_note
    live_fences.matcher().poll()
    assert live_fences.matcher().current().fence(under.pk) is None
    operator = User.objects.create_superuser("operator", password="a-long-password-1")
    with pytest.raises(editing.GeometryRefused, match=r"RCW 19\.373\.080"):
        editing.approve_fence(fence=under, by=operator)
    bring_in(collection(feature(7)), may_shrink=True)
    editing.approve_fence(fence=under, by=operator)
    assert (under.state, under.review_note) == (FenceState.LIVE, "")


def test_a_drawn_zone_sends_fences_to_review_as_well_by_its_buffer() -> None:
    store = make_store()
    fence = make_fence(store, radius_m=100)
    operator = User.objects.create_superuser("operator", password="a-long-password-1")
    zone = ExclusionZone(
        name="Clinic", kind="circle", center_lat=store.lat + 0.006, center_lon=store.lon, radius_m=50,
        place_kind="health", jurisdiction="US-WA",
    )  # fmt: skip
    editing.put_zone(zone=zone, by=operator)
    fence.refresh_from_db()
    assert (fence.state, zone.buffer_m) == (FenceState.WAITING, FT_2000_M)
    with pytest.raises(editing.GeometryRefused):
        editing.put_fence(fence=_another(fence), by=operator)


def _another(fence: Geofence) -> Geofence:
    return Geofence(
        store=fence.store, name="again", kind="circle", center_lat=fence.center_lat, center_lon=fence.center_lon,
        radius_m=100,
    )  # fmt: skip


def test_an_imported_zone_is_not_edited_by_hand() -> None:
    bring_in(collection(feature(1)))
    operator = User.objects.create_superuser("operator", password="a-long-password-1")
    zone = ExclusionZone.objects.get()
    zone.active = False
    with pytest.raises(editing.ZoneImported):
        editing.put_zone(zone=zone, by=operator)


# -- what is refused


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no GeoJSON"),
        (b"\xff\xfe", "no GeoJSON"),
        (b"[" * 100_000, "no GeoJSON"),
        (b'{"type": "Feature"}', "no GeoJSON FeatureCollection"),
        (collection(), "no features"),
        (collection(7), "feature 1: this is no Feature"),
        (collection(feature(1), feature(2, geometry={"type": "Point", "coordinates": [1, 2]})), "feature 2: a point"),
        (collection(feature(1, geometry={"type": "LineString", "coordinates": []})), "geometry_type"),
        (collection(feature(1, geometry=square(47.6, -122.3, side=0.0))), "degenerate_ring"),
        (collection(*[feature(1, geometry=square(47.6, -122.3, side=9))] * 30), "and 10 more"),
        (b'{"type": "FeatureCollection", "crs": {"properties": {"name": "EPSG:3857"}}, "features": [1]}', "CRS84"),
    ],
)
def test_a_bad_file_is_refused_with_its_faults_and_nothing_is_changed(content: bytes, says: str) -> None:
    with pytest.raises(files.BadFile) as caught:
        bring_in(content)
    assert says in "; ".join(caught.value.faults)
    assert not ZoneImport.objects.exists()


def test_where_the_law_says_nothing_somebody_has_to_say_why() -> None:
    with pytest.raises(editing.RuleNeeded):
        bring_in(collection(feature(1)), jurisdiction="FI")
    assert bring_in(collection(feature(1)), jurisdiction="fi", rule="We keep away.").jurisdiction == "FI"


# -- the command


@pytest.fixture
def told(tmp_path: Path) -> Any:
    def run(*features: Any, **options: Any) -> str:
        path = tmp_path / "us-wa-hospitals.geojson"
        path.write_bytes(collection(*features))
        out = StringIO()
        call_command("importzones", str(path), kind="health", jurisdiction="US-WA", stdout=out, **options)
        return out.getvalue()

    return run


def test_the_command_imports_and_says_what_it_did(told: Any) -> None:
    make_fence(make_store(lat=SEATTLE[0] + 0.05, lon=SEATTLE[1]))
    assert told(feature(1), dry_run=True) == "us-wa-hospitals: 1 zones, 1 new, 0 gone\n"
    assert not ExclusionZone.objects.exists()
    assert told(feature(1)) == ("us-wa-hospitals v1: 1 zones, 1 new, 0 gone; 1 live fences wait for an operator now\n")
    assert told(feature(1)) == "us-wa-hospitals: nothing has changed\n"
    with pytest.raises(CommandError, match="1 of 1 zones of this source are not in the file; if that is meant"):
        told(feature(2))
    assert "v2: 1 zones, 1 new, 1 gone" in told(feature(2), allow_shrink=True)


def test_the_command_refuses_in_words(told: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing was changed"):
        told(7)
    with pytest.raises(CommandError, match="No such file"):
        call_command("importzones", str(tmp_path / "none.geojson"), kind="health", jurisdiction="US-WA")
    (tmp_path / "x.geojson").write_bytes(collection(feature(1)))
    for jurisdiction, says in (("US-WX", "ISO 3166"), ("FI", "give the --rule yourself")):
        with pytest.raises(CommandError, match=says):
            call_command("importzones", str(tmp_path / "x.geojson"), kind="health", jurisdiction=jurisdiction)
    assert not ZoneImport.objects.exists()
