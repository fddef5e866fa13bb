"""What a choice asks for, read for all moments at once, without a lock. The number of queries does not depend on the
moments.

Stores, offers with their budgets, which offers hold where, what the shopper had, seats on the phone, what visits that
are not new have brought: six queries at most.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from geooffers.coupons import counting, device_limits
from geooffers.coupons.models import Coupon
from geooffers.decisions import eligibility
from geooffers.decisions.choosing import MomentFacts, OfferFacts, PersonFacts
from geooffers.decisions.models import MessageOutcome, MomentKind
from geooffers.shoppers.consents import allowed
from geooffers.shoppers.models import Shopper
from geooffers.visits.models import Visit
from merchants.models import Offer, Store, Trigger
from merchants.offers import offers


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A visit that began, settled or dwelled, or during which the shopper asks. `triggers`: which offers wait for it.

    `silent`: why no message may be owed for it, whatever it brings; None when one may. `is_new`: this transaction wrote
    the visit, so it has brought nothing yet.
    """

    visit: Visit
    store_id: UUID
    kind: MomentKind
    triggers: tuple[Trigger, ...]
    silent: MessageOutcome | None = None
    is_new: bool = False


@dataclass(frozen=True, kw_only=True)
class FactsOfMoments:
    """`moments` stand in the order in which they were asked about. `stores`: those that are still there."""

    moments: tuple[MomentFacts, ...]
    person: PersonFacts
    offers: Mapping[UUID, Offer] = field(default_factory=dict)
    stores: Mapping[UUID, Store] = field(default_factory=dict)
    no_push_from: frozenset[UUID] = frozenset()  # stores whose merchant may not push to where it is


def read(
    *,
    shopper: Shopper,
    moments: Sequence[Moment],
    marks: device_limits.Marks | None,
    now: datetime,
    only: UUID | None = None,
) -> FactsOfMoments:
    """`only`: of this offer alone."""
    triggers = {trigger for moment in moments for trigger in moment.triggers}
    up = offers.offers_up_at(store_ids={moment.store_id for moment in moments}, triggers=triggers, now=now, only=only)
    known = {each.offer.pk: each.offer for at_store in up.values() for each in at_store.offers}
    stores = {store_id: at_store.store for store_id, at_store in up.items()}
    if not known:
        nothing = tuple(MomentFacts(trigger=moment.triggers[0], offers=()) for moment in moments)
        return FactsOfMoments(moments=nothing, person=PersonFacts(), stores=stores)
    issued = _issued({moment.visit.pk for moment in moments if not moment.is_new})
    shared: dict[tuple[UUID, bool], OfferFacts] = {}
    found = []
    for moment in moments:
        here = up[moment.store_id].offers if moment.store_id in up else ()
        found.append(
            MomentFacts(
                trigger=moment.triggers[0],
                offers=tuple(_offer_facts(each, shared) for each in here if each.offer.trigger in moment.triggers),
                issued=frozenset(issued.get(moment.visit.pk, ())),
            )
        )
    person = PersonFacts(
        had=counting.counted(shopper_id=shopper.pk, offer_ids=known),
        full_on_device=(device_limits.full_offers(marks=marks, offer_ids=known) if marks is not None else frozenset()),
        profiled=allowed.may_be_profiled(shopper=shopper),
    )
    return FactsOfMoments(
        moments=tuple(found),
        person=person,
        offers=known,
        stores=stores,
        no_push_from=frozenset(store_id for store_id, at_store in up.items() if not at_store.may_push),
    )


def _issued(visit_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """By visit, the offers that it has brought."""
    issued: dict[UUID, set[UUID]] = {}
    if visit_ids:
        rows = Coupon.objects.filter(visit__in=visit_ids)
        for visit_id, offer_id in rows.values_list("visit_id", "offer_id"):
            issued.setdefault(visit_id, set()).add(offer_id)
    return issued


def _offer_facts(each: offers.UpOffer, shared: dict[tuple[UUID, bool], OfferFacts]) -> OfferFacts:
    key = (each.offer.pk, each.open_now)
    facts = shared.get(key)
    if facts is None:
        facts = shared[key] = offer_facts(offer=each.offer, open_now=each.open_now)
    return facts


def offer_facts(*, offer: Offer, open_now: bool) -> OfferFacts:
    budget = offer.budget
    return OfferFacts(
        offer_id=offer.pk,
        standing=eligibility.Standing(offer.state),
        starts_at=offer.starts_at,
        ends_at=offer.ends_at,
        open_now=open_now,
        cap=budget.cap,
        taken=budget.reserved + budget.redeemed,
        limit=offer.per_shopper_limit,
        category=offer.category,
        discount_kind=offer.discount_kind,
        discount_value=offer.discount_value,
    )
