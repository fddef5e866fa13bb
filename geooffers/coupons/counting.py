"""How many coupons of one offer a shopper has had. One conditional upsert.

Reading the count and then writing it lets two phones of one shopper both read "none yet". The statement carries the
limit, so the second one waits for the first, sees what that wrote, and changes nothing.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from geooffers.coupons.models import ShopperOfferCount
from geooffers.statements.compiled import Given, GivenList, Select


def count_one(*, shopper_id: UUID, offer_id: UUID, limit: int) -> bool:
    """Count one more coupon. False when the shopper has had as many as they may."""
    if limit < 1:
        return False
    table = connection.ops.quote_name(ShopperOfferCount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (shopper_id, offer_id, issued) VALUES (%s, %s, 1) "  # noqa: S608  # our own table's name
            f"ON CONFLICT (shopper_id, offer_id) DO UPDATE SET issued = {table}.issued + 1 "
            f"WHERE {table}.issued < %s RETURNING issued",
            [
                ShopperOfferCount.shopper.field.get_db_prep_value(shopper_id, connection),
                ShopperOfferCount.offer.field.get_db_prep_value(offer_id, connection),
                limit,
            ],
        )
        return cursor.fetchone() is not None


def counted(*, shopper_id: UUID, offer_ids: Collection[UUID]) -> dict[UUID, int]:
    """By offer, how many coupons they have had of it. Read without a lock: `count_one` decides."""
    return dict(_HAD.rows(len(offer_ids), shopper=shopper_id, offers=list(offer_ids))) if offer_ids else {}


def _had(count: int) -> QuerySet[ShopperOfferCount, Any]:
    shopper = Given("shopper", ShopperOfferCount.shopper.field)
    offers = GivenList("offers", ShopperOfferCount.offer.field, count=count)
    return ShopperOfferCount.objects.filter(shopper=shopper, offer__in=offers).values_list("offer_id", "issued")


_HAD = Select(_had)


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
