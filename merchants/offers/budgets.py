"""The counters of an offer: how many coupons are open (reserved) and redeemed, never more together than the cap.

Each change is one conditional UPDATE and its row count. Reading first and writing after granted 129 of 100; a form
that saved the counters with the offer set 1 back to 0. So the rows are in no form, and written nowhere but here.
Callers own the transaction and call these last in it: the row is the most wanted lock of all. What a coupon moves is
written to the ledger where coupons are; a change of the cap, from here.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from uuid_utils.compat import uuid7

from geooffers.ledger import movements, posting
from geooffers.statements.compiled import Given, Update
from merchants.models import Offer, OfferBudget, OfferState

# Below this many people, what is reserved would say something about single ones.
FEWEST_PEOPLE = 20


class BelowUsed(Exception):
    """The cap cannot be lower than what is already reserved and redeemed."""

    def __init__(self, *, cap: int, reserved: int, redeemed: int) -> None:
        super().__init__(f"cap {cap} is below {reserved} reserved and {redeemed} redeemed")
        self.cap = cap
        self.reserved = reserved
        self.redeemed = redeemed

    @property
    def used(self) -> int:
        return self.reserved + self.redeemed


class NothingReserved(Exception):
    """A release or redemption without a reservation: the books do not add up, the transaction must not commit."""


def reserve(*, offer_id: UUID) -> bool:
    """Take one place for a new coupon. False when the offer has none left."""
    return _RESERVING.run(offer=offer_id) == 1


def _reserving() -> tuple[QuerySet[OfferBudget], dict[str, Any]]:
    one = OfferBudget.objects.filter(pk=Given("offer", Offer._meta.pk))
    return one.filter(cap__gt=F("reserved") + F("redeemed")), {"reserved": F("reserved") + 1}


_RESERVING = Update(_reserving)


def release(*, offer_id: UUID, count: int = 1) -> None:
    """Give back the places of coupons that ended unused; they may be issued again."""
    held = OfferBudget.objects.filter(offer_id=offer_id, reserved__gte=count)
    if held.update(reserved=F("reserved") - count) != 1:
        raise NothingReserved(f"offer {offer_id}: release of {count} without a reservation")


def redeem(*, offer_id: UUID) -> None:
    """Turn one reserved place into a redeemed one."""
    held = OfferBudget.objects.filter(offer_id=offer_id, reserved__gt=0)
    if held.update(reserved=F("reserved") - 1, redeemed=F("redeemed") + 1) != 1:
        raise NothingReserved(f"offer {offer_id}: redemption without a reservation")


def forget_redeemed(*, offer_id: UUID, count: int, now: datetime) -> None:
    """Redemptions past their keeping are forgotten: the cap shrinks with them, what is free stays what it was."""
    known = OfferBudget.objects.filter(offer_id=offer_id, redeemed__gte=count)
    if known.update(redeemed=F("redeemed") - count, cap=F("cap") - count) != 1:
        raise NothingReserved(f"offer {offer_id}: fewer than {count} redemptions to forget")
    posting.post(movements.cap_changed(offer_id=offer_id, by=-count, cause=uuid7(), at=now))


def make(*, offer: Offer, cap: int, now: datetime) -> None:
    """The budget of a new offer."""
    with transaction.atomic():
        OfferBudget.objects.create(offer=offer, cap=cap)
        posting.post(movements.cap_changed(offer_id=offer.pk, by=cap, cause=uuid7(), at=now))


def set_cap(*, offer: Offer, cap: int, now: datetime) -> None:
    """The one change that needs to know what was before, for the ledger; so the row is locked."""
    with transaction.atomic():
        budget = OfferBudget.objects.select_for_update(no_key=True).get(offer_id=offer.pk)
        if cap < budget.reserved + budget.redeemed:
            raise BelowUsed(cap=cap, reserved=budget.reserved, redeemed=budget.redeemed)
        OfferBudget.objects.filter(offer_id=offer.pk).update(cap=cap)
        posting.post(movements.cap_changed(offer_id=offer.pk, by=cap - budget.cap, cause=uuid7(), at=now))


def taken_as_shown(*, offer: Offer) -> int:
    """How many places count as taken where a merchant sees what would come of it: an offer of which few coupons can be
    open has none open.

    Whether an offer with five places still has one tells whether the first visitor came. Where `fewest_shown` places
    and more are free or held, "used up" says nothing about single people and stays as it is. What was redeemed is the
    merchant's own book.
    """
    budget = offer.budget
    few_places = budget.redeemed + fewest_shown(offer=offer)
    return budget.redeemed if budget.cap < few_places else budget.redeemed + budget.reserved


def fewest_shown(*, offer: Offer) -> int:
    """From how many open coupons on their number is shown: so many are held by FEWEST_PEOPLE at least."""
    return FEWEST_PEOPLE * offer.per_shopper_limit


def lowest_cap_for_merchant(*, offer: Offer) -> int:
    """How low a merchant may set the cap.

    Trying caps one by one would tell exactly how many coupons are open, also when they are one. Once an offer has
    been live, a place for each of the first `fewest_shown` is kept whether or not somebody holds it; who wants to
    stop sooner ends the offer.
    """
    if offer.state == OfferState.DRAFT:
        return 1
    budget = OfferBudget.objects.get(offer_id=offer.pk)
    return budget.redeemed + max(budget.reserved, fewest_shown(offer=offer))
