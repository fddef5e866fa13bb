"""Offers and their budgets.

The counters stand apart from the offer: an admin save writes back every field of its form, and a counter on Offer
went from 1 back to 0.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from merchants.models.shops import Merchant, Store


class OfferState(models.TextChoices):
    """::

    draft -> live <-> paused
    draft | live | paused -> ended
    """

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"


class DiscountKind(models.TextChoices):
    PERCENT = "percent", "% off"
    AMOUNT = "amount", "amount off"
    FREE_ITEM = "free_item", "something free"


class Trigger(models.TextChoices):
    """Which moment of a visit may issue a coupon."""

    ENTERED = "entered", "on entering"
    # The same as entering, but for a drive-by fence, where somebody enters who only passes.
    SETTLED = "settled", "on walking in"
    DWELLED = "dwelled", "after a stay"


class Offer(models.Model):
    """What a merchant promises to many. Triggered at the live fences of its stores, redeemable at those stores."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="offers", db_index=False)
    all_stores = models.BooleanField(default=True, help_text="Also at stores opened later.")
    stores = models.ManyToManyField(Store, blank=True, related_name="offers")
    title = models.CharField(max_length=60)
    text = models.CharField(max_length=200)
    terms = models.TextField(blank=True, max_length=2000)
    category = models.CharField(max_length=40)
    discount_kind = models.CharField(max_length=10, choices=DiscountKind.choices)
    # Percent, or an amount in `currency`; zero for something free.
    discount_value = models.DecimalField(
        max_digits=9,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
    )
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217, for an amount off.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="The first moment at which it no longer holds.")
    schedule = models.JSONField(
        default=list,
        blank=True,
        help_text="Weekly opening in the store's own time zone; empty means always.",
    )
    per_shopper_limit = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    coupon_lifetime_s = models.PositiveIntegerField(
        "coupon lifetime (seconds)",
        default=86_400,
        validators=[MinValueValidator(300), MaxValueValidator(365 * 86_400)],
    )
    trigger = models.CharField(max_length=7, choices=Trigger.choices, default=Trigger.ENTERED)
    state = models.CharField(max_length=6, choices=OfferState.choices, default=OfferState.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="offer_ends_after_it_starts"),
            models.CheckConstraint(
                condition=~Q(discount_kind="percent") | Q(discount_value__gt=0, discount_value__lte=100),
                name="offer_percent_is_a_percentage",
            ),
        ]
        indexes = [models.Index(fields=["merchant", "state"], name="offer_by_merchant_state")]

    def __str__(self) -> str:
        return self.title

    def coupon_expires_at(self, *, issued_at: datetime) -> datetime:
        return min(issued_at + timedelta(seconds=self.coupon_lifetime_s), self.ends_at)


class OfferBudget(models.Model):
    """How many coupons an offer may have open plus redeemed. Written only by `merchants.offers.budgets`."""

    offer = models.OneToOneField(Offer, on_delete=models.CASCADE, primary_key=True, related_name="budget")
    cap = models.PositiveIntegerField()
    reserved = models.PositiveIntegerField(default=0)
    redeemed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cap__gte=F("reserved") + F("redeemed")), name="budget_is_not_exceeded"),
        ]

    def __str__(self) -> str:
        return f"{self.reserved} reserved, {self.redeemed} redeemed of {self.cap}"
