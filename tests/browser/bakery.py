"""Bakery Senaatti beside the demo's city: two stores, its people, and coupons of every kind that a till meets."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from geooffers.coupons import keyring
from geooffers.worker.demo import city
from merchants.fences import editing
from merchants.models import AreaKind, DiscountKind, ExclusionZone, FenceState, Merchant, Offer, Role, Store, User
from merchants.offers import offers
from merchants.shops import image_files, logos
from tests import cast, images

PASSWORD = "a-long-password-1"  # what cast.make_staff gives everybody
LIFETIME = timedelta(hours=4)
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


def markup_shop() -> city.ShopPlan:
    """A merchant who tries it in every text that a shopper sees."""
    return city.ShopPlan(
        merchant="<img src=x onerror=alert(1)> & <b>Sons</b>",
        address="<script>alert(2)</script> 7",
        title="<img src=x onerror=alert(3)> 30 % off",
        text="<svg onload=alert(4)></svg> \"Today\" & 'tomorrow'",
        terms="<a href=javascript:alert(5)>One each</a>",
        category="<i>food</i>",
        percent=30,
        lat=60.1655,
        lon=24.9630,
    )


def build() -> dict[str, Any]:
    """Facts for the tests; the codes are to be used up, one after the other."""
    now = datetime.now(UTC)
    square = cast.make_store(merchant_name="Bakery Senaatti")
    merchant = square.merchant
    Merchant.objects.filter(pk=merchant.pk).update(colour="#7a2e1d")
    logos.put_logo(merchant=merchant, png=image_files.logo_of(images.bun()), now=now)
    harbour = Store.objects.create(
        merchant=merchant,
        name="Harbour kiosk",
        address="Kauppatori",
        time_zone="Europe/Helsinki",
        lat=60.1674,
        lon=24.9535,
    )
    cast.make_staff(square, username="cashier")
    cast.make_staff(square, username="floater").stores.add(harbour)
    cast.make_staff(square, role=Role.OWNER, username="baker")
    bun = make_offer(square, "Coffee and a cardamom bun", now=now)
    soup = make_offer(harbour, "Salmon soup", now=now, kind=DiscountKind.AMOUNT, value="3.50", currency="EUR")
    hostile = make_offer(square, HOSTILE[:60], now=now, text=HOSTILE, terms=HOSTILE)
    clinic = ExclusionZone(name="clinic", rule="A place of health.", kind=AreaKind.CIRCLE)
    clinic.center_lat, clinic.center_lon, clinic.radius_m = 60.2100, 24.8800, 80
    editing.put_zone(zone=clinic, by=User.objects.get(username="operator"))
    foreign = Offer.objects.get(merchant__name="Café Aino")
    return {
        "password": PASSWORD,
        "square": square.name,
        "harbour": harbour.name,
        "expired_at": (now - timedelta(days=5) + LIFETIME).isoformat(),
        "coupons": {
            "fresh": [code_of(bun, now) for _ in range(30)],
            "harbour": [code_of(soup, now) for _ in range(5)],
            "hostile": [code_of(hostile, now) for _ in range(5)],
            "expired": [code_of(bun, now - timedelta(days=5)) for _ in range(5)],
            "foreign": [code_of(foreign, now) for _ in range(5)],
        },
    }


def make_offer(
    store: Store,
    title: str,
    *,
    now: datetime,
    text: str = "Fresh from the oven, today.",
    terms: str = "One for each guest. Not with other offers.",
    kind: DiscountKind = DiscountKind.PERCENT,
    value: str = "20",
    currency: str = "",
) -> Offer:
    offer = offers.create_offer(
        merchant=store.merchant,
        now=now,
        cap=500,
        stores=[store],
        title=title,
        text=text,
        terms=terms,
        category="café",
        discount_kind=kind,
        discount_value=Decimal(value),
        currency=currency,
        starts_at=now - timedelta(days=6),
        ends_at=now + timedelta(days=30),
        coupon_lifetime_s=int(LIFETIME.total_seconds()),
    )
    offers.publish(offer=offer, now=now)
    return offer


def code_of(offer: Offer, issued_at: datetime) -> str:
    """Brought by a visit to a fence that is no more: a map full of live ones would lead other tests astray."""
    store = offer.merchant.stores.order_by("pk")[0]
    gone = store.geofences.filter(state=FenceState.ARCHIVED).first()
    if gone is None:
        gone = cast.make_fence(store)
        editing.archive_fence(fence=gone)
    shopper = cast.make_shopper(now=issued_at)
    visit = cast.make_visit(shopper, gone, began_at=issued_at)
    return str(keyring.code_of(cast.make_coupon(offer, shopper=shopper, visit=visit, now=issued_at)))
