"""A shopper is erased. docs/erasure.md draws this walk; update that page too.

1. One transaction, locks in the house's order: devices, shopper, consents, interruption, device states, visits,
   coupons, budgets, messages. Every writer about the shopper (a report, a claim, a till, a sign-in) takes one of
   these locks as well. So it commits before this transaction, and its rows are erased with the rest, or it comes after
   it and finds no shopper.
2. What is live goes: phones, tokens, presence, open coupons, what was owed. The pseudonym loses its key.
3. The tombstone is written outside the database, and fsynced. From here on the erasure binds, whatever becomes of us.
4. Commit, answer. `finish_erasures` takes the record of visits and decisions within a day.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from geooffers.callers import erasing as callers_erasing
from geooffers.coupons import erasing as coupons_erasing
from geooffers.decisions import erasing as decisions_erasing
from geooffers.events import erasing as events_erasing
from geooffers.shoppers.identity import devices, tokens
from geooffers.shoppers.models import DataRequest, DataRequestKind, Device
from geooffers.shoppers.privacy import erasing, tombstones
from geooffers.shoppers.privacy.erasing import Erasing
from geooffers.shoppers.privacy.tombstone_file import TombstoneLine
from geooffers.usecases.passes import update_pass
from geooffers.visits import erasing as visits_erasing
from notifications import erasing as notifications_erasing

ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class ErasureDone:
    request_id: UUID
    at: datetime


def erase_shopper(*, device_id: UUID, shown_hash: bytes, now: datetime) -> ErasureDone:
    """Erase the holder of the device. Raises `tombstones.Erased` when another request was faster."""
    for attempt in range(1, ATTEMPTS + 1):
        device = Device.objects.filter(pk=device_id).first()
        if device is None:
            raise tombstones.Erased
        if bytes(device.token_hash) != shown_hash:
            # Signed in meanwhile, perhaps to somebody else's account: that one did not ask.
            raise tokens.TokenReplaced
        if device.retired_at is not None:
            # Revoked meanwhile, by another phone of the shopper: this one may be in other hands.
            raise devices.ChangedHands
        try:
            with transaction.atomic():
                of = erasing.lock(shopper_id=device.shopper_id, now=now)
                if of is None:
                    raise tombstones.Erased
                if not Device.objects.filter(pk=device_id, token_hash=shown_hash, retired_at=None).exists():
                    raise erasing.Moved
                return _erase(of=of)
        except erasing.Moved:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("not reached")


def erase_again(*, shopper_id: UUID, line: TombstoneLine, now: datetime) -> bool:
    """What a tombstone says and this database does not know of. False: it does by now."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                of = erasing.lock(shopper_id=shopper_id, now=now)
                if of is None:
                    return False
                _empty(of=of, request=_request_of(line))
                return True
        except erasing.Moved:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("not reached")


def erase_phones_again(*, device_ids: Iterable[UUID], line: TombstoneLine, now: datetime) -> None:
    """Phones of an erased shopper that were somebody else's when the backup was made. That holder
    keeps their data, and the phone has no holder any more."""
    with transaction.atomic():
        _empty(of=erasing.lock_phones(device_ids=device_ids, now=now), request=_request_of(line))


def _request_of(line: TombstoneLine) -> DataRequest:
    request, _ = DataRequest.objects.get_or_create(
        pk=line.request_id,
        defaults={"kind": DataRequestKind.ERASURE, "asked_at": line.at, "done_at": line.at, "from_file": True},
    )
    return request


def _erase(*, of: Erasing) -> ErasureDone:
    request = DataRequest.objects.create(pk=uuid4(), kind=DataRequestKind.ERASURE, asked_at=of.now)
    _empty(of=of, request=request)
    line = tombstones.line_of(
        request_id=request.pk, at=of.now, shopper_ids=of.shopper_ids, token_hashes=of.token_hashes
    )
    # Last: should anything before it fail, nobody was promised anything.
    tombstones.keep(line)
    return ErasureDone(request_id=request.pk, at=of.now)


def _empty(*, of: Erasing, request: DataRequest) -> None:
    counts = Counter(decisions_erasing.erase_now(of=of))
    counts.update(visits_erasing.erase_now(of=of))
    coupons = coupons_erasing.erase_now(of=of)
    counts.update(coupons.counts)
    counts.update(notifications_erasing.erase_now(of=of))
    for coupon_id, serial in sorted(coupons.held_by_google.items()):
        update_pass.owe_void(coupon_id=coupon_id, serial=serial, now=of.now)
    # After all that appends about these shoppers: what came before us is there to be found, and nothing comes after.
    counts.update(events_erasing.erase_now(shopper_ids=of.shopper_ids))
    counts.update(callers_erasing.erase_traces(of.device_ids))
    counts.update(erasing.erase_now(of=of, request=request))
    erasing.add_counts(request=request, counts=counts)
