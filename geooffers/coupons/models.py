"""Coupons, which can lose their shopper and visit; how many a shopper has had of each offer; passes in wallets."""

from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from geooffers.sealing.columns import SealedHash
from geooffers.shoppers.models import Shopper
from geooffers.visits.models import Visit
from merchants.models import DiscountKind, Offer


class CouponState(models.TextChoices):
    """open -> redeemed (at a till) | expired (its time was over, or its shopper was erased). Either is final."""

    OPEN = "open"
    REDEEMED = "redeemed"
    EXPIRED = "expired"


class Coupon(models.Model):
    """The promise made to one shopper. Its code is derived from its id (`coupons.codes`), never stored.

    What was promised is copied from the offer at issue: a merchant who edits the offer changes the next promise,
    not the ones already given.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shopper = models.ForeignKey(Shopper, null=True, on_delete=models.SET_NULL, related_name="coupons", db_index=False)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    visit = models.ForeignKey(Visit, null=True, on_delete=models.SET_NULL, related_name="coupons", db_index=False)
    title = models.CharField(max_length=60)
    text = models.CharField(max_length=200, blank=True)
    terms = models.TextField(max_length=2000, blank=True)
    discount_kind = models.CharField(max_length=10, choices=DiscountKind.choices)
    discount_value = models.DecimalField(max_digits=9, decimal_places=2, default=Decimal(0))
    currency = models.CharField(max_length=3, blank=True)
    code_key_id = models.CharField(max_length=20)
    # None once its shopper was erased: no code leads to it any more.
    code_lookup = SealedHash(max_length=32, null=True, unique=True, purpose="coupon code")
    state = models.CharField(max_length=8, choices=CouponState.choices, default=CouponState.OPEN)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "offer"], name="one_coupon_per_visit_and_offer"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("issued_at")), name="coupon_expires_after_issue"),
            models.CheckConstraint(
                condition=Q(state="redeemed", redeemed_at__isnull=False)
                | (~Q(state="redeemed") & Q(redeemed_at__isnull=True)),
                name="coupon_redeemed_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="coupon_open_by_expiry"),
            models.Index(fields=["shopper", "-issued_at", "-id"], name="coupon_by_shopper"),
            models.Index(fields=["redeemed_at"], condition=Q(state="redeemed"), name="coupon_redeemed_to_forget"),
            models.Index(fields=["expires_at"], condition=Q(state="expired"), name="coupon_expired_to_forget"),
        ]

    def __str__(self) -> str:
        return f"coupon {str(self.id)[-6:]}"

    def is_usable(self, now: datetime) -> bool:
        return self.state == CouponState.OPEN and now < self.expires_at


class Vendor(models.TextChoices):
    APPLE = "apple"
    GOOGLE = "google"


class WalletPass(models.Model):
    """A coupon in one of the wallets. Of what it said only a digest is kept, to know when it says something new."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    coupon = models.ForeignKey(Coupon, on_delete=models.CASCADE, related_name="passes", db_index=False)
    vendor = models.CharField(max_length=6, choices=Vendor.choices)
    # What the wallet calls it.
    serial = models.UUIDField()
    # Google's class, as the pass was first saved: it cannot move to another when the merchant's colour changes.
    template = models.CharField(max_length=80, blank=True)
    said = models.BinaryField(max_length=32, default=b"")
    # Raised whenever `said` changes; 0: nothing has been said yet.
    version = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "wallet passes"
        constraints = [
            models.UniqueConstraint(fields=["coupon", "vendor"], name="one_pass_per_coupon_and_vendor"),
            models.UniqueConstraint(fields=["vendor", "serial"], name="pass_serial_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.vendor} pass {str(self.serial)[-6:]}"


class ShopperOfferCount(models.Model):
    """How many coupons of one offer a shopper has had and may not have again. Changed by conditional update only.

    Counted at issue, given back when an unused coupon expires.
    """

    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="offer_counts", db_index=False)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    issued = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shopper", "offer"], name="one_count_per_shopper_and_offer")]

    def __str__(self) -> str:
        return str(self.issued)


class DeviceShare(models.Model):
    """One person's seat at an offer on one phone, for the time of a period (`coupons.device_limits`). No foreign key
    leads to either: the marks are HMACs under that period's key."""

    device_mark = models.BinaryField(max_length=16)
    shopper_mark = models.BinaryField(max_length=16)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    seat = models.PositiveSmallIntegerField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device_mark", "offer", "seat"], name="one_person_per_seat"),
            models.UniqueConstraint(fields=["device_mark", "offer", "shopper_mark"], name="one_seat_per_person"),
        ]
        indexes = [
            models.Index(fields=["ends_at"], name="device_share_by_end"),
            models.Index(fields=["shopper_mark"], name="device_share_by_shopper"),
        ]

    def __str__(self) -> str:
        return f"seat {self.seat}"
