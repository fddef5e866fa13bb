"""The outbox: one row per message we owe one device."""

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from geooffers.shoppers.models import Device, Shopper


class Kind(models.TextChoices):
    """What a push is about. Marketing kinds need consent and pass a guard; service kinds need neither."""

    COUPON_ISSUED = "coupon_issued"  # marketing: visible
    COUPON_REDEEMED = "coupon_redeemed"  # service: silent


MARKETING_KINDS = frozenset({Kind.COUPON_ISSUED})


class PushState(models.TextChoices):
    READY = "ready"
    CLAIMED = "claimed"
    SENT = "sent"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DEAD = "dead"


class Push(models.Model):
    """One message. Its id is the `delivery_id` that the app de-duplicates on.

    `subject` is a plain id of what the push is about (a coupon): no foreign key points upward.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="pushes")
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="pushes")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    subject = models.UUIDField()
    dedupe = models.CharField(max_length=120, unique=True)
    tag = models.CharField(max_length=64, help_text="A later push with the same tag replaces the notification.")
    title = models.CharField(max_length=100, blank=True)
    body = models.CharField(max_length=240, blank=True)
    link = models.CharField(max_length=200, blank=True)
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=PushState.choices, default=PushState.READY)
    reason = models.CharField(max_length=60, blank=True, help_text="Why it was settled as it was.")
    # Raised by every claim; a settle carries the lease it was claimed under and changes nothing under another.
    lease = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    provider_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "pushes"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["ready", "claimed"], settled_at__isnull=True)
                | Q(state__in=["sent", "expired", "cancelled", "dead"], settled_at__isnull=False),
                name="push_is_settled_once",
            ),
        ]
        indexes = [
            models.Index(fields=["not_before", "id"], condition=Q(state="ready"), name="push_ready"),
            models.Index(fields=["lease_until"], condition=Q(state="claimed"), name="push_claimed"),
            models.Index(fields=["settled_at"], condition=Q(settled_at__isnull=False), name="push_to_forget"),
            models.Index(fields=["subject"], name="push_by_subject"),
            models.Index(fields=["shopper", "state"], name="push_by_shopper"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
