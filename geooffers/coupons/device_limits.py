"""How many people may have an offer on one phone: a family shares a tablet, no thousand accounts share ten phones.

Each of them takes a seat, by offer, for four weeks. A person's second coupon of the offer needs no second seat, and an
anonymous shopper who signs in takes theirs along. There is no fingerprint: a phone is one installation of the app, and
neither it nor the people stand in the row, only their marks, HMACs under a key of these four weeks. When they are over
the rows go, and nothing ties one period to the next.

An installation that registers anew is another phone here. What makes that cost something is App Check
(docs/identity.md).
"""

import hmac
import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from geooffers.coupons.models import DeviceShare
from geooffers.sealing import configured
from geooffers.sealing.rings import Key
from geooffers.statements.compiled import Given, GivenList, Select
from geooffers.statements.inserts import insert_new

# A family of four, and one more: somebody begins a second account, a grandmother is visiting.
SEATS = 5
PERIOD = timedelta(days=28)
_MARK_BYTES = 16
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Marks:
    """A phone and its holder, in one period."""

    device: bytes
    shopper: bytes
    ends_at: datetime


def marks_of(*, device_id: UUID, shopper_id: UUID, now: datetime) -> Marks:
    newest, period = configured.ring().newest, _period(now)
    return Marks(
        device=_mark(newest, period, b"device", device_id),
        shopper=_mark(newest, period, b"shopper", shopper_id),
        ends_at=_BEGINNING + (period + 1) * PERIOD,
    )


def full_offers(*, marks: Marks, offer_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of which this phone has no seat left for this person. Read without a lock: `take_seat` decides."""
    if not offer_ids:
        return frozenset()
    taken: dict[UUID, set[bytes]] = {}
    for offer_id, shopper in _TAKEN.rows(len(offer_ids), device=marks.device, offers=list(offer_ids)):
        taken.setdefault(offer_id, set()).add(bytes(shopper))
    return frozenset(
        offer_id for offer_id, people in taken.items() if marks.shopper not in people and len(people) >= SEATS
    )


def _taken(count: int) -> QuerySet[DeviceShare, Any]:
    device = Given("device", DeviceShare._meta.get_field("device_mark"))
    offers = GivenList("offers", DeviceShare.offer.field, count=count)
    return DeviceShare.objects.filter(device_mark=device, offer__in=offers).values_list("offer_id", "shopper_mark")


_TAKEN = Select(_taken)


def take_seat(*, marks: Marks, offer_id: UUID) -> bool:
    """False when others have them all. Each seat is one row, so a constraint says who was first.

    All of them are asked for in one statement, by number: the first that is free becomes a row. After that one the
    others are refused, because nobody sits twice. Of two who want the same one gets it; the other waits, and gets the
    next.
    """
    seats = [
        DeviceShare(
            device_mark=marks.device,
            shopper_mark=marks.shopper,
            offer_id=offer_id,
            seat=seat,
            ends_at=marks.ends_at,
        )
        for seat in range(1, SEATS + 1)
    ]
    if insert_new(seats):
        return True
    return DeviceShare.objects.filter(device_mark=marks.device, offer=offer_id, shopper_mark=marks.shopper).exists()


def move_to_account(*, device_id: UUID, anonymous_id: UUID, account_id: UUID, now: datetime) -> None:
    """At sign-in: the anonymous shopper was this person all along. Where the account sits already, both seats stay."""
    before = marks_of(device_id=device_id, shopper_id=anonymous_id, now=now)
    after = marks_of(device_id=device_id, shopper_id=account_id, now=now)
    theirs = DeviceShare.objects.filter(device_mark=before.device, shopper_mark=after.shopper).values("offer")
    moving = DeviceShare.objects.filter(device_mark=before.device, shopper_mark=before.shopper)
    moving.exclude(offer__in=list(theirs.values_list("offer", flat=True))).update(shopper_mark=after.shopper)


def forget(*, shopper_id: UUID, now: datetime) -> int:
    """Erased: their seats stay taken, and lead to nobody. Were they freed, an account that was erased would be one
    that may be made again, and again."""
    # Under whichever key they sat down.
    marks = [_mark(key, _period(now), b"shopper", shopper_id) for key in configured.ring().keys]
    return sum(
        DeviceShare.objects.filter(shopper_mark=mark).update(shopper_mark=os.urandom(_MARK_BYTES)) for mark in marks
    )


def _period(now: datetime) -> int:
    return (now - _BEGINNING) // PERIOD


def _mark(key: Key, period: int, what: bytes, of: UUID) -> bytes:
    derived = hmac.digest(key.secret, b"geooffers device shares %d" % period, "sha256")
    return hmac.digest(derived, what + of.bytes, "sha256")[:_MARK_BYTES]
