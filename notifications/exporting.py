"""The messages that a shopper was sent, or is owed."""

from typing import Any

from geooffers.shoppers.privacy.data_export import Entry, Exporting, Sections
from notifications.models import Push

MODELS = frozenset({Push})


def sections(of: Exporting) -> Sections:
    return {"pushes": (_push(row) for row in _pushes(of).iterator(chunk_size=2000))}


def count(of: Exporting) -> int:
    return int(_pushes(of).count())


def _pushes(of: Exporting) -> Any:
    return Push.objects.filter(shopper__in=of.shopper_ids).order_by("created_at", "pk")


def _push(row: Push) -> Entry:
    return {
        "id": row.pk,
        "device_id": row.device_id,
        "kind": row.kind,
        "about_coupon": row.subject,
        "title": row.title,
        "body": row.body,
        "state": row.state,
        "reason": row.reason,
        "attempts": row.attempts,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "settled_at": row.settled_at,
    }
