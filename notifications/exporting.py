"""The messages that a shopper was sent, or is owed, and how they were delivered."""

from typing import Any

from geooffers.shoppers.privacy.data_export import Entry, Exporting, Sections
from notifications.models import Delivery, Message

MODELS = frozenset({Message, Delivery})

_CHUNK = 2_000


def sections(of: Exporting) -> Sections:
    deliveries = Delivery.objects.filter(message__shopper__in=of.shopper_ids).order_by("message__created_at", "pk")
    return {
        "messages": (_message(row) for row in _messages(of).iterator(_CHUNK)),
        "deliveries": (_delivery(row) for row in deliveries.iterator(_CHUNK)),
    }


def count(of: Exporting) -> int:
    return int(_messages(of).count())


def _messages(of: Exporting) -> Any:
    return Message.objects.filter(shopper__in=of.shopper_ids).order_by("created_at", "pk")


def _message(row: Message) -> Entry:
    return {
        "id": row.pk,
        "kind": row.kind,
        "about_coupon": row.subject,
        "title": row.title,
        "body": row.body,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
    }


def _delivery(row: Delivery) -> Entry:
    return {
        "id": row.pk,
        "message_id": row.message_id,
        "channel": row.channel,
        "device_id": row.device_id,
        "pass_serial": row.address or None,
        "state": row.state,
        "reason": row.reason,
        "attempts": row.attempts,
        "settled_at": row.settled_at,
    }
