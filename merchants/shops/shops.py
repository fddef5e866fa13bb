"""Putting stores and merchants away. Nothing is deleted: what people redeemed there stays on the books."""

from datetime import datetime

from django.db import transaction

from merchants.fences import editing
from merchants.models import Merchant, Store


def archive_store(*, store: Store, now: datetime) -> None:
    """Its fences leave the index, nothing is issued or redeemed there. Harmless to repeat."""
    with transaction.atomic():
        if Store.objects.filter(pk=store.pk, archived_at=None).update(archived_at=now):
            editing.store_changed(store=store)
    store.refresh_from_db(fields=["archived_at"])


def archive_merchant(*, merchant: Merchant, now: datetime) -> None:
    """Its stores go with it, and its people and keys are refused."""
    with transaction.atomic():
        Merchant.objects.filter(pk=merchant.pk, archived_at=None).update(archived_at=now)
        leaving = list(merchant.stores.filter(archived_at=None).order_by("pk").select_for_update())
        Store.objects.filter(pk__in=[store.pk for store in leaving]).update(archived_at=now)
        # After the last store: numbering a change takes a lock that everybody who edits a fence waits for.
        for store in leaving:
            editing.store_changed(store=store)
    merchant.refresh_from_db(fields=["archived_at"])
