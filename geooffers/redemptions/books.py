"""The check of the books: do budgets, coupons, redemptions and the ledger say the same?"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F

from geooffers.coupons.models import Coupon, CouponState, LedgerEntry, Movement, ShopperOfferCount
from geooffers.redemptions.models import Redemption
from merchants.models import OfferBudget

# What the ledger of a coupon in each state has to say, no more and no less.
_STORY: dict[str, frozenset[str]] = {
    CouponState.OPEN: frozenset({Movement.RESERVED}),
    CouponState.REDEEMED: frozenset({Movement.RESERVED, Movement.REDEEMED}),
    CouponState.EXPIRED: frozenset({Movement.RESERVED, Movement.RELEASED}),
}


@dataclass(frozen=True, kw_only=True)
class Discrepancy:
    """Two records of the same thing that differ."""

    what: str
    of: UUID
    expected: int | str
    found: int | str

    def __str__(self) -> str:
        return f"{self.what} of {self.of}: {self.found} where {self.expected} should be"


def check_books() -> list[Discrepancy]:
    """Everything that does not add up; an empty list is the promise kept.

    Run it in one transaction of REPEATABLE READ, or while nothing else writes: the sums are several queries.
    """
    return [*_check_budgets(), *_check_stories(), *_check_counts()]


def _check_budgets() -> Iterable[Discrepancy]:
    """cap = free + reserved + redeemed, and the counters are what coupons, redemptions and ledger say."""
    coupons = _per_offer(Coupon.objects.values_list("offer_id", "state"))
    entries = _per_offer(LedgerEntry.objects.values_list("offer_id", "movement"))
    redemptions = dict(_counted(Redemption.objects.values("offer_id")))
    for budget in OfferBudget.objects.all():
        offer = budget.offer_id
        moved = {movement: entries[offer, movement] for movement in Movement}
        sums = {
            "reserved places": (
                budget.reserved,
                coupons[offer, CouponState.OPEN],
                moved[Movement.RESERVED] - moved[Movement.RELEASED] - moved[Movement.REDEEMED],
            ),
            "redeemed places": (
                budget.redeemed,
                coupons[offer, CouponState.REDEEMED],
                moved[Movement.REDEEMED],
                redemptions.get(offer, 0),
            ),
        }
        for what, (counter, *others) in sums.items():
            for other in others:
                if other != counter:
                    yield Discrepancy(what=what, of=offer, expected=other, found=counter)
        free = budget.cap - budget.reserved - budget.redeemed
        if free < 0:
            yield Discrepancy(what="free places", of=offer, expected="0 or more", found=free)


def _check_stories() -> Iterable[Discrepancy]:
    """Each coupon was reserved once, and then redeemed, released, or neither."""
    told: dict[UUID, set[str]] = {}
    for coupon_id, movement in LedgerEntry.objects.values_list("coupon_id", "movement").iterator():
        told.setdefault(coupon_id, set()).add(movement)
    for coupon_id, state in Coupon.objects.values_list("pk", "state").iterator():
        story = told.get(coupon_id, set())
        if story != _STORY[state]:
            yield Discrepancy(
                what="ledger", of=coupon_id, expected=" ".join(sorted(_STORY[state])), found=" ".join(sorted(story))
            )


def _check_counts() -> Iterable[Discrepancy]:
    """A shopper's count is at least what they hold. (More is possible: signing in adds counts, takes none back.)"""
    counts = {(row.shopper_id, row.offer_id): row.issued for row in ShopperOfferCount.objects.iterator()}
    held = (
        Coupon.objects.filter(shopper__ended_at=None, shopper__isnull=False)
        .exclude(state=CouponState.EXPIRED)
        .values_list("shopper_id", "offer_id")
        .annotate(held=Count("pk"))
        .order_by()
    )
    for shopper_id, offer_id, number in held:
        counted = counts.get((shopper_id, offer_id), 0)
        if counted < number:
            yield Discrepancy(what="shopper's count", of=offer_id, expected=f"{number} or more", found=counted)


def _per_offer(rows: Any) -> Counter[tuple[UUID, str]]:
    return Counter({(offer, kind): number for offer, kind, number in rows.annotate(n=Count("pk")).order_by()})


def _counted(rows: Any) -> Iterable[tuple[UUID, int]]:
    return rows.annotate(n=Count("pk")).order_by().values_list("offer_id", F("n"))  # type: ignore[no-any-return]  # a ValuesQuerySet
