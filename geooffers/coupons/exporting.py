"""A shopper's coupons, and the passes made of them."""

from typing import Any

from geooffers.coupons.models import Coupon, ShopperOfferCount, WalletPass
from geooffers.shoppers.privacy.data_export import Entry, Exporting, Sections

MODELS = frozenset({Coupon, WalletPass, ShopperOfferCount})

_CHUNK = 2_000


def sections(of: Exporting) -> Sections:
    passes = WalletPass.objects.filter(coupon__shopper__in=of.shopper_ids).order_by("created_at", "pk")
    counts = ShopperOfferCount.objects.filter(shopper__in=of.shopper_ids).select_related("offer__merchant")
    return {
        "coupons": (_coupon(row) for row in _coupons(of).iterator(_CHUNK)),
        "wallet_passes": (_pass(row) for row in passes.iterator(_CHUNK)),
        "offer_counts": (
            {"offer": row.offer.title, "merchant": row.offer.merchant.name, "issued": row.issued}
            for row in counts.order_by("offer_id", "pk").iterator(_CHUNK)
        ),
    }


def count(of: Exporting) -> int:
    return int(_coupons(of).count())


def _coupons(of: Exporting) -> Any:
    coupons = Coupon.objects.filter(shopper__in=of.shopper_ids).select_related("offer__merchant")
    return coupons.order_by("issued_at", "pk")


def _coupon(row: Coupon) -> Entry:
    """Without its code: a reader of the file could use the coupon up."""
    return {
        "id": row.pk,
        "visit_id": row.visit_id,
        "merchant": row.offer.merchant.name,
        "title": row.title,
        "text": row.text,
        "terms": row.terms,
        "discount_kind": row.discount_kind,
        "discount_value": str(row.discount_value),
        "currency": row.currency,
        "state": row.state,
        "issued_at": row.issued_at,
        "expires_at": row.expires_at,
        "redeemed_at": row.redeemed_at,
        "seen_at": row.seen_at,
        "saved_at": row.saved_at,
        "dismissed_at": row.dismissed_at,
    }


def _pass(row: WalletPass) -> Entry:
    return {
        "coupon_id": row.coupon_id,
        "vendor": row.vendor,
        "serial": row.serial,
        "version": row.version,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
    }
