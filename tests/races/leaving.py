"""What has to hold of whoever was erased, in whatever order things happened.

`Farewell` is taken within the erasure, before it commits: afterwards nothing may commit that names that shopper, device
or coupon. What already stood there (the merchants' books) may stay, word for word.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from geooffers.coupons.models import Coupon
from geooffers.shoppers.models import Device, Shopper
from geooffers.usecases.privacy import erase_shopper
from geooffers.worker.tasks import erase
from notifications.models import Kind, Message
from tests import searching
from tests.cast import NOON

# The empty row of the shopper, and what the round takes within the day.
WAITING = {"shoppers.Shopper", "visits.Visit", "decisions.Decision", "coupons.ShopperOfferCount"}
# The merchants' books, by which Google is told that a pass is void, and that something happened with a coupon which is
# nobody's any more.
BOOKS = {"coupons.Coupon", "ledger.LedgerEntry", "redemptions.Redemption", "redemptions.RefusedScan"}
STAYING = BOOKS | {"notifications.Message", "notifications.Delivery", "events.Event"}


class Farewell:
    def __init__(self, *, device: Device, coupon_ids: Iterable[UUID] = ()) -> None:
        self.device = device
        self.shopper_id = device.shopper_id
        self.coupon_ids = set(coupon_ids)
        self.left: Mapping[searching.Row, Mapping[str, Any]] = {}

    def say(self) -> erase_shopper.ErasureDone:
        """The erasure, and in its transaction what it leaves."""
        with transaction.atomic():
            self.coupon_ids |= set(Coupon.objects.filter(shopper=self.shopper_id).values_list("pk", flat=True))
            done = erase_shopper.erase_shopper(
                device_id=self.device.pk, shown_hash=bytes(self.device.token_hash), now=NOON
            )
            self.left = self._named()
        return done

    def assert_nobody_is_named(self) -> None:
        """Call it when everybody has finished."""
        assert self.left, "the erasure was not the one that answered"
        now = self._named()
        news = {row: said for row, said in now.items() if self.left.get(row) != said}
        assert news == {}, "committed after the erasure had answered"
        assert {label for label, _ in self.left} <= WAITING | STAYING
        while erase.run(now=NOON, limit=500):
            pass
        assert not Shopper.objects.filter(pk=self.shopper_id).exists()
        assert searching.tables_with(self.shopper_id, self.device.pk) == set()
        assert searching.tables_with(*self.coupon_ids) <= STAYING
        left = Message.objects.filter(subject__in=self.coupon_ids)
        assert set(left.values_list("kind", "shopper", "deliveries__shopper")) <= {(Kind.PASS_CHANGED, None, None)}

    def _named(self) -> dict[searching.Row, Mapping[str, Any]]:
        return searching.rows_with(self.shopper_id, self.device.pk, *self.coupon_ids)
