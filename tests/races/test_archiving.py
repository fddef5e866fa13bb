"""A merchant is put away while somebody puts away one of their stores."""

from collections.abc import Callable

import pytest
from django.db import OperationalError, transaction

from merchants.fences import editing
from merchants.models import FenceChange, Store
from merchants.shops import shops
from tests.cast import NOON, make_fence, make_store
from tests.races.together import Another

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]


def store_and_merchant_at_once(stores: list[Store], archive_merchant: Callable[[], None]) -> None:
    """The last store's row is written, then the merchant comes by, then the store's fences are numbered."""
    with transaction.atomic():
        Store.objects.filter(pk=stores[-1].pk).update(archived_at=NOON)
        other = Another(archive_merchant)
        other.wait_until_waiting()
        editing.store_changed(store=stores[-1])
    other.result()


@pytest.fixture
def stores() -> list[Store]:
    stores = [make_store() for _ in range(3)]
    for store in stores:
        make_fence(store)
    return sorted(stores, key=lambda store: store.pk)


def test_a_store_and_its_merchant_are_archived_at_once(stores: list[Store]) -> None:
    store_and_merchant_at_once(stores, lambda: shops.archive_merchant(merchant=stores[0].merchant, now=NOON))
    assert not Store.objects.filter(archived_at=None).exists()
    # Every fence once: the store that was put away meanwhile is not put away again.
    assert FenceChange.objects.count() == len(stores)


def test_stores_archived_one_after_the_other_wait_in_a_circle(stores: list[Store]) -> None:
    """The twin: the first store's fences are numbered, which holds the counter, before the last store is locked."""

    def archive_merchant() -> None:
        with transaction.atomic():
            for store in stores:
                shops.archive_store(store=store, now=NOON)

    with pytest.raises(OperationalError, match="deadlock"):
        store_and_merchant_at_once(stores, archive_merchant)
