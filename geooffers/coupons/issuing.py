"""Issuing a coupon, and taking back what expired unused.

Locks are taken in the order of docs/locking.md: coupon, then the shopper's count, then the offer's budget.
"""

from collections import Counter
from datetime import datetime

from django.db import transaction
from uuid_utils.compat import uuid7

from geooffers.coupons import accounting, counting, device_limits, keyring, telling
from geooffers.coupons.models import Coupon, CouponState
from geooffers.sealing import configured
from geooffers.shoppers.models import Shopper
from geooffers.statements.inserts import insert_new
from geooffers.visits.models import Visit
from merchants.models import Offer
from merchants.offers import budgets


class CannotIssue(Exception):
    """Somebody was faster: what could be had a moment ago is gone. Nothing was issued."""


class ShopperLimitReached(CannotIssue):
    """The shopper has had as many coupons of this offer as they may."""


class DeviceLimitReached(CannotIssue):
    """As many others as may have had this offer on this phone."""


class CapReached(CannotIssue):
    """No place is left in the offer's budget."""


def issue_coupon(
    *, shopper: Shopper, visit: Visit, offer: Offer, now: datetime, marks: device_limits.Marks | None = None
) -> Coupon:
    """A coupon of the offer for the visit, or CannotIssue. `marks`: of the phone, whose people share.

    A failure rolls back to the savepoint, which lets go of the locks too, and the caller may ask for another offer.
    The budget comes last because everybody wants it.

    In the caller's transaction. At most one per visit and offer: the caller holds the lock of the visit, and a
    constraint says it again.
    """
    with transaction.atomic():
        coupon = _write_coupon(shopper=shopper, visit=visit, offer=offer, now=now)
        accounting.write_issued(coupons=[coupon], shopper=shopper)
        if not counting.count_one(shopper_id=shopper.pk, offer_id=offer.pk, limit=offer.per_shopper_limit):
            raise ShopperLimitReached
        if marks is not None and not device_limits.take_seat(marks=marks, offer_id=offer.pk):
            raise DeviceLimitReached
        if not budgets.reserve(offer_id=offer.pk):
            raise CapReached
    telling.issued([coupon])  # after the savepoint: what that rolls back has not happened
    return coupon


def _write_coupon(*, shopper: Shopper, visit: Visit, offer: Offer, now: datetime) -> Coupon:
    """The coupon, as the offer reads now, under an id whose code is nobody else's.

    Two of a million coupons share 60 bits once in two million installations, but then a till would not know whose
    coupon it holds.
    """
    coupon = _made(shopper=shopper, visit=visit, offer=offer, now=now)
    while _is_under_an_older_key(coupon) or not insert_new([coupon]):
        if not Coupon.objects.filter(code_lookup=coupon.code_lookup).exists():
            # It is no code that stands in the way: the constraint that does says so.
            coupon.save(force_insert=True)
            break
        coupon = _made(shopper=shopper, visit=visit, offer=offer, now=now)
    return coupon


def _made(*, shopper: Shopper, visit: Visit, offer: Offer, now: datetime) -> Coupon:
    ring = keyring.ring()
    coupon = Coupon(
        id=uuid7(),
        shopper=shopper,
        visit=visit,
        offer=offer,
        title=offer.title,
        text=offer.text,
        terms=offer.terms,
        discount_kind=offer.discount_kind,
        discount_value=offer.discount_value,
        currency=offer.currency,
        code_key_id=ring.newest_id,
        issued_at=now,
        expires_at=offer.coupon_expires_at(issued_at=now),
    )
    coupon.code_lookup = keyring.code_of(coupon).digest
    return coupon


def _is_under_an_older_key(coupon: Coupon) -> bool:
    """Whether its code is there already, sealed under another key: a unique lookup cannot know. Asked while there is
    one."""
    return len(configured.ring().keys) > 1 and Coupon.objects.filter(code_lookup=coupon.code_lookup).exists()


def expire_due(*, now: datetime, limit: int = 500) -> int:
    """Close coupons whose time is over: the place returns to the budget, the shopper may have another.

    A coupon that a till is just redeeming is locked and skipped; the next run finds it redeemed. Returns how many
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
        accounting.write_ended(coupon_ids=[coupon.pk for coupon in due], at=now)
        counting.give_back(held=Counter((one.offer_id, one.shopper_id) for one in due if one.shopper_id))
        for offer_id, count in sorted(Counter(one.offer_id for one in due).items()):
            budgets.release(offer_id=offer_id, count=count)
        telling.expired(due, at=now)
    return len(due)
