"""A shopper's coupons when the shopper is erased: open ones end and give their place back, and none leads to anybody.

Redemptions and the ledger stay, for they are the merchants' books: under a pseudonym whose key is discarded with the
shopper.
"""

from collections import Counter

from geooffers.coupons import device_limits, ledger, telling
from geooffers.coupons.models import (
    Coupon,
    CouponState,
    Decision,
    DeviceShare,
    LedgerEntry,
    Movement,
    Redemption,
    RefusedScan,
    ShopperOfferCount,
    Vendor,
    WalletPass,
)
from geooffers.shoppers.models import Shopper
from geooffers.shoppers.privacy.erasing import Erasing
from merchants.offers import budgets

# The last three lose the way back to the person with their coupon.
MODELS = frozenset({Coupon, WalletPass, Decision, ShopperOfferCount, DeviceShare, Redemption, RefusedScan, LedgerEntry})


def erase_now(*, of: Erasing) -> dict[str, int]:
    """Every coupon is locked, and wholly: what a till is redeeming is waited for, and a till that waits for us finds
    no coupon by that code any more."""
    held = Coupon.objects.filter(shopper__in=of.shopper_ids)
    locked = list(held.order_by("pk").select_for_update().only("pk", "state", "offer", "shopper"))
    ids = [coupon.pk for coupon in locked]
    open_ones = [coupon for coupon in locked if coupon.state == CouponState.OPEN]
    ledger.write(coupons=open_ones, movement=Movement.RELEASED, at=of.now)
    Coupon.objects.filter(pk__in=[coupon.pk for coupon in open_ones]).update(state=CouponState.EXPIRED)
    telling.expired(open_ones, at=of.now)
    passes = WalletPass.objects.filter(coupon__in=ids)
    counts = {
        # Nobody can ask for an Apple pass again, so nothing needs to be said about it.
        "wallet passes": passes.exclude(vendor=Vendor.GOOGLE).delete()[0]
        + passes.filter(vendor=Vendor.GOOGLE).update(void_since=of.now),
        "coupons": Coupon.objects.filter(pk__in=ids).update(
            shopper=None, visit=None, code_lookup=None, seen_at=None, saved_at=None, dismissed_at=None
        ),
        "open coupons released": len(open_ones),
        "seats on phones": sum(device_limits.forget(shopper_id=each, now=of.now) for each in of.shopper_ids),
    }
    released = Counter(coupon.offer_id for coupon in open_ones)
    for offer_id, count in sorted(released.items()):
        budgets.release(offer_id=offer_id, count=count)
    return counts


def erase_rest(*, shopper: Shopper, limit: int) -> dict[str, int]:
    """At most `limit` decisions; with the last of them the counts."""
    ids = list(Decision.objects.filter(shopper=shopper).order_by("pk").values_list("pk", flat=True)[:limit])
    counts = {"decisions": Decision.objects.filter(pk__in=ids).delete()[0]}
    if len(ids) < limit:
        counts["offer counts"] = ShopperOfferCount.objects.filter(shopper=shopper).delete()[0]
    return counts
