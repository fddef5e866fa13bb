"""Issuing a coupon, and taking back what expired unused.

Locks are taken in the order of docs/locking.md: coupon, then the shopper's count, then the offer's budget.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from geooffers.coupons import counting, device_limits, keyring, ledger, telling
from geooffers.coupons.eligibility import Reason
from geooffers.coupons.models import Coupon, CouponState, Movement
from geooffers.shoppers.models import Shopper
from geooffers.visits.models import Visit
from merchants.models import Offer
from merchants.offers import budgets


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One offer for one visit."""

    visit: Visit
    offer: Offer


class CannotIssue(Exception):
    """Somebody was faster: what could be had a moment ago is gone. Nothing was issued."""

    reason: ClassVar[Reason]

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(f"{self.reason} of {wanted.offer.pk}")
        self.wanted = wanted


class ShopperLimitReached(CannotIssue):
    """The shopper has had as many coupons of this offer as they may."""

    reason = Reason.SHOPPER_LIMIT


class DeviceLimitReached(CannotIssue):
    """As many others as may have had this offer on this phone."""

    reason = Reason.DEVICE_LIMIT


class CapReached(CannotIssue):
    """No place is left in the offer's budget."""

    reason = Reason.CAP_REACHED


def issue_coupon(*, shopper: Shopper, visit: Visit, offer: Offer, now: datetime) -> Coupon:
    with transaction.atomic():
        return issue_all(shopper=shopper, wanted=[Wanted(visit=visit, offer=offer)], now=now)[0]


def issue_all(
    *, shopper: Shopper, wanted: Sequence[Wanted], now: datetime, marks: device_limits.Marks | None = None
) -> list[Coupon]:
    """A coupon for each visit, in the order they were asked for; all of them, or none and CannotIssue.

    A report may begin two visits at once. Issued one after the other, it would hold the first offer's budget while
    it waits for the second's, and another report the other way round: so first every coupon, then every count, every
    seat, every budget, each in the order of the offers' ids. A failure rolls back to the savepoint, which lets go of
    the locks too, and the caller may ask for less. The budgets come last because everybody wants them.

    In the caller's transaction. At most one per visit and offer: the caller holds the lock of the visit, and a
    constraint says it again.
    """
    in_order = sorted(wanted, key=lambda each: (each.offer.pk, each.visit.pk))
    with transaction.atomic():
        coupons = {
            (each.visit.pk, each.offer.pk): _write_coupon(shopper=shopper, wanted=each, now=now) for each in in_order
        }
        for each in in_order:
            limit = each.offer.per_shopper_limit
            if not counting.count_one(shopper_id=shopper.pk, offer_id=each.offer.pk, limit=limit):
                raise ShopperLimitReached(each)
        for each in in_order:
            if marks is not None and not device_limits.take_seat(marks=marks, offer_id=each.offer.pk):
                raise DeviceLimitReached(each)
        for each in in_order:
            if not budgets.reserve(offer_id=each.offer.pk):
                raise CapReached(each)
    telling.issued(coupons.values())  # after the savepoint: what that rolls back has not happened
    return [coupons[each.visit.pk, each.offer.pk] for each in wanted]


def _write_coupon(*, shopper: Shopper, wanted: Wanted, now: datetime) -> Coupon:
    """The coupon, as the offer reads now, and its first ledger entry."""
    offer = wanted.offer
    ring = keyring.ring()
    coupon = Coupon(
        id=_free_id(),
        shopper=shopper,
        visit=wanted.visit,
        offer=offer,
        title=offer.title,
        text=offer.text,
        terms=offer.terms,
        discount_kind=offer.discount_kind,
        discount_value=offer.discount_value,
        currency=offer.currency,
        code_key_id=ring.newest_id,
        issued_at=now,
        expires_at=min(now + timedelta(seconds=offer.coupon_lifetime_s), offer.ends_at),
    )
    coupon.code_lookup = keyring.code_of(coupon).digest
    coupon.save(force_insert=True)
    pseudonym = ledger.pseudonym_of(shopper=shopper, merchant_id=offer.merchant_id)
    ledger.write_reserved(coupon=coupon, pseudonym=pseudonym)
    return coupon


def expire_due(*, now: datetime, limit: int = 500) -> int:
    """Close coupons whose time is over: the place returns to the budget, the shopper may have another.

    A coupon that a till is just redeeming is locked and skipped; the next round finds it redeemed. Returns how many
    were closed; call again while it is `limit`.
    """
    with transaction.atomic():
        due = list(
            Coupon.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(state=CouponState.OPEN, expires_at__lte=now)
            .order_by("expires_at", "pk")
            .only("pk", "offer", "shopper", "expires_at")[:limit]
        )
        if not due:
            return 0
        Coupon.objects.filter(pk__in=[coupon.pk for coupon in due]).update(state=CouponState.EXPIRED)
        ledger.write(coupons=due, movement=Movement.RELEASED, at=now)
        counting.give_back(held=Counter((one.offer_id, one.shopper_id) for one in due if one.shopper_id))
        for offer_id, count in sorted(Counter(one.offer_id for one in due).items()):
            budgets.release(offer_id=offer_id, count=count)
        telling.expired(due, at=now)
    return len(due)


def _free_id() -> UUID:
    """An id whose code is nobody else's.

    Two of a million coupons share 60 bits once in two million installations, but then a till would not know whose
    coupon it holds. The unique lookup stands behind this for the two that are issued at the same moment.
    """
    while True:
        coupon_id = uuid7()
        code = keyring.ring().code_for(coupon_id=coupon_id, key_id=keyring.ring().newest_id)
        if not Coupon.objects.filter(code_lookup=code.digest).exists():
            return coupon_id
