"""What the maps in the admin's forms are told, and by whom it may be asked."""

import json
from html import unescape
from re import search
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from merchants.fences import editing
from merchants.models import AreaKind, ExclusionZone, FenceState, Geofence, Role, Store, User
from tests import cast

pytestmark = pytest.mark.django_db
SQUARE = [[24.951, 60.169], [24.954, 60.169], [24.954, 60.171], [24.951, 60.171], [24.951, 60.169]]
BOW_TIE = [[24.951, 60.169], [24.954, 60.171], [24.954, 60.169], [24.951, 60.171], [24.951, 60.169]]


@pytest.fixture
def store() -> Store:
    return cast.make_store()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator() -> User:
    return User.objects.create_superuser("operator")


def around(client: Client, store_id: object) -> Any:
    return client.get(reverse("admin:merchants_geofence_around", args=[store_id]))


def facts(page: Any) -> dict[str, Any]:
    found = search(r'data-facts="([^"]*)"', page.content.decode())
    assert found is not None
    told: dict[str, Any] = json.loads(unescape(found[1]))
    return told


def fence_data(store: Store, **changed: object) -> dict[str, object]:
    return {"store": store.pk, "name": "door", "kind": "circle", "center_lat": store.lat, "center_lon": store.lon,
            "radius_m": 100, "geometry": "", "dwell_s": 300, "tuning": "drive_by", **changed}  # fmt: skip


def test_the_map_shows_the_store_and_the_merchant_s_standing_fences(store: Store, operator: User) -> None:
    circle = cast.make_fence(store)
    polygon = Geofence(
        store=store, name="square", kind=AreaKind.POLYGON, geometry={"type": "Polygon", "coordinates": [SQUARE]}
    )
    editing.put_fence(fence=polygon, by=operator)
    editing.archive_fence(fence=cast.make_fence(store))
    cast.make_fence(cast.make_store(merchant_name="Bistro Bertil"))
    answer = around(signed_in(cast.make_staff(store, role=Role.OWNER).user), store.pk).json()
    assert answer == {
        "store": {"name": store.name, "lat": store.lat, "lon": store.lon},
        "fences": [
            {
                "id": circle.pk,
                "name": circle.name,
                "area": {"kind": "circle", "lat": store.lat, "lon": store.lon, "radius": 150},
            },
            {"id": polygon.pk, "name": "square", "area": {"kind": "polygon", "parts": [[SQUARE]]}},
        ],
        "zones": [],
    }


def test_a_merchant_does_not_learn_where_nobody_is_tracked(store: Store, operator: User) -> None:
    zone = ExclusionZone(
        name="clinic", rule="health", kind=AreaKind.CIRCLE, center_lat=60.18, center_lon=24.95, radius_m=100
    )
    editing.put_zone(zone=zone, by=operator)
    for role in (Role.OWNER, Role.MANAGER):
        assert around(signed_in(cast.make_staff(store, role=role).user), store.pk).json()["zones"] == []
    assert [one["name"] for one in around(signed_in(operator), store.pk).json()["zones"]] == ["clinic"]
    zones = reverse("admin:merchants_exclusionzone_around")
    assert [one["name"] for one in signed_in(operator).get(zones).json()["zones"]] == ["clinic"]
    assert signed_in(cast.make_staff(store, role=Role.OWNER).user).get(zones).status_code == 404


def test_a_manager_sees_around_their_own_stores_only(store: Store) -> None:
    other = cast.make_store()
    there = cast.make_fence(other)
    manager = signed_in(cast.make_staff(store, role=Role.MANAGER).user)
    assert around(manager, store.pk).json()["fences"] == []
    assert around(manager, other.pk).status_code == 404
    owner = signed_in(cast.make_staff(store, role=Role.OWNER).user)
    assert [one["id"] for one in around(owner, store.pk).json()["fences"]] == [there.pk]


def test_cashiers_strangers_and_nobody_are_told_nothing(store: Store) -> None:
    stranger = cast.make_staff(cast.make_store(merchant_name="Bistro Bertil"), role=Role.OWNER).user
    assert around(signed_in(stranger), store.pk).status_code == 404
    assert around(signed_in(stranger), uuid4()).status_code == 404
    for client in (signed_in(cast.make_staff(store).user), Client()):
        assert around(client, store.pk).status_code == 302  # to the sign-in


def test_the_form_tells_its_map_where_the_fault_is(store: Store) -> None:
    owner = signed_in(cast.make_staff(store, role=Role.OWNER).user)
    geometry = json.dumps({"type": "Polygon", "coordinates": [BOW_TIE]})
    page = owner.post(reverse("admin:merchants_geofence_add"), fence_data(store, kind="polygon", geometry=geometry))
    fault = facts(page)["fault"]
    assert (fault["lat"], fault["lon"]) == pytest.approx((60.17, 24.9525))
    assert fault["text"].startswith("Self-intersection")
    assert fault["text"] in page.context["adminform"].form.errors["geometry"]


def test_one_form_s_fault_is_not_told_to_the_next(store: Store) -> None:
    owner = signed_in(cast.make_staff(store, role=Role.OWNER).user)
    address = reverse("admin:merchants_geofence_add")
    assert "fault" in facts(owner.post(address, fence_data(store, center_lat=61)))
    assert "fault" not in facts(owner.get(address))


def test_facts_stay_inside_their_attribute(store: Store) -> None:
    owner = signed_in(cast.make_staff(store, role=Role.OWNER).user)
    hostile = '"><img src=x onerror=alert(1)>'
    Store.objects.filter(pk=cast.make_store().pk).update(name=hostile)
    page = owner.get(reverse("admin:merchants_store_add"))
    assert "<img src=x" not in page.content.decode()
    assert hostile in [each["name"] for each in facts(page)["neighbours"]]


def test_a_new_store_s_map_shows_the_merchant_s_open_stores(store: Store) -> None:
    cast.make_store(merchant_name="Bistro Bertil")
    owner = signed_in(cast.make_staff(store, role=Role.OWNER).user)
    assert [each["name"] for each in facts(owner.get(reverse("admin:merchants_store_add")))["neighbours"]] == [
        store.name
    ]
    assert facts(owner.get(reverse("admin:merchants_store_change", args=[store.pk])))["neighbours"] == []


def test_who_may_only_look_gets_the_numbers_without_a_map(store: Store, operator: User) -> None:
    fence = cast.make_fence(store)
    editing.archive_fence(fence=fence)
    assert Geofence.objects.get().state == FenceState.ARCHIVED
    page = signed_in(operator).get(reverse("admin:merchants_geofence_change", args=[fence.pk])).content.decode()
    assert "data-facts" not in page
    assert "150" in page
    manager = signed_in(cast.make_staff(store, role=Role.MANAGER).user)
    page = manager.get(reverse("admin:merchants_store_change", args=[store.pk])).content.decode()
    assert "data-facts" not in page


def test_the_map_is_no_change_of_its_own(store: Store) -> None:
    fence = cast.make_fence(store)
    owner = signed_in(cast.make_staff(store, role=Role.OWNER).user)
    page = reverse("admin:merchants_geofence_change", args=[fence.pk])
    unchanged = fence_data(store, name=fence.name, radius_m=150)
    assert owner.post(page, unchanged).status_code == 302
    assert LogEntry.objects.get().get_change_message() == "No fields changed."
    assert owner.post(page, {**unchanged, "radius_m": 160}).status_code == 302
    assert LogEntry.objects.order_by("-pk")[0].get_change_message() == "Changed Radius (metres)."
