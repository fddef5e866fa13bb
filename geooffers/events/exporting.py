"""A shopper's events, for the shopper. Below the rooms that know shoppers, so the shopper comes as plain ids."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from uuid import UUID

from geooffers.events.models import Event

MODELS = frozenset({Event})

_CHUNK = 2_000


class Whose(Protocol):
    @property
    def shopper_ids(self) -> tuple[UUID, ...]: ...


def sections(of: Whose) -> Mapping[str, Iterator[dict[str, Any]]]:
    return {"events": (_event(row) for row in _events(of).iterator(_CHUNK))}


def count(of: Whose) -> int:
    return int(_events(of).count())


def _events(of: Whose) -> Any:
    return Event.objects.filter(shopper_id__in=of.shopper_ids).order_by("pk")


def _event(row: Event) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "at": row.at,
        "visit_id": row.visit_id,
        "coupon_id": row.coupon_id,
        "offer_id": row.offer_id,
        "store_id": row.store_id,
        "message_id": row.message_id,
    }
