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
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from geooffers import events
from geooffers.jurisdictions import configured
from geooffers.jurisdictions.rules import LawTable
from geooffers.statements.compiled import Given, GivenList, Select
from merchants.models import Merchant, Offer, OfferState, Store, Trigger
from merchants.offers import budgets, geofenced_push_law, schedules


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


@dataclass(frozen=True, kw_only=True)
class AtStore:
    """What is up at one store, and whether its merchant may push to who is there
    (`merchants.offers.geofenced_push_law`)."""

    store: Store
    may_push: bool
    offers: tuple[UpOffer, ...]


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


def create_offer(*, merchant: Merchant, cap: int, now: datetime, stores: Iterable[Store] = (), **fields: Any) -> Offer:
    """A draft with its budget. With no stores named it holds at all of the merchant's, also those opened later."""
    named = list(stores)
    check_stores(merchant=merchant, stores=named)
    with transaction.atomic():
        offer = Offer(merchant=merchant, all_stores=not named, **fields)
        offer.save(force_insert=True)
        offer.stores.set(named)
        budgets.make(offer=offer, cap=cap, now=now)
        tell_change(offer=offer, now=now)
    return offer


def tell_change(*, offer: Offer, now: datetime) -> None:
    """Appends the event, in the transaction that changed the offer. Every function here that writes an offer calls it;
    a form that has saved one must call it."""
    events.append(events.Happened(kind=events.EventKind.OFFER_CHANGED, at=now, offer_id=offer.pk))


def check_stores(*, merchant: Merchant, stores: Iterable[Store]) -> None:
    for store in stores:
        if store.merchant_id != merchant.pk:
            raise ForeignStore(f"{store.pk} is not a store of {merchant.pk}")


def offers_up_at(
    *,
    store_ids: Collection[UUID],
    triggers: Collection[Trigger],
    now: datetime,
    only: UUID | None = None,
    preview: bool = False,
) -> dict[UUID, AtStore]:
    """By store, the offers that a visit there is judged by. Three queries at most, however many stores.

    Published ones until they are over, paused ones among them, and those that begin within a day: "it was paused" is
    an answer that a merchant looks for. A preview has drafts as well, and what is over since a day at most. A store
    that is archived, or its merchant, is left out. The schedule is judged in Python, in the store's own zone: no
    database knows the rule for nights with a change of the clock.
    """
    stores = _STANDING.models(len(store_ids), configured.table(), stores=list(store_ids)) if store_ids else []
    if not stores or not triggers:
        return {store.pk: AtStore(store=store, may_push=not store.pushes_off, offers=()) for store in stores}
    of_merchants = {store.merchant_id for store in stores}
    found = _UP.models(
        len(stores),
        len(of_merchants),
        len(triggers),
        preview,
        only is not None,
        stores=[store.pk for store in stores],
        merchants=list(of_merchants),
        triggers=list(triggers),
        begins_by=now + _ASKED_ABOUT,
        ends_after=now - _ASKED_ABOUT if preview else now,
        only=only,
    )
    by_merchant: dict[UUID, list[Offer]] = {}
    for offer in found:
        by_merchant.setdefault(offer.merchant_id, []).append(offer)
    some = [offer.pk for offers in by_merchant.values() for offer in offers if not offer.all_stores]
    named = Offer.stores.through.objects.filter(store_id__in=[store.pk for store in stores], offer_id__in=some)
    holds = set(named.values_list("offer_id", "store_id")) if some else set()
    is_open = _Schedules(now)
    return {
        store.pk: AtStore(
            store=store,
            may_push=not store.pushes_off,
            offers=tuple(
                UpOffer(offer=offer, open_now=is_open(offer, store.time_zone))
                for offer in by_merchant.get(store.merchant_id, ())
                if offer.all_stores or (offer.pk, store.pk) in holds
            ),
        )
        for store in stores
    }


def _standing(count: int, table: LawTable) -> QuerySet[Store]:
    stores = GivenList("stores", Store._meta.pk, count=count)
    standing = Store.objects.filter(pk__in=stores, archived_at=None, merchant__archived_at=None)
    pushes_off = ExpressionWrapper(geofenced_push_law.off(table=table), output_field=BooleanField())
    return standing.annotate(pushes_off=pushes_off).only("merchant_id", "time_zone", "name", "address")


def _up(stores: int, of_merchants: int, triggers: int, preview: bool, one: bool) -> QuerySet[Offer]:
    column = Offer._meta.get_field
    named = Offer.stores.through.objects.filter(store_id__in=GivenList("stores", Store._meta.pk, count=stores))
    found = (
        Offer.objects.filter(
            Q(all_stores=True) | Exists(named.filter(offer_id=OuterRef("pk"))),
            merchant_id__in=GivenList("merchants", Merchant._meta.pk, count=of_merchants),
            archived_at=None,
            trigger__in=GivenList("triggers", column("trigger"), count=triggers),
            starts_at__lte=Given("begins_by", column("starts_at")),
            ends_at__gt=Given("ends_after", column("ends_at")),
        )
        .select_related("budget", "merchant__logo")
        .defer("merchant__logo__png")
        .order_by("pk")
    )
    if not preview:
        found = found.filter(state__in=[OfferState.LIVE, OfferState.PAUSED])
    return found.filter(pk=Given("only", Offer._meta.pk)) if one else found


_STANDING, _UP = Select(_standing), Select(_up)


class _Schedules:
    """Each is judged once for each time zone, however many stores it holds at."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._known: dict[tuple[UUID, str], bool] = {}

    def __call__(self, offer: Offer, time_zone: str) -> bool:
        key = (offer.pk, time_zone)
        if key not in self._known:
            zone = ZoneInfo(time_zone)
            self._known[key] = schedules.is_open(schedule=offer.schedule, at=self._now, zone=zone)
        return self._known[key]


def live_offers_at(*, store_id: UUID, triggers: Collection[Trigger], now: datetime) -> list[Offer]:
    """The offers that a visit at this store may be given now, with their budgets."""
    here = offers_up_at(store_ids=[store_id], triggers=triggers, now=now).get(store_id)
    return [
        each.offer
        for each in (here.offers if here is not None else ())
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
