"""No model that leads to a person is forgotten by the erasure: a new one fails here until somebody has decided."""

from typing import Any

from django.apps import apps
from django.db.models import ForeignKey, Model, UUIDField

from geooffers.callers import erasing as of_callers
from geooffers.coupons import erasing as of_coupons
from geooffers.coupons.models import Coupon
from geooffers.decisions import erasing as of_decisions
from geooffers.events import erasing as of_events
from geooffers.redemptions import erasing as of_redemptions
from geooffers.redemptions.models import Redemption
from geooffers.shoppers.models import ConsentReceipt, Device, Shopper
from geooffers.shoppers.privacy import erasing as of_shoppers
from geooffers.visits import erasing as of_visits
from geooffers.visits.models import Visit
from merchants.models import Offer, Store
from notifications import erasing as of_notifications
from notifications.models import Message

ROOMS = (of_shoppers, of_visits, of_coupons, of_redemptions, of_decisions, of_notifications, of_events, of_callers)
ERASED = frozenset().union(*(room.MODELS for room in ROOMS))


# Ids that stand in a column without a foreign key, and what they lead to.
PLAIN_IDS: dict[str, type[Model] | None] = {
    "ledger.LedgerEntry.owner": Offer,
    "ledger.LedgerEntry.subject": Coupon,
    "ledger.LedgerEntry.cause": Redemption,
    "events.Event.shopper_id": Shopper,
    "events.Event.visit_id": Visit,
    "events.Event.coupon_id": Coupon,
    "events.Event.offer_id": Offer,
    "events.Event.store_id": Store,
    "events.Event.message_id": Message,
    "shoppers.Tombstone.request_id": None,  # an audit row that names nobody
    "merchants.Geofence.public_id": None,  # the fence's own
}


def leads_to(field: Any) -> type[Model] | None:
    if isinstance(field, ForeignKey):
        return field.related_model
    return PLAIN_IDS.get(str(field))


def leads_to_a_person() -> set[type[Model]]:
    """Every model with a chain of foreign keys, or of plain ids, that ends at Shopper."""
    found: set[type[Model]] = {Shopper}
    while True:
        more = {
            model
            for model in apps.get_models(include_auto_created=True)
            if model not in found and any(leads_to(field) in found for field in model._meta.fields)
        }
        if not more:
            return found
        found |= more


def test_of_every_plain_id_somebody_has_said_what_it_leads_to() -> None:
    """Those of models that lead to a person anyway need not be told."""
    plain = {
        str(field)
        for model in set(apps.get_models()) - leads_to_a_person()
        for field in model._meta.fields
        if isinstance(field, UUIDField) and not field.primary_key
    }
    assert plain - PLAIN_IDS.keys() == set(), "say in PLAIN_IDS what it leads to; None: to nobody"


def test_every_model_that_leads_to_a_person_is_erased() -> None:
    missing = {model._meta.label for model in leads_to_a_person() - ERASED}
    assert missing == set(), "name them in the erasing.py of their app, and erase them there"


def test_the_search_for_paths_follows_them_over_several_rows() -> None:
    labels = {model._meta.label for model in leads_to_a_person()}
    assert {"shoppers.Device", "visits.Presence", "ledger.LedgerEntry", "notifications.Delivery"} <= labels
    assert not any(label.startswith("merchants.") for label in labels)


def test_every_field_of_a_receipt_is_kept_on_purpose_or_emptied() -> None:
    emptied = {"shopper", "device", "source", "app_version", "locale"}
    fields = {field.name for field in ConsentReceipt._meta.fields}
    assert fields == of_shoppers.LEFT_OF_A_RECEIPT | emptied


def test_every_field_of_a_shopper_is_kept_on_purpose_or_emptied() -> None:
    """Until the round comes by, the row stands there with nothing in it."""
    emptied = {"firebase_uid", "language", "ledger_key", "age", "jurisdiction", "paused_from", "paused_until"}
    kept = {"id", "created_at", "ended_at", "merged_into", "erasure"}
    assert {field.name for field in Shopper._meta.fields} == emptied | kept
    assert Device in ERASED
