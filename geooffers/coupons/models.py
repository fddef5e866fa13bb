"""Decisions, coupons, redemptions, the ledger.

Coupon and Decision can lose their shopper and visit; Redemption and LedgerEntry never had one: they carry a
pseudonym (HMAC under the shopper's own key, which erasure discards).
"""

from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from geooffers.sealing.columns import SealedHash
from geooffers.shoppers.models import Shopper
from geooffers.visits.models import Visit
from merchants.models import ApiKey, DiscountKind, Offer, StaffMember, Store


class Outcome(models.TextChoices):
    CHOSEN = "chosen"
    PASSED_OVER = "passed_over"
    REFUSED = "refused"
    WITHHELD = "withheld"


class Decision(models.Model):
    """One offer judged for one shopper at one visit: the row that answers why they did (not) get it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shopper = models.ForeignKey(Shopper, null=True, on_delete=models.SET_NULL, related_name="decisions")
    visit = models.ForeignKey(Visit, null=True, on_delete=models.SET_NULL, related_name="decisions")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=11, choices=Outcome.choices)
    reason = models.CharField(max_length=40, help_text="A stable code; docs/decision-reasons.md lists them.")
    score = models.FloatField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="decision_by_time"),
            models.Index(fields=["at"], condition=Q(shopper__isnull=False), name="decision_to_forget"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}"


class CouponState(models.TextChoices):
    OPEN = "open"
    REDEEMED = "redeemed"
    EXPIRED = "expired"


class Coupon(models.Model):
    """The promise made to one shopper. Its code is derived from its id (`coupons.codes`), never stored.

    What was promised is copied from the offer at issue: a merchant who edits the offer changes the next promise,
    not the ones already given.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shopper = models.ForeignKey(Shopper, null=True, on_delete=models.SET_NULL, related_name="coupons")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    visit = models.ForeignKey(Visit, null=True, on_delete=models.SET_NULL, related_name="coupons")
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
    coupon = models.ForeignKey(Coupon, on_delete=models.CASCADE, related_name="passes")
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

    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="offer_counts")
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


class Redemption(models.Model):
    """A coupon honoured at a store. One per coupon; the caller's Idempotency-Key is its nonce."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    coupon = models.OneToOneField(Coupon, on_delete=models.PROTECT, related_name="redemption")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    staff_member = models.ForeignKey(StaffMember, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    api_key = models.ForeignKey(ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    nonce = models.CharField(max_length=255)
    pseudonym = models.BinaryField(max_length=32)
    # The discount that was given: percent, or an amount in the currency.
    discount_kind = models.CharField(max_length=10)
    value = models.DecimalField(max_digits=9, decimal_places=2)
    currency = models.CharField(max_length=3, blank=True)
    redeemed_at = models.DateTimeField()

    class Meta:
        ordering = ["-redeemed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(staff_member__isnull=False, api_key__isnull=True)
                | Q(staff_member__isnull=True, api_key__isnull=False),
                name="redemption_has_one_scanner",
            ),
            models.UniqueConstraint(
                fields=["staff_member", "nonce"],
                condition=Q(staff_member__isnull=False),
                name="one_nonce_per_staff",
            ),
            models.UniqueConstraint(
                fields=["api_key", "nonce"], condition=Q(api_key__isnull=False), name="one_nonce_per_key"
            ),
        ]
        indexes = [models.Index(fields=["store", "-redeemed_at"], name="redemption_by_store")]

    def __str__(self) -> str:
        return f"redemption {str(self.id)[-6:]}"


class RefusedScan(models.Model):
    """A scan that was refused: merchants ask, and so does fraud. Written where the refusal does not roll it back."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Null when the code was nobody's, or another merchant's: those two look the same from outside.
    coupon = models.ForeignKey(Coupon, null=True, blank=True, on_delete=models.PROTECT, related_name="refused_scans")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    staff_member = models.ForeignKey(StaffMember, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    api_key = models.ForeignKey(ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["at"], name="refused_scan_by_time")]

    def __str__(self) -> str:
        return self.reason


class Movement(models.TextChoices):
    RESERVED = "reserved"
    RELEASED = "released"
    REDEEMED = "redeemed"


class LedgerEntry(models.Model):
    """An immutable movement of an offer's budget. Per offer: reserved - released - redeemed = coupons open.

    A trigger in the database refuses every UPDATE (migration `ledger_is_append_only`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="ledger_entries")
    movement = models.CharField(max_length=8, choices=Movement.choices)
    pseudonym = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [models.UniqueConstraint(fields=["coupon", "movement"], name="each_movement_once")]
        indexes = [models.Index(fields=["offer", "movement"], name="ledger_by_offer")]

    def __str__(self) -> str:
        return self.movement
