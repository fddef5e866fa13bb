"""The form of a merchant."""

import pytest
from django.test import Client

from merchants.models import FenceChange, Merchant, Store
from tests import cast
from tests.integration.admin.forms import errors, page

pytestmark = pytest.mark.django_db


def test_an_owner_chooses_the_colour_but_neither_renames_nor_archives_the_merchant(owner: Client, store: Store) -> None:
    merchant = store.merchant
    address = page("merchant", "change", merchant.pk)
    assert owner.post(address, {"name": "Bistro Bertil", "colour": "#00aa11"}).status_code == 302
    owner.post(page("merchant", "changelist"), {"action": "archive", "_selected_action": [str(merchant.pk)]})
    merchant.refresh_from_db()
    assert (merchant.name, merchant.colour, merchant.archived_at) == ("Café Aino", "#00aa11", None)
    assert "six digits" in errors(owner.post(address, {"colour": "red"}))["colour"][0]


def test_an_operator_makes_merchants_and_archives_them_with_their_stores(operator: Client, store: Store) -> None:
    fence = cast.make_fence(store)
    assert (
        operator.post(
            page("merchant", "add"), {"name": "Bistro Bertil", "trade": "other", "colour": "#00aa11"}
        ).status_code
        == 302
    )
    operator.post(page("merchant", "changelist"), {"action": "archive", "_selected_action": [str(store.merchant_id)]})
    store.refresh_from_db()
    assert store.archived_at is not None
    assert FenceChange.objects.get().index_id == fence.pk
    assert Merchant.objects.get(archived_at=None).name == "Bistro Bertil"
