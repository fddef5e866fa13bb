"""What became of a shopper's coupons at the tills and in the books."""

from geooffers.coupons.models import Coupon
from geooffers.ledger import units
from geooffers.ledger.models import LedgerEntry
from geooffers.redemptions.models import Redemption, RefusedScan
from geooffers.shoppers.privacy.data_export import Entry, Exporting, Sections

MODELS = frozenset({Redemption, RefusedScan, LedgerEntry})

_CHUNK = 2_000


def sections(of: Exporting) -> Sections:
    theirs = {"coupon__shopper__in": of.shopper_ids}
    redemptions = Redemption.objects.filter(**theirs).select_related("store__merchant", "offer")
    refused = RefusedScan.objects.filter(**theirs).select_related("store")
    coupons = Coupon.objects.filter(shopper__in=of.shopper_ids).values("pk")
    entries = LedgerEntry.objects.filter(subject__in=coupons).order_by("pk")
    return {
        "redemptions": (_redemption(row) for row in redemptions.order_by("redeemed_at", "pk").iterator(_CHUNK)),
        "refused_scans": (_refused(row) for row in refused.order_by("at", "pk").iterator(_CHUNK)),
        "ledger": (_moved(row) for row in entries.iterator(_CHUNK)),
    }


def count(of: Exporting) -> int:
    """Nothing beside the coupons, which are counted: one of them has few of these."""
    return 0


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


def _moved(row: LedgerEntry) -> Entry:
    return {
        "coupon_id": row.subject,
        "amount": units.in_words(unit=row.unit, amount=row.amount),
        "source": row.source,
        "target": row.target,
        "at": row.at,
    }
