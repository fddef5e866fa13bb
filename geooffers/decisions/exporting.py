"""Why a shopper did, or did not, get an offer, and when they were last sent a message about one."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from geooffers.decisions.models import Decision, Interruption
from geooffers.decisions.reason_words import to_shopper
from geooffers.shoppers.privacy.data_export import Entry, Exporting, Sections
from merchants.models import Offer

MODELS = frozenset({Decision, Interruption})

_CHUNK = 500


def sections(of: Exporting) -> Sections:
    interruptions = Interruption.objects.filter(pk__in=of.shopper_ids, last_at__isnull=False).order_by("pk")
    return {
        "decisions": _read(of),
        "interruptions": ({"last_message_at": row.last_at} for row in interruptions),
    }


def count(of: Exporting) -> int:
    return int(_decisions(of).count())


def _decisions(of: Exporting) -> Any:
    decisions = Decision.objects.filter(shopper__in=of.shopper_ids).select_related("store__merchant")
    return decisions.order_by("at", "pk")


def _read(of: Exporting) -> Iterator[Entry]:
    """So many rows at a time, with the titles of the offers that they name."""
    left = _decisions(of).iterator(_CHUNK)
    while rows := list(islice(left, _CHUNK)):
        titles = titles_of(rows)
        for row in rows:
            yield _decision(row, titles)


def titles_of(rows: Iterable[Decision]) -> dict[str, str]:
    """By the id as the candidates have it. Offers are archived and never deleted, so each is there."""
    ids = {UUID(candidate["offer"]) for row in rows for candidate in row.candidates}
    return {str(offer_id): title for offer_id, title in Offer.objects.filter(pk__in=ids).values_list("pk", "title")}


def _decision(row: Decision, titles: Mapping[str, str]) -> Entry:
    return {
        "at": row.at,
        "visit_id": row.visit_id,
        "merchant": row.store.merchant.name,
        "store": row.store.name,
        "moment": row.moment,
        "outcome": row.outcome,
        "offer": titles.get(str(row.offer_id)),
        "coupon_id": row.coupon_id,
        "message": row.message or None,
        "policy": row.policy,
        "propensity": row.propensity,
        "candidates": [
            {
                "offer": titles.get(candidate["offer"], candidate["offer"]),
                "outcome": candidate["outcome"],
                "reason": candidate["reason"],
                "meaning": to_shopper(candidate["reason"]),
                "score": candidate["score"],
            }
            for candidate in row.candidates
        ],
        "candidates_left_out": row.left_out,
    }
