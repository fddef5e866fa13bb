"""How many coupons of one offer a shopper has had. One conditional UPDATE, then its row count.

Reading the count and then writing it lets two phones of one shopper both read "none yet". The UPDATE carries the limit
in its WHERE, so the second one waits for the first and then matches no row.
"""

from uuid import UUID

from django.db.models import F

from geooffers.coupons.models import ShopperOfferCount


def count_one(*, shopper_id: UUID, offer_id: UUID, limit: int) -> bool:
    """Count one more coupon. False when the shopper has had as many as they may."""
    if _raise(shopper_id=shopper_id, offer_id=offer_id, limit=limit):
        return True
    # The first coupon of this offer, or the limit is reached. Two phones may both insert: one of them does.
    first = ShopperOfferCount(shopper_id=shopper_id, offer_id=offer_id, issued=0)
    ShopperOfferCount.objects.bulk_create([first], ignore_conflicts=True)
    return _raise(shopper_id=shopper_id, offer_id=offer_id, limit=limit)


def give_back(*, shopper_id: UUID, offer_id: UUID, count: int = 1) -> None:
    """An unused coupon expired: the shopper may have another."""
    held = ShopperOfferCount.objects.filter(shopper_id=shopper_id, offer_id=offer_id, issued__gte=count)
    held.update(issued=F("issued") - count)


def _raise(*, shopper_id: UUID, offer_id: UUID, limit: int) -> bool:
    below = ShopperOfferCount.objects.filter(shopper_id=shopper_id, offer_id=offer_id, issued__lt=limit)
    return below.update(issued=F("issued") + 1) == 1
