"""At sign-in what an anonymous shopper may still use becomes the account's; nothing is taken back."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F

from geooffers.coupons import device_limits
from geooffers.coupons.models import Coupon, CouponState, ShopperOfferCount
from geooffers.shoppers.models import Device, Shopper
from geooffers.visits.merging import Joined


def move_to_account(
    *, device: Device, anonymous: Shopper, account: Shopper, joined: Iterable[Joined], now: datetime
) -> None:
    """In the caller's transaction, in the locks' order: open coupons, counts, seats."""
    for pair in joined:
        _rejoin(pair)
    open_coupons = Coupon.objects.filter(shopper=anonymous, state=CouponState.OPEN)
    locked = list(open_coupons.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    Coupon.objects.filter(pk__in=locked).update(shopper=account)
    for count in ShopperOfferCount.objects.filter(shopper=anonymous).order_by("offer_id").select_for_update():
        # Added, also beyond the limit: the account then has had more than it may, and gets no more.
        first = ShopperOfferCount(shopper=account, offer_id=count.offer_id, issued=0)
        ShopperOfferCount.objects.bulk_create([first], ignore_conflicts=True)
        theirs = ShopperOfferCount.objects.filter(shopper=account, offer_id=count.offer_id)
        theirs.update(issued=F("issued") + count.issued)
        count.delete()
    device_limits.move_to_account(device_id=device.pk, anonymous_id=anonymous.pk, account_id=account.pk, now=now)


def _rejoin(pair: Joined) -> None:
    """What was issued at the younger visit now belongs to the older one."""
    issued = Coupon.objects.filter(visit=pair.younger_id)
    # Both visits may have brought a coupon of one offer. The second keeps its worth but names no visit: one visit
    # brings at most one of an offer.
    twice = Coupon.objects.filter(visit=pair.older_id).values("offer")
    issued.filter(offer__in=twice).update(visit=None)
    issued.exclude(offer__in=twice).update(visit=pair.older_id)
