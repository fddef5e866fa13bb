"""Fences and zones are written through one door, which numbers every change."""

import pytest
from django.db import transaction

from merchants.fences import editing
from merchants.fences.geometry import GeometryRefused
from merchants.models import ExclusionZone, FenceChange, FenceState, Geofence, Role, Store, User
from tests.cast import AINO_LAT, AINO_LON, make_staff, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    return make_store()


@pytest.fixture
def owner(store: Store) -> User:
    return make_staff(store, role=Role.OWNER).user


@pytest.fixture
def operator() -> User:
    return User.objects.create_superuser("operator", password="a-long-password-1")


def drawn(store: Store, *, lat: float = AINO_LAT, lon: float = AINO_LON, radius_m: float = 150) -> Geofence:
    return Geofence(
        store=store, name="door", kind="circle", center_lat=lat, center_lon=lon, radius_m=radius_m, dwell_s=120
    )


def square(*, lat: float = AINO_LAT, lon: float = AINO_LON, side: float = 0.002) -> dict[str, object]:
    ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def clinic(*, lat: float = AINO_LAT, lon: float = AINO_LON) -> ExclusionZone:
    return ExclusionZone(
        name="Clinic X", rule="no offers at places of care", kind="circle",
        center_lat=lat, center_lon=lon, radius_m=60,
    )  # fmt: skip


def changes() -> list[tuple[int, int]]:
    return list(FenceChange.objects.order_by("number").values_list("number", "index_id"))


def test_the_first_fence_of_a_merchant_waits_and_after_its_approval_the_next_is_live(
    store: Store, owner: User, operator: User
) -> None:
    first = editing.put_fence(fence=drawn(store), by=owner)
    second = editing.put_fence(fence=drawn(store), by=owner)
    assert (first.state, second.state) == (FenceState.WAITING, FenceState.WAITING)
    editing.approve_fence(fence=first, by=operator)
    third = editing.put_fence(fence=drawn(store), by=owner)
    assert (first.state, third.state) == (FenceState.LIVE, FenceState.LIVE)
    other_store = make_store(merchant_name="Bar Bo")
    other = editing.put_fence(fence=drawn(other_store), by=make_staff(other_store, role=Role.OWNER).user)
    assert other.state == FenceState.WAITING


def test_a_fence_that_an_operator_draws_is_live(store: Store, owner: User, operator: User) -> None:
    assert editing.put_fence(fence=drawn(store), by=operator).state == FenceState.LIVE
    assert editing.put_fence(fence=drawn(store), by=owner).state == FenceState.LIVE


def test_only_operators_approve_and_only_what_waits(store: Store, owner: User, operator: User) -> None:
    fence = editing.put_fence(fence=drawn(store), by=owner)
    with pytest.raises(editing.OperatorsOnly):
        editing.approve_fence(fence=fence, by=owner)
    editing.approve_fence(fence=fence, by=operator)
    with pytest.raises(editing.FenceNotWaiting):
        editing.approve_fence(fence=fence, by=operator)
    assert Geofence.objects.get().approved_by == operator


def test_a_form_read_before_the_approval_does_not_undo_it(store: Store, owner: User, operator: User) -> None:
    fence = editing.put_fence(fence=drawn(store), by=owner)
    in_a_form = Geofence.objects.get(pk=fence.pk)
    editing.approve_fence(fence=fence, by=operator)
    in_a_form.name = "side door"
    editing.put_fence(fence=in_a_form, by=owner)
    saved = Geofence.objects.get()
    assert (saved.name, saved.state, saved.approved_by) == ("side door", FenceState.LIVE, operator)


def test_an_archived_fence_is_not_edited_and_archiving_twice_is_one_change(store: Store, operator: User) -> None:
    fence = editing.put_fence(fence=drawn(store), by=operator)
    in_a_form = Geofence.objects.get(pk=fence.pk)
    editing.archive_fence(fence=fence)
    editing.archive_fence(fence=fence)
    with pytest.raises(editing.FenceArchived):
        editing.put_fence(fence=in_a_form, by=operator)
    with pytest.raises(editing.FenceNotWaiting):
        editing.approve_fence(fence=fence, by=operator)
    assert fence.state == FenceState.ARCHIVED
    assert changes() == [(1, fence.pk), (2, fence.pk)]


def test_every_write_is_a_numbered_change_and_a_rolled_back_one_leaves_no_gap(store: Store, operator: User) -> None:
    fence = editing.put_fence(fence=drawn(store), by=operator)
    with transaction.atomic():
        editing.put_fence(fence=drawn(store), by=operator)
        transaction.set_rollback(True)
    fence.dwell_s = 600
    editing.put_fence(fence=fence, by=operator)
    far = make_store(merchant_name="Clinic's neighbour")
    zone = editing.put_zone(zone=clinic(lat=AINO_LAT + 0.1), by=operator)
    zone.active = False
    editing.put_zone(zone=zone, by=operator)
    editing.store_changed(store=store)
    editing.store_changed(store=far)
    editing.archive_fence(fence=fence)
    assert changes() == [(1, fence.pk), (2, fence.pk), (3, -zone.pk), (4, -zone.pk), (5, fence.pk), (6, fence.pk)]


def test_a_polygon_is_kept_as_it_was_checked_and_the_circle_columns_are_emptied(store: Store, operator: User) -> None:
    fence = drawn(store)
    fence.kind = "polygon"
    fence.geometry = square(lon=AINO_LON + 1e-12)
    editing.put_fence(fence=fence, by=operator)
    saved = Geofence.objects.get()
    assert saved.geometry == square(lon=AINO_LON)
    assert (saved.center_lat, saved.center_lon, saved.radius_m) == (None, None, None)
    saved.kind, saved.center_lat, saved.center_lon, saved.radius_m = "circle", AINO_LAT, AINO_LON, 200
    editing.put_fence(fence=saved, by=operator)
    assert Geofence.objects.get().geometry is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"radius_m": 49}, "radius_range"),
        ({"center_lat": None}, "wrong_type"),
        ({"center_lat": AINO_LON, "center_lon": AINO_LAT}, "too_far_from_store"),
        ({"kind": "polygon", "geometry": None}, "empty_geometry"),
        ({"kind": "polygon", "geometry": square(lat=AINO_LAT + 0.1)}, "too_far_from_store"),
        ({"kind": "polygon", "geometry": "POLYGON((0 0, 1 0, 1 1, 0 0))"}, "not_geojson"),
        ({"kind": "blob"}, "geometry_type"),
    ],
)
def test_a_refused_area_leaves_no_row_and_no_change(
    store: Store, operator: User, fields: dict[str, object], code: str
) -> None:
    fence = drawn(store)
    for name, value in fields.items():
        setattr(fence, name, value)
    with pytest.raises(GeometryRefused) as caught:
        editing.put_fence(fence=fence, by=operator)
    assert caught.value.code == code
    assert not Geofence.objects.exists()
    assert changes() == []


def test_a_fence_over_a_zone_is_refused_with_the_rule_and_without_the_place(store: Store, operator: User) -> None:
    zone = editing.put_zone(zone=clinic(lat=AINO_LAT + 0.001), by=operator)
    with pytest.raises(GeometryRefused) as caught:
        editing.put_fence(fence=drawn(store), by=operator)
    assert caught.value.code == "sensitive_place"
    assert "no offers at places of care" in caught.value.message
    assert "Clinic X" not in caught.value.message
    assert caught.value.at is None
    zone.active = False
    editing.put_zone(zone=zone, by=operator)
    assert editing.put_fence(fence=drawn(store), by=operator).pk


def test_a_zone_is_the_operators_alone(owner: User) -> None:
    with pytest.raises(editing.OperatorsOnly):
        editing.put_zone(zone=clinic(), by=owner)
    assert not ExclusionZone.objects.exists()
