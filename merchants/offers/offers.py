"""What a merchant promises: making an offer, its states, and which offers hold at a store right now.

    draft -> live <-> paused
               \\       |
                `----> ended      (a draft may be ended too; ended is for good)

Pausing and ending stop issuing and queued pushes; coupons already issued are honoured until they expire.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from geooffers import events
from merchants.models import Merchant, Offer, OfferBudget, OfferState, Store, Trigger
from merchants.offers import schedules


class WrongState(Exception):
    """The offer cannot go from its state to that one."""

    def __init__(self, *, is_: str, wanted: OfferState) -> None:
        super().__init__(f"an offer that is {is_} cannot become {wanted}")
        self.is_ = is_
        self.wanted = wanted


@dataclass(frozen=True, kw_only=True)
class UpOffer:
    """An offer at a store, and whether its weekly schedule is open there now."""

    offer: Offer
    open_now: bool


class ForeignStore(Exception):
    """A store of another merchant."""


class AlreadyOver(Exception):
    """The offer's window has ended: publishing it would promise nothing."""


# How long before and after its window an offer is worth an answer.
_ASKED_ABOUT = timedelta(days=1)
_FROM: dict[OfferState, tuple[OfferState, ...]] = {
    OfferState.LIVE: (OfferState.DRAFT, OfferState.PAUSED),
    OfferState.PAUSED: (OfferState.LIVE,),
    OfferState.ENDED: (OfferState.DRAFT, OfferState.LIVE, OfferState.PAUSED),
}


def create_offer(*, merchant: Merchant, cap: int, stores: Iterable[Store] = (), **fields: Any) -> Offer:
    """A draft with its budget. With no stores named it holds at all of the merchant's, also those opened later."""
    named = list(stores)
    check_stores(merchant=merchant, stores=named)
    with transaction.atomic():
        offer = Offer(merchant=merchant, all_stores=not named, **fields)
        offer.save(force_insert=True)
        offer.stores.set(named)
        make_budget(offer=offer, cap=cap)
    return offer


def make_budget(*, offer: Offer, cap: int) -> None:
    """For an offer that a form has just saved; `create_offer` calls it too."""
    OfferBudget.objects.create(offer=offer, cap=cap)
    tell_change(offer=offer, now=offer.created_at)


def tell_change(*, offer: Offer, now: datetime) -> None:
    """In the transaction that changed it: for whoever follows the events. Every function here that writes an offer does
    so by itself; a form that has saved one calls it."""
    events.append(events.Happened(kind=events.EventKind.OFFER_CHANGED, at=now, offer_id=offer.pk))


def check_stores(*, merchant: Merchant, stores: Iterable[Store]) -> None:
    for store in stores:
        if store.merchant_id != merchant.pk:
            raise ForeignStore(f"{store.pk} is not a store of {merchant.pk}")


def offers_up_at(*, store_id: UUID, triggers: Collection[Trigger], now: datetime) -> list[UpOffer]:
    """The offers that somebody may ask about when a visit at this store did (not) bring one. Two queries.

    Also what is not published, paused or ended, when its window is open or was or will be within a day: "it was
    paused" is an answer that a merchant looks for. The schedule is judged in Python, in the store's own zone: no
    database knows the rule for nights with a change of the clock.
    """
    store = (
        Store.objects.filter(pk=store_id, archived_at=None, merchant__archived_at=None)
        .only("merchant_id", "time_zone")
        .first()
    )
    if store is None:
        return []
    zone = ZoneInfo(store.time_zone)
    here = Offer.stores.through.objects.filter(offer_id=OuterRef("pk"), store_id=store_id)
    found = (
        Offer.objects.filter(
            Q(all_stores=True) | Exists(here),
            merchant_id=store.merchant_id,
            archived_at=None,
            trigger__in=triggers,
            starts_at__lte=now + _ASKED_ABOUT,
            ends_at__gt=now - _ASKED_ABOUT,
        )
        .select_related("budget", "merchant__logo")
        .defer("merchant__logo__png")
        .order_by("pk")
    )
    return [
        UpOffer(offer=offer, open_now=schedules.is_open(schedule=offer.schedule, at=now, zone=zone)) for offer in found
    ]


def live_offers_at(*, store_id: UUID, triggers: Collection[Trigger], now: datetime) -> list[Offer]:
    """The offers that a visit at this store may be given now, with their budgets. Two queries."""
    return [
        each.offer
        for each in offers_up_at(store_id=store_id, triggers=triggers, now=now)
        if each.open_now and each.offer.state == OfferState.LIVE and each.offer.starts_at <= now < each.offer.ends_at
    ]


def holds_at(*, offer: Offer, store: Store) -> bool:
    """May a coupon of this offer be redeemed at this store? Whatever the offer's state: a promise is kept."""
    if offer.merchant_id != store.merchant_id:
        return False
    return offer.all_stores or offer.stores.filter(pk=store.pk).exists()


def stores_of(offer: Offer) -> QuerySet[Store]:
    """Where its coupons hold today: `holds_at` of every standing store."""
    stores = Store.objects.filter(merchant_id=offer.merchant_id, archived_at=None)
    return stores if offer.all_stores else stores.filter(pk__in=offer.stores.values("pk"))


def publish(*, offer: Offer, now: datetime) -> None:
    if offer.ends_at <= now:
        raise AlreadyOver(f"it ended {offer.ends_at:%Y-%m-%d %H:%M} UTC")
    _move(offer=offer, to=OfferState.LIVE, now=now)


def pause(*, offer: Offer, now: datetime) -> None:
    _move(offer=offer, to=OfferState.PAUSED, now=now)


def end(*, offer: Offer, now: datetime) -> None:
    _move(offer=offer, to=OfferState.ENDED, now=now)


def archive(*, offer: Offer, now: datetime) -> None:
    """Put an offer away: ended, and out of the lists. Its coupons are honoured like those of any ended offer."""
    with transaction.atomic():
        if offer.state != OfferState.ENDED:
            end(offer=offer, now=now)
        if Offer.objects.filter(pk=offer.pk, archived_at=None).update(archived_at=now):
            tell_change(offer=offer, now=now)
    offer.refresh_from_db(fields=["archived_at"])


def _move(*, offer: Offer, to: OfferState, now: datetime) -> None:
    """One conditional update, so that of two people pressing two buttons one is told what the other did."""
    with transaction.atomic():
        moved = Offer.objects.filter(pk=offer.pk, archived_at=None, state__in=_FROM[to]).update(state=to)
        if moved:
            tell_change(offer=offer, now=now)
    offer.refresh_from_db(fields=["state", "archived_at"])
    if not moved:
        raise WrongState(is_="archived" if offer.archived_at else offer.state, wanted=to)
