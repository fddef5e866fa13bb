"""Exclusion zones in the operators' admin: drawn, with what the law adds, and uploaded."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from merchants.models import ExclusionZone, FenceState, Geofence, Merchant, Store, Trade, ZoneImport
from tests import cast
from tests.integration.admin.forms import errors, page
from tests.integration.merchants.test_zone_imports import collection, feature

pytestmark = pytest.mark.django_db


def drawn(**changes: str) -> dict[str, str]:
    return {
        "name": "St Anna",
        "place_kind": "health",
        "jurisdiction": "us-wa",
        "rule": "",
        "kind": "circle",
        "center_lat": "47.6",
        "center_lon": "-122.3",
        "radius_m": "100",
        "active": "on",
        **changes,
    }


def test_a_drawn_zone_gets_the_law_s_buffer_and_words(operator: Client) -> None:
    assert operator.post(page("exclusionzone", "add"), drawn()).status_code == 302
    zone = ExclusionZone.objects.get()
    assert (zone.jurisdiction, zone.buffer_m, zone.radius_m) == ("US-WA", 609.6, 100)
    assert "RCW 19.373.080" in zone.rule
    assert "609.6" in operator.get(page("exclusionzone", "change", zone.pk)).content.decode()


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"jurisdiction": "US-WX"}, "jurisdiction", "no such place in ISO 3166"),
        ({"jurisdiction": "Washington"}, "jurisdiction", "at most 6"),
        ({"jurisdiction": "FI"}, "rule", "say why yourself"),
        ({"jurisdiction": "", "place_kind": "other"}, "rule", "say why yourself"),
        ({"place_kind": "casino"}, "place_kind", "not one of the available choices"),
        ({"radius_m": "1"}, "radius_m", "between 50 and"),
    ],
)
def test_a_zone_is_refused_at_the_field_that_is_wrong(
    operator: Client, changes: dict[str, str], field: str, says: str
) -> None:
    found = errors(operator.post(page("exclusionzone", "add"), drawn(**changes)))
    assert says in " ".join(found[field])
    assert not ExclusionZone.objects.exists()


def upload(client: Client, content: bytes, **changes: Any) -> Any:
    data = {"source": "hospitals", "place_kind": "health", "jurisdiction": "US-WA", "rule": "", "point_radius_m": ""}
    given = SimpleUploadedFile("hospitals.geojson", content)
    return client.post(page("zoneimport", "add"), {**data, "file": given, **changes}, follow=True)


def test_an_uploaded_file_is_the_next_version_of_its_source(operator: Client) -> None:
    answer = upload(operator, collection(feature(1), feature(2)))
    assert "2 zones, 2 new, 0 gone." in answer.content.decode()
    made = ZoneImport.objects.get()
    assert (made.version, made.file_name) == (1, "hospitals.geojson")
    assert made.imported_by is not None
    assert made.imported_by.username == "operator"
    shown = operator.get(page("zoneimport", "change", made.pk)).content.decode()
    assert made.file_sha256 in shown
    zone = ExclusionZone.objects.first()
    assert zone is not None
    assert "hospitals v1" in operator.get(page("exclusionzone", "change", zone.pk)).content.decode()
    assert operator.post(page("exclusionzone", "change", zone.pk), drawn()).status_code == 403
    assert operator.get(page("exclusionzone", "changelist") + "?source=hospitals").context["cl"].result_count == 2


def test_an_upload_that_lost_zones_asks_whether_that_is_meant(operator: Client) -> None:
    upload(operator, collection(feature(1), feature(2)))
    found = errors(upload(operator, collection(feature(1))))
    assert "1 of 2 zones of this source are not in the file." in found["may_shrink"][0]
    assert "1 gone." in upload(operator, collection(feature(1)), may_shrink="on").content.decode()
    found = errors(upload(operator, collection(feature(1))))
    assert "holds the same zones" in found["file"][0]


def test_an_upload_says_how_many_live_fences_wait_now(operator: Client) -> None:
    fence = cast.make_fence(cast.make_store(lat=47.6562, lon=-122.3321))
    answer = upload(operator, collection(feature(1)))
    assert "1 live fences lie under new zones and wait for an operator now." in answer.content.decode()
    fence.refresh_from_db()
    assert fence.state == FenceState.WAITING
    refused = operator.post(page("geofence", "approve", fence.pk), follow=True)
    assert "Nobody is tracked in a part of this area: Washington, RCW" in refused.content.decode()
    assert Geofence.objects.get().state == FenceState.WAITING


@pytest.mark.parametrize(
    ("content", "changes", "field", "says"),
    [
        (b"PK\x03\x04", {}, "file", "This is no GeoJSON"),
        (collection(7, 8), {}, "file", "Feature 2: this is no Feature"),
        (collection(feature(1)), {"jurisdiction": "US-WX"}, "jurisdiction", "no such place"),
        (collection(feature(1)), {"jurisdiction": "FI"}, "rule", "say why yourself"),
        (collection(feature(1)), {"source": "St Anna!"}, "source", "valid “slug”"),
        (collection(feature(1)) + b" " * 5_000_000, {}, "file", "use the command"),
    ],
)
def test_an_upload_is_refused_at_the_field_that_is_wrong(
    operator: Client, content: bytes, changes: dict[str, str], field: str, says: str
) -> None:
    found = errors(upload(operator, content, **changes))
    assert says in " ".join(found[field])
    assert not ZoneImport.objects.exists()


@pytest.mark.parametrize("model", ["zoneimport", "exclusionzone"])
def test_merchants_find_neither(owner: Client, model: str) -> None:
    assert owner.get(page(model, "changelist")).status_code == 403
    assert owner.get(page(model, "add")).status_code == 403


def test_only_an_operator_says_what_a_merchant_trades_in(operator: Client, owner: Client, store: Store) -> None:
    address = page("merchant", "change", store.merchant_id)
    data = {"name": store.merchant.name, "colour": "#2456d6", "trade": "health"}
    owner.post(address, data)
    assert Merchant.objects.get().trade == Trade.OTHER
    assert operator.post(address, data).status_code == 302
    assert Merchant.objects.get().trade == Trade.HEALTH


def test_a_store_says_whose_law_holds_there(owner: Client, store: Store) -> None:
    data = {"name": "x", "address": "y", "time_zone": "America/New_York", "lat": "40.75", "lon": "-73.98"}
    found = errors(owner.post(page("store", "change", store.pk), data | {"jurisdiction": "NY"}))
    assert "no such place in ISO 3166" in found["jurisdiction"][0]
    assert owner.post(page("store", "change", store.pk), data | {"jurisdiction": "us-ny"}).status_code == 302
    store.refresh_from_db()
    assert store.jurisdiction == "US-NY"
