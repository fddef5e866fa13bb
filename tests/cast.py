"""The cast: people, places and promises that the tests speak of, made in one place.

Café Aino stands at the Senate Square in Helsinki (60.1695 N, 24.9525 E); its fence is a circle of 150 m.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from geooffers.coupons import issuing
from geooffers.coupons.models import Coupon
from geooffers.decisions import deciding
from geooffers.decisions.choosing import Outcome
from geooffers.decisions.models import Decision, MomentKind
from geooffers.ledger import units
from geooffers.ledger.models import LedgerEntry
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import ConsentState, ConsentText, Device, Purpose, Shopper
from geooffers.visits.models import DeviceState, Visit
from merchants.models import (
    DiscountKind,
    FenceState,
    FenceTuning,
    Geofence,
    Merchant,
    Offer,
    OfferState,
    Role,
    StaffMember,
    Store,
    Trigger,
    User,
)
from merchants.offers import budgets
from merchants.shops import cities

NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)  # a Tuesday
AINO_LAT, AINO_LON = 60.1695, 24.9525
ALL_PURPOSES = tuple(Purpose)


def make_store(
    *, merchant_name: str = "Café Aino", lat: float = AINO_LAT, lon: float = AINO_LON, city: str = "Helsinki"
) -> Store:
    merchant, _ = Merchant.objects.get_or_create(name=merchant_name)
    number = merchant.stores.count() + 1
    return Store.objects.create(
        merchant=merchant,
        name=f"{merchant_name} {number}",
        address="Senaatintori 1, Helsinki",
        city=city,
        city_key=cities.key_of(city),
        time_zone="Europe/Helsinki",
        lat=lat,
        lon=lon,
    )


def make_fence(
    store: Store, *, radius_m: float = 150, dwell_s: int = 300, tuning: FenceTuning = FenceTuning.DRIVE_BY
) -> Geofence:
    """A drive-by fence, where a visit begins with one fix: most tests are about what comes of a visit."""
    return Geofence.objects.create(
        store=store,
        name=f"around {store.name}",
        kind="circle",
        center_lat=store.lat,
        center_lon=store.lon,
        radius_m=radius_m,
        dwell_s=dwell_s,
        tuning=tuning,
        state=FenceState.LIVE,
    )


def make_offer(
    store: Store,
    *,
    cap: int = 100,
    per_shopper_limit: int = 1,
    trigger: Trigger = Trigger.ENTERED,
    title: str = "Free cardamom bun",
    starts_at: datetime = NOON - timedelta(days=30),
    ends_at: datetime = NOON + timedelta(days=300),
    state: OfferState = OfferState.LIVE,
    amount_off: str = "",
) -> Offer:
    """A fifth off; or `amount_off` euros."""
    offer = Offer.objects.create(
        merchant=store.merchant,
        title=title,
        text="With any coffee, today.",
        terms="One for each guest.",
        category="café",
        discount_kind=DiscountKind.AMOUNT if amount_off else DiscountKind.PERCENT,
        discount_value=Decimal(amount_off or 20),
        currency="EUR" if amount_off else "",
        starts_at=starts_at,
        ends_at=ends_at,
        per_shopper_limit=per_shopper_limit,
        coupon_lifetime_s=3600,
        trigger=trigger,
        state=state,
    )
    budgets.make(offer=offer, cap=cap, now=NOON)
    return offer


def moved(coupon: Coupon, unit: str = units.PLACE) -> list[str]:
    """What the ledger tells of a coupon, from the first entry on."""
    entries = LedgerEntry.objects.filter(subject=coupon.pk, unit=unit).order_by("pk")
    return [f"{source} -> {target}" for source, target in entries.values_list("source", "target")]


def make_shopper(*, now: datetime = NOON, firebase_uid: str | None = None) -> Shopper:
    return Shopper.objects.create(created_at=now, firebase_uid=firebase_uid)


def consent_text(purpose: Purpose) -> ConsentText:
    texts = ConsentText.objects.filter(purpose=purpose, language="en", published_at__isnull=False)
    text = texts.order_by("-version").first()
    return text or ConsentText.objects.create(
        purpose=purpose, language="en", version=1, body=f"I agree to {purpose}.", published_at=NOON
    )


def make_device(
    shopper: Shopper | None = None,
    *,
    token: str | None = None,
    consents: Iterable[Purpose] = ALL_PURPOSES,
    now: datetime = NOON,
    push_address: str | None = None,
) -> Device:
    """A registered phone that has given `consents`. Its token is `token`, or its id as text."""
    shopper = shopper or make_shopper(now=now)
    install_id: UUID = uuid4()
    device = Device.objects.create(
        shopper=shopper,
        install_id=install_id,
        token_hash=tokens.hash_of(token or f"token-{install_id}"),
        platform="android",
        push_kind="fid",
        push_address=push_address or f"fid-{install_id}",
        created_at=now,
    )
    DeviceState.objects.create(device=device)
    for purpose in consents:
        held_by_device = purpose.startswith("location")
        ConsentState.objects.get_or_create(
            shopper=shopper,
            device=device if held_by_device else None,
            purpose=purpose,
            defaults={"given": True, "text": consent_text(purpose), "changed_at": now},
        )
    return device


def make_staff(store: Store, *, role: Role = Role.CASHIER, username: str | None = None) -> StaffMember:
    name = username or f"{role}-{uuid4().hex[:8]}"
    user = User.objects.create_user(name, password="a-long-password-1", is_staff=role != Role.CASHIER)
    member = StaffMember.objects.create(user=user, merchant=store.merchant, role=role)
    if role != Role.OWNER:
        member.stores.add(store)
    return member


def make_visit(shopper: Shopper, fence: Geofence, *, began_at: datetime = NOON) -> Visit:
    return Visit.objects.create(shopper=shopper, fence=fence, began_at=began_at)


def make_coupon(
    offer: Offer, *, shopper: Shopper | None = None, visit: Visit | None = None, now: datetime = NOON
) -> Coupon:
    """A coupon that was issued as every coupon is, with its place in the budget; the visit is its own."""
    shopper = shopper or make_shopper(now=now)
    if visit is None:
        store = offer.merchant.stores.order_by("pk").first() or make_store(merchant_name=offer.merchant.name)
        visit = make_visit(shopper, make_fence(store), began_at=now)
    with transaction.atomic():
        return issuing.issue_coupon(shopper=shopper, visit=visit, offer=offer, now=now)


def began(visit: Visit, *triggers: Trigger) -> deciding.Moment:
    """The moment at which a visit began, or at which it dwelled when that is the trigger."""
    kind = MomentKind.DWELLED if triggers == (Trigger.DWELLED,) else MomentKind.BEGAN
    return deciding.Moment(
        visit=visit, store_id=visit.fence.store_id, kind=kind, triggers=triggers or (Trigger.ENTERED,)
    )


def decide(visit: Visit, *, trigger: Trigger = Trigger.ENTERED, now: datetime = NOON, **others: Any) -> Coupon | None:
    """The coupon that the visit brings, decided as every visit is."""
    return deciding.decide(shopper=visit.shopper, moments=[began(visit, trigger)], now=now, **others).coupon


def make_decision(
    offer: Offer,
    *,
    shopper: Shopper,
    store: Store | None = None,
    visit: Visit | None = None,
    coupon: Coupon | None = None,
    outcome: Outcome = Outcome.CHOSEN,
    reason: str = "best",
    now: datetime = NOON,
    save: bool = True,
) -> Decision:
    """With the offer as its only candidate."""
    decision = Decision(
        shopper=shopper,
        visit=visit,
        store=store or offer.merchant.stores.order_by("pk").first(),
        moment=MomentKind.BEGAN,
        outcome=outcome,
        offer=offer if outcome is Outcome.CHOSEN else None,
        coupon=coupon,
        policy="fixed-1",
        candidates=[{"offer": str(offer.pk), "outcome": outcome.value, "reason": reason, "score": None}],
        at=now,
    )
    if save:
        decision.save(force_insert=True)
    return decision
