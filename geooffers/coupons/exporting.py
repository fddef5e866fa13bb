"""A shopper's coupons, and what became of them."""

from typing import Any

from geooffers.coupons.models import (
    Coupon,
    LedgerEntry,
    Redemption,
    RefusedScan,
    ShopperOfferCount,
    WalletPass,
)
from geooffers.shoppers.privacy.data_export import Entry, Exporting, Sections

MODELS = frozenset({Coupon, WalletPass, ShopperOfferCount, Redemption, RefusedScan, LedgerEntry})

_CHUNK = 2_000


def sections(of: Exporting) -> Sections:
    theirs = {"coupon__shopper__in": of.shopper_ids}
    passes = WalletPass.objects.filter(**theirs).order_by("created_at", "pk")
    redemptions = Redemption.objects.filter(**theirs).select_related("store__merchant", "offer")
    refused = RefusedScan.objects.filter(**theirs).select_related("store")
    entries = LedgerEntry.objects.filter(**theirs).order_by("at", "pk")
    counts = ShopperOfferCount.objects.filter(shopper__in=of.shopper_ids).select_related("offer__merchant")
    return {
        "coupons": (_coupon(row) for row in _coupons(of).iterator(_CHUNK)),
        "wallet_passes": (_pass(row) for row in passes.iterator(_CHUNK)),
        "redemptions": (_redemption(row) for row in redemptions.order_by("redeemed_at", "pk").iterator(_CHUNK)),
        "refused_scans": (_refused(row) for row in refused.order_by("at", "pk").iterator(_CHUNK)),
        "ledger": (
            {"coupon_id": row.coupon_id, "movement": row.movement, "at": row.at} for row in entries.iterator(_CHUNK)
        ),
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
    """Without its code: whoever gets hold of the file could use it up."""
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


def _redemption(row: Redemption) -> Entry:
    return {
        "id": row.pk,
        "coupon_id": row.coupon_id,
        "merchant": row.store.merchant.name,
        "store": row.store.name,
        "offer": row.offer.title,
        "discount_kind": row.discount_kind,
        "value": str(row.value),
        "currency": row.currency,
        "redeemed_at": row.redeemed_at,
    }


def _refused(row: RefusedScan) -> Entry:
    return {"coupon_id": row.coupon_id, "store": row.store.name, "reason": row.reason, "at": row.at}
