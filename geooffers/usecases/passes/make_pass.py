"""A coupon for Apple Wallet. docs/wallet-passes.md tells which field comes from where; update that page too."""

import heapq
import logging
from datetime import datetime
from uuid import UUID

from django.conf import settings

from geooffers.coupons import holdings, keyring, passes
from geooffers.coupons.models import Coupon, CouponState, Vendor
from geooffers.matching import earth
from geooffers.shoppers.models import Shopper
from geooffers.visits.models import Visit
from merchants.offers import geofenced_push_law, offers
from merchants.shops import logos
from notifications import wallet_credentials
from notifications.passes import apple, words
from notifications.passes.apple_keys import AppleKeysUnusable
from notifications.passes.content import MOST_STORES, PassContent, PassStore

log = logging.getLogger(__name__)


def make_pass(*, shopper: Shopper, coupon_id: UUID, now: datetime) -> bytes:
    """The signed archive. A used or expired coupon has a pass too: it is how a phone learns of it.

    A wrong certificate ends here, for the operator in the log and for the caller as AppleKeysUnusable; nothing else
    needs it.
    """
    coupon = holdings.coupon_of(shopper=shopper, coupon_id=coupon_id)
    content = content_of(coupon=coupon, now=now)
    try:
        keys = wallet_credentials.apple(now=now)
    except AppleKeysUnusable as unusable:
        log.error("no Apple pass can be made: %s", unusable)
        raise
    made = apple.pkpass(content=content, keys=keys, now=now)
    wallet_pass = passes.find_or_make(coupon=coupon, vendor=Vendor.APPLE, now=now)
    passes.remember(vendor=Vendor.APPLE, serial=wallet_pass.serial, digest=content.digest(), now=now)
    return made


def content_of(*, coupon: Coupon, now: datetime) -> PassContent:
    """The promise as it was given, with the merchant's name, colour and logo and the stores as they are today."""
    code = keyring.code_of(coupon) if coupon.is_usable(now) else None
    kind, value, currency = coupon.discount_kind, coupon.discount_value, coupon.currency
    return PassContent(
        serial=coupon.pk,
        merchant=coupon.offer.merchant.name,
        title=coupon.title,
        text=coupon.text,
        terms=coupon.terms,
        discount=words.discount(kind=kind, value=value, currency=currency),
        code=code.symbols if code else None,
        code_in_groups=str(code) if code else None,
        expires_at=coupon.expires_at,
        stores=_nearest_stores(coupon),
        colour=coupon.offer.merchant.colour,
        logo=logos.png_of(merchant=coupon.offer.merchant),
        logo_url=_public(logos.address_of_square(merchant=coupon.offer.merchant)),
        languages=words.in_languages(kind=kind, value=value, currency=currency),
        voided=coupon.state == CouponState.REDEEMED,
    )


def _public(path: str | None) -> str | None:
    return f"{settings.PUBLIC_URL}{path}" if path and settings.PUBLIC_URL else None


def _nearest_stores(coupon: Coupon) -> tuple[PassStore, ...]:
    """The ten nearest to the store whose visit brought the coupon: the shopper's position is not known here.

    Distance as the mole digs: it orders the stores as the way over the ground does. Once the visit is forgotten, any
    ten by name.
    """
    standing = offers.stores_of(coupon.offer)
    quiet = set(standing.filter(geofenced_push_law.off()).values_list("pk", flat=True))
    stores = [
        PassStore(name=name, lat=lat, lon=lon, shown_nearby=pk not in quiet)
        for pk, name, lat, lon in standing.order_by("name", "pk").values_list("pk", "name", "lat", "lon")
    ]
    at = Visit.objects.filter(coupons=coupon).values_list("fence__store__lat", "fence__store__lon").first()
    if at is None:
        return tuple(stores[:MOST_STORES])
    centre = earth.here(lat=at[0], lon=at[1])

    def chord(store: PassStore) -> float:
        there = earth.here(lat=store.lat, lon=store.lon)
        return (there.x - centre.x) ** 2 + (there.y - centre.y) ** 2 + (there.z - centre.z) ** 2

    return tuple(heapq.nsmallest(MOST_STORES, stores, key=chord))
