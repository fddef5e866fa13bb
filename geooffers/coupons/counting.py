"""How many coupons of one offer a shopper has had. One conditional UPDATE, then its row count.

Reading the count and then writing it lets two phones of one shopper both read "none yet". The UPDATE carries the limit
in its WHERE, so the second one waits for the first and then matches no row.
"""

from collections.abc import Mapping
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


def give_back(*, held: Mapping[tuple[UUID, UUID], int]) -> None:
    """Unused coupons expired: their shoppers may have others. `held`: offer and shopper, and how many coupons.

    Hundreds of rows in a few statements: one for each row was most of what expiring cost. They are locked in the order
    of the offers' ids, as issuing locks them, before one statement changes them in whatever order it likes.
    """
    offers, shoppers = {offer_id for offer_id, _ in held}, {shopper_id for _, shopper_id in held}
    rows = ShopperOfferCount.objects.filter(offer__in=offers, shopper__in=shoppers)
    ids: dict[int, list[int]] = {}
    for row_id, offer_id, shopper_id in rows.values_list("pk", "offer_id", "shopper_id"):
        count = held.get((offer_id, shopper_id))
        if count is not None:
            ids.setdefault(count, []).append(row_id)
    wanted = ShopperOfferCount.objects.filter(pk__in=[row_id for some in ids.values() for row_id in some])
    list(wanted.order_by("offer_id", "shopper_id").select_for_update().values_list("pk", flat=True))
    for count, some in ids.items():
        ShopperOfferCount.objects.filter(pk__in=some, issued__gte=count).update(issued=F("issued") - count)


def _raise(*, shopper_id: UUID, offer_id: UUID, limit: int) -> bool:
    below = ShopperOfferCount.objects.filter(shopper_id=shopper_id, offer_id=offer_id, issued__lt=limit)
    return below.update(issued=F("issued") + 1) == 1
