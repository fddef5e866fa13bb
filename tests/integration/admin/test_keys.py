"""API keys: made in a form, shown once."""

import re

import pytest
from django.test import Client

from merchants.models import ApiKey, Store
from merchants.people import keys
from tests.integration.admin.forms import errors, page

pytestmark = pytest.mark.django_db


def test_a_key_is_shown_once_and_works(owner: Client, store: Store) -> None:
    typed = {"name": "till 1", "store": str(store.pk), "scopes": [keys.COUPONS_REDEEM]}
    answer = owner.post(page("apikey", "add"), typed)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    shown = re.search(r"gok_[0-9a-f]{8}_[\w-]{43}", answer.content.decode())[0]
    row = ApiKey.objects.get()
    assert keys.find_usable(key=shown) == row
    for address in (page("apikey", "changelist"), page("apikey", "change", row.pk), page("apikey", "history", row.pk)):
        assert shown not in owner.get(address).content.decode()
    owner.post(page("apikey", "revoke", row.pk))
    assert keys.find_usable(key=shown) is None


@pytest.mark.parametrize("scopes", [[], ["coupons:mint"]])
def test_a_key_needs_a_known_scope(owner: Client, store: Store, scopes: list[str]) -> None:
    found = errors(owner.post(page("apikey", "add"), {"name": "till", "store": str(store.pk), "scopes": scopes}))
    assert list(found) == ["scopes"]
