"""What the forms of geofences and exclusion zones refuse, at which field and why."""

import pytest
from django.test import Client

from merchants.models import ExclusionZone, FenceChange, FenceState, Geofence, Store
from tests import cast
from tests.integration.admin.forms import errors, page

pytestmark = pytest.mark.django_db
SQUARE = (
    '{"type":"Polygon","coordinates":[[[24.95,60.169],[24.954,60.169],[24.954,60.171],[24.95,60.171],[24.95,60.169]]]}'
)
BOW_TIE = (
    '{"type":"Polygon","coordinates":[[[24.95,60.169],[24.954,60.171],[24.954,60.169],[24.95,60.171],[24.95,60.169]]]}'
)


def fence_data(store: Store, **changed: object) -> dict[str, object]:
    data = {
        "store": str(store.pk),
        "name": "front door",
        "kind": "circle",
        "center_lat": "60.1695",
        "center_lon": "24.9525",
        "radius_m": "150",
        "geometry": "",
        "dwell_s": "300",
        "tuning": "walk_in",
    }
    return data | changed


def test_a_merchant_s_first_fence_waits_for_an_operator(owner: Client, operator: Client, store: Store) -> None:
    assert owner.post(page("geofence", "add"), fence_data(store)).status_code == 302
    fence = Geofence.objects.get()
    assert fence.state == FenceState.WAITING
    owner.post(page("geofence", "approve", fence.pk))
    fence.refresh_from_db()
    assert fence.state == FenceState.WAITING, "an owner does not approve"
    operator.post(page("geofence", "approve", fence.pk))
    fence.refresh_from_db()
    assert fence.state == FenceState.LIVE
    assert owner.post(page("geofence", "add"), fence_data(store, name="back door")).status_code == 302
    assert Geofence.objects.get(name="back door").state == FenceState.LIVE
    assert FenceChange.objects.count() == 3


def test_a_polygon_is_given_as_geojson_text(owner: Client, store: Store) -> None:
    typed = fence_data(store, kind="polygon", geometry=SQUARE, center_lat="", center_lon="", radius_m="")
    assert owner.post(page("geofence", "add"), typed).status_code == 302
    fence = Geofence.objects.get()
    assert (fence.kind, fence.center_lat, fence.geometry["type"]) == ("polygon", None, "Polygon")


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"radius_m": "49"}, "radius_m", "between 50 and 10,000 m"),
        ({"radius_m": "-5"}, "radius_m", "between 50"),
        ({"radius_m": "10000000"}, "radius_m", "between 50"),
        ({"radius_m": "NaN"}, "radius_m", "Enter a number"),
        ({"radius_m": ""}, "radius_m", "needed for a circle"),
        ({"center_lat": "139.7"}, "center_lat", "less than or equal to 90"),
        ({"center_lat": "24.9525", "center_lon": "60.1695"}, "center_lat", "swapped?"),
        ({"center_lat": "60.3"}, "center_lat", "km from the store"),
        ({"dwell_s": "5"}, "dwell_s", "greater than or equal to 30"),
        ({"kind": "blob"}, "kind", "valid choice"),
        ({"kind": "polygon", "geometry": ""}, "geometry", "needed for a polygon"),
        ({"kind": "polygon", "geometry": BOW_TIE}, "geometry", "Self-intersection"),
        ({"kind": "polygon", "geometry": "POLYGON((0 0,1 1,0 1,0 0))"}, "geometry", "WKT"),
        ({"kind": "polygon", "geometry": "[" * 30_000}, "geometry", "nested"),
        ({"kind": "polygon", "geometry": '{"type":"Point","coordinates":[24.95,60.17]}'}, "geometry", "Polygon or"),
        ({"kind": "polygon", "geometry": "{"}, "geometry", "not JSON"),
        ({"kind": "polygon", "geometry": SQUARE.replace("24.95", "NaN", 1)}, "geometry", ""),
        ({"kind": "polygon", "geometry": SQUARE.replace("60.", "48.")}, "geometry", "km from the store"),
    ],
)
def test_a_fence_is_refused_at_the_field_that_is_wrong(
    owner: Client, store: Store, changed: dict[str, object], field: str, says: str
) -> None:
    found = errors(owner.post(page("geofence", "add"), fence_data(store, **changed)))
    assert list(found) == [field]
    assert says in " ".join(found[field])
    assert not Geofence.objects.exists()
    assert not FenceChange.objects.exists()
    assert owner.post(page("geofence", "add"), fence_data(store)).status_code == 302, "refused for that reason alone"


def test_a_fence_over_a_place_where_nobody_is_tracked_names_the_rule_not_the_place(
    owner: Client, operator: Client, store: Store
) -> None:
    zone = {
        "name": "St Anna",
        "place_kind": "health",
        "rule": "No offers around hospitals",
        "kind": "circle",
        "center_lat": "60.1700",
        "center_lon": "24.9530",
        "radius_m": "100",
        "active": "on",
    }
    assert operator.post(page("exclusionzone", "add"), zone).status_code == 302
    assert ExclusionZone.objects.get().active
    found = errors(owner.post(page("geofence", "add"), fence_data(store)))
    text = " ".join(found["center_lat"])
    assert "No offers around hospitals" in text
    assert "Anna" not in text


def test_a_fence_of_a_neighbour_s_store_is_no_valid_choice(owner: Client) -> None:
    neighbour = cast.make_store(merchant_name="Bistro Bertil")
    found = errors(owner.post(page("geofence", "add"), fence_data(neighbour)))
    assert "not one of the available choices" in found["store"][0]


def test_an_archived_fence_leaves_the_merchant_s_list(owner: Client, store: Store) -> None:
    fence = cast.make_fence(store)
    assert owner.post(page("geofence", "archive", fence.pk), follow=True).status_code == 200
    fence.refresh_from_db()
    assert fence.state == FenceState.ARCHIVED
    assert owner.get(page("geofence", "change", fence.pk)).status_code == 404
