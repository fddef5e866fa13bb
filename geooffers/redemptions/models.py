"""Redemptions, and the scans that were refused.

A redemption never had a shopper: it carries a pseudonym (HMAC under the shopper's own key, which erasure discards).

    standing --> reversed        it was a mistake; the coupon may be honoured again while its time lasts
"""

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from geooffers.coupons.models import Coupon
from merchants.models import ApiKey, Offer, StaffMember, Store


class Redemption(models.Model):
    """A coupon honoured at a store, whole or in part; the caller's Idempotency-Key is its nonce.

    Today every redemption is of the whole coupon, and a coupon has one that stands: the constraint says so again below
    the lock. One that was taken back (`reversed_at`) makes room for another.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="redemptions")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    # The three keys below have indexes of their own, which begin with them.
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    staff_member = models.ForeignKey(
        StaffMember, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    nonce = models.CharField(max_length=255)
    pseudonym = models.BinaryField(max_length=32)
    # The discount that was given by this redemption: percent, or an amount in the currency.
    discount_kind = models.CharField(max_length=10)
    value = models.DecimalField(max_digits=9, decimal_places=2)
    currency = models.CharField(max_length=3, blank=True)
    # It used up what was left of the coupon.
    whole = models.BooleanField(default=True)
    redeemed_at = models.DateTimeField()
    reversed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-redeemed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(staff_member__isnull=False, api_key__isnull=True)
                | Q(staff_member__isnull=True, api_key__isnull=False),
                name="redemption_has_one_scanner",
            ),
            models.UniqueConstraint(
                fields=["coupon"],
                condition=Q(whole=True, reversed_at__isnull=True),
                name="one_whole_redemption_per_coupon",
            ),
            models.CheckConstraint(
                condition=Q(reversed_at__isnull=True) | Q(reversed_at__gte=F("redeemed_at")),
                name="redemption_is_reversed_after_it_was_made",
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
    # Null when no coupon has the code, or another merchant's has: the answer is the same for both.
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
