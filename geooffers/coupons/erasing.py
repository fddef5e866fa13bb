"""A shopper's coupons when the shopper is erased: open ones end and give their place back, and none leads to anybody.

Redemptions and the ledger stay, for they are the merchants' books: under a pseudonym whose key is discarded with the
shopper.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from geooffers.coupons import accounting, device_limits, telling
from geooffers.coupons.models import Coupon, CouponState, DeviceShare, ShopperOfferCount, Vendor, WalletPass
from geooffers.shoppers.models import Shopper
from geooffers.shoppers.privacy.erasing import Erasing
from merchants.offers import budgets

MODELS = frozenset({Coupon, WalletPass, ShopperOfferCount, DeviceShare})


@dataclass(frozen=True, kw_only=True)
class ErasedCoupons:
    counts: Mapping[str, int]
    # Of passes that Google holds: their serials, by the coupon that they are of.
    held_by_google: Mapping[UUID, UUID]


def erase_now(*, of: Erasing) -> ErasedCoupons:
    """Every coupon is locked, and wholly: what a till is redeeming is waited for, and a till that waits for us finds
    no coupon by that code any more."""
    held = Coupon.objects.filter(shopper__in=of.shopper_ids)
    locked = list(held.order_by("pk").select_for_update().only("pk", "state", "offer", "shopper"))
    ids = [coupon.pk for coupon in locked]
    open_ones = [coupon for coupon in locked if coupon.state == CouponState.OPEN]
    accounting.write_ended(coupon_ids=[coupon.pk for coupon in open_ones], at=of.now)
    Coupon.objects.filter(pk__in=[coupon.pk for coupon in open_ones]).update(state=CouponState.EXPIRED)
    telling.expired(open_ones, at=of.now)
    passes = WalletPass.objects.filter(coupon__in=ids)
    # Nobody can ask for an Apple pass again, so nothing needs to be said about it.
    held_by_google = dict(passes.filter(vendor=Vendor.GOOGLE).values_list("coupon", "serial"))
    counts = {
        "wallet passes": passes.delete()[0],
        "coupons": Coupon.objects.filter(pk__in=ids).update(
            shopper=None, visit=None, code_lookup=None, seen_at=None, saved_at=None, dismissed_at=None
        ),
        "open coupons released": len(open_ones),
        "seats on phones": sum(device_limits.forget(shopper_id=each, now=of.now) for each in of.shopper_ids),
    }
    released = Counter(coupon.offer_id for coupon in open_ones)
    for offer_id, count in sorted(released.items()):
        budgets.release(offer_id=offer_id, count=count)
    return ErasedCoupons(counts=counts, held_by_google=held_by_google)


def erase_rest(*, shopper: Shopper) -> dict[str, int]:
    """The counts: one of each offer they ever had."""
    return {"offer counts": ShopperOfferCount.objects.filter(shopper=shopper).delete()[0]}
