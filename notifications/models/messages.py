"""What we owe somebody, about what, until when."""

from django.db import models
from uuid_utils.compat import uuid7

from geooffers.shoppers.models import Shopper


class Kind(models.TextChoices):
    """What a message is about. Marketing kinds need consent and pass a guard; service kinds need neither."""

    COUPON_ISSUED = "coupon_issued"  # marketing: a visible push
    COUPON_REDEEMED = "coupon_redeemed"  # service: a silent push
    # service: a saved wallet pass is told what is true of its coupon now
    PASS_CHANGED = "pass_changed"  # noqa: S105  # no password


MARKETING_KINDS = frozenset({Kind.COUPON_ISSUED})


class Message(models.Model):
    """One message, written once. Whether and how it arrived stands on its deliveries: it has one at least, and is
    forgotten with the last. It has no state of its own: owed -> (each of its deliveries is settled) -> forgotten.

    `subject` is a plain id of what the message is about (a coupon): no foreign key points upward. A message about a
    pass loses its shopper when that one is erased; every other message goes with the shopper.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    shopper = models.ForeignKey(
        Shopper, null=True, blank=True, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    subject = models.UUIDField()
    title = models.CharField(max_length=100, blank=True)
    body = models.CharField(max_length=240, blank=True)
    tag = models.CharField(
        max_length=64, blank=True, help_text="A later push with the same tag replaces the notification."
    )
    link = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "kind"], name="one_message_per_subject_and_kind")]
        indexes = [
            models.Index(fields=["shopper", "created_at"], name="message_by_shopper"),
        ]

    def __str__(self) -> str:
        return self.kind
