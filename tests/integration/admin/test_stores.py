"""What the form of a store refuses, at which field and why."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from merchants.models import FenceChange, Store
from tests import cast
from tests.integration.admin.forms import errors, page

pytestmark = pytest.mark.django_db


def store_data(**changed: object) -> dict[str, object]:
    data = {"name": "Aino 9", "address": "Katu 1", "time_zone": "Europe/Helsinki", "lat": "60.1", "lon": "24.9"}
    return data | changed


def test_an_owner_opens_a_store_of_their_own_merchant(owner: Client, store: Store) -> None:
    foreign = cast.make_store(merchant_name="Bistro Bertil").merchant
    assert owner.post(page("store", "add"), store_data(merchant=str(foreign.pk))).status_code == 302
    assert Store.objects.get(name="Aino 9").merchant == store.merchant


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"time_zone": "Mars/Base"}, "time_zone", "no such time zone"),
        ({"time_zone": "Factory"}, "time_zone", "no such time zone"),
        ({"time_zone": ""}, "time_zone", "required"),
        ({"lat": "91"}, "lat", "less than or equal to 90"),
        ({"lat": "nan"}, "lat", "Enter a number"),
        ({"lon": "181"}, "lon", "less than or equal to 180"),
        ({"lon": "Infinity"}, "lon", "Enter a number"),
        ({"name": "Café Aino 1"}, "name", "that name already"),
        ({"name": "\u200b"}, "name", "Nothing of this text"),
        ({"city": "!!!"}, "city", "not the name of a city"),
        ({"city": "12345"}, "city", "not the name of a city"),
        ({"city": "x" * 101}, "city", "at most 100"),
    ],
)
def test_a_store_is_refused_at_the_field_that_is_wrong(owner: Client, changed, field: str, says: str) -> None:
    found = errors(owner.post(page("store", "add"), store_data(**changed)))
    assert list(found) == [field]
    assert says in " ".join(found[field])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("EST5EDT", "America/New_York"), ("europe/helsinki", "Europe/Helsinki"), ("Europe/Amsterdam", "Europe/Amsterdam")],
)
def test_another_name_of_a_zone_is_kept_by_its_place(owner: Client, typed: str, kept: str) -> None:
    assert owner.post(page("store", "add"), store_data(time_zone=typed)).status_code == 302
    assert Store.objects.get(name="Aino 9").time_zone == kept


def test_a_city_is_kept_as_typed_and_found_by_what_is_alike_in_its_spellings(owner: Client) -> None:
    assert owner.post(page("store", "add"), store_data(city=" Saint-  Étienne ")).status_code == 302
    opened = Store.objects.get(name="Aino 9")
    assert (opened.city, opened.city_key) == ("Saint- Étienne", "saint etienne")
    assert owner.post(page("store", "change", opened.pk), store_data(city="")).status_code == 302
    opened.refresh_from_db()
    assert (opened.city, opened.city_key) == ("", "")


def test_a_city_without_what_it_is_found_by_is_not_stored(store: Store) -> None:
    store.city_key = ""
    with pytest.raises(IntegrityError, match="store_city_has_its_key"), transaction.atomic():
        store.save()


def test_archiving_a_store_silences_its_fences(owner: Client, store: Store) -> None:
    cast.make_fence(store)
    owner.post(page("store", "changelist"), {"action": "archive", "_selected_action": [str(store.pk)]})
    store.refresh_from_db()
    assert store.archived_at is not None
    assert FenceChange.objects.count() == 1
