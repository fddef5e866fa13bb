"""What is on offer in a city that a shopper chose: for phones that do not say where they are, or only roughly.

Listed is what somebody who goes there may be given: published, within its window, not used up, at a standing store of
a standing merchant that has a live fence. The weekly schedule decides nothing here, it is told for each store: who
plans lunch at ten o'clock wants to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from merchants.models import FenceState, Geofence, Offer, OfferState, Store
from merchants.offers import schedules

# A chain may have hundreds of stores in a city; the first of them and their number are told.
STORES_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class OpenStore:
    """A store of an offer, and whether the offer's weekly schedule is open there now."""

    store: Store
    open_now: bool


@dataclass(frozen=True, kw_only=True)
class StoresInCity:
    """Where in the city an offer holds: the first `STORES_SHOWN` by name, and how many there are."""

    shown: tuple[OpenStore, ...]
    count: int


def offers_in(*, city_key: str, now: datetime) -> QuerySet[Offer]:
    here = _standing_stores().filter(city_key=city_key)
    named = Offer.stores.through.objects.filter(offer_id=OuterRef("pk"), store_id__in=here.values("pk"))
    return (
        Offer.objects.filter(
            _is_live("", now),
            Q(all_stores=True) | Exists(named),
            merchant_id__in=here.values("merchant_id"),
        )
        .select_related("merchant__logo")
        .defer("merchant__logo__png")
    )


def stores_of(*, offers: Sequence[Offer], city_key: str, now: datetime) -> dict[UUID, StoresInCity]:
    """By offer. Two queries at most, however many offers."""
    merchants = {offer.merchant_id for offer in offers}
    by_merchant: dict[UUID, list[Store]] = {}
    for store in _standing_stores().filter(city_key=city_key, merchant_id__in=merchants).order_by("name", "pk"):
        by_merchant.setdefault(store.merchant_id, []).append(store)
    some = [offer.pk for offer in offers if not offer.all_stores]
    named = set(Offer.stores.through.objects.filter(offer_id__in=some).values_list("offer_id", "store_id"))
    found = {}
    for offer in offers:
        stores = by_merchant.get(offer.merchant_id, [])
        holds = [store for store in stores if offer.all_stores or (offer.pk, store.pk) in named]
        found[offer.pk] = StoresInCity(
            shown=tuple(_open(store, offer, now) for store in holds[:STORES_SHOWN]), count=len(holds)
        )
    return found


def city_keys() -> QuerySet[Store, Any]:
    """Rows with the `city_key` of every city in which somebody has a store, to be read page by page."""
    standing = Store.objects.filter(archived_at=None, city_key__gt="")
    return standing.values_list("city_key", named=True).distinct()


def counted(*, keys: Sequence[str], now: datetime) -> dict[str, int]:
    """How many offers are live in each of these cities: those of `offers_in`. A city without one is left out."""
    of_store = Q(merchant__offers__all_stores=True) | Q(merchant__offers__stores=F("pk"))
    return dict(
        _standing_stores()
        .filter(_is_live("merchant__offers__", now), of_store, city_key__in=keys)
        .values("city_key")
        .annotate(live_offers=Count("merchant__offers", distinct=True))
        .values_list("city_key", "live_offers")
    )


def spellings(*, keys: Sequence[str]) -> dict[str, str]:
    """The name that most of a city's stores write, by its key."""
    written = (
        _standing_stores()
        .filter(city_key__in=keys)
        .values("city_key", "city")
        .annotate(stores=Count("pk"))
        .order_by("stores", "-city")
        .values_list("city_key", "city")
    )
    return dict(written)  # the last of a key stays: most stores, then the first in the alphabet


def _standing_stores() -> QuerySet[Store]:
    fences = Geofence.objects.filter(store_id=OuterRef("pk"), state=FenceState.LIVE)
    return Store.objects.filter(Exists(fences), archived_at=None, merchant__archived_at=None)


def _is_live(prefix: str, now: datetime) -> Q:
    wanted = {
        "archived_at": None,
        "state": OfferState.LIVE,
        "starts_at__lte": now,
        "ends_at__gt": now,
        "budget__cap__gt": F(f"{prefix}budget__reserved") + F(f"{prefix}budget__redeemed"),
    }
    return Q(**{prefix + name: value for name, value in wanted.items()})


def _open(store: Store, offer: Offer, now: datetime) -> OpenStore:
    zone = ZoneInfo(store.time_zone)
    return OpenStore(store=store, open_now=schedules.is_open(schedule=offer.schedule, at=now, zone=zone))
