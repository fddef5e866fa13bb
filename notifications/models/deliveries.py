"""One message on its way over one channel to one address."""

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from geooffers.shoppers.models import Device, Shopper
from notifications.models.messages import Message


class Channel(models.TextChoices):
    """A way to somebody. One file each in `notifications/channels/` knows the vendor behind it.

    Apple Wallet is none yet: Apple asks a service of ours for a changed pass, and that service does not exist.
    """

    FCM = "fcm"
    GOOGLE_WALLET = "google_wallet"


class DeliveryState(models.TextChoices):
    """
    ::

        owed -> ready --claim--> claimed --settle--> sent       the vendor took it
                 |  ^               |           |--> dead       it never will, or was tried too often
                 |  |--- retry -----|           '--> expired    too late for another try
                 |  |--- lease over, nothing tried, or owed again meanwhile
                 |
                 |--judged at a claim--> expired      its time was over before it was sent
                 |           |---------> dead         its leases were over too often
                 |           '---------> cancelled    consent, guard or address is gone
                 |--cancelled----------> cancelled    the coupon is used up, the consent withdrawn, the phone handed on
                 '--told---------------> sent         a pass: the link that saves it said all of it already

        sent, dead, expired, cancelled --owed again--> ready    passes alone

    A settled delivery stays as it is, but for that of a pass that changes again.
    """

    READY = "ready"
    CLAIMED = "claimed"
    SENT = "sent"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DEAD = "dead"


SETTLED = (DeliveryState.SENT, DeliveryState.EXPIRED, DeliveryState.CANCELLED, DeliveryState.DEAD)


class Delivery(models.Model):
    """Its id is the `delivery_id` that the app de-duplicates on.

    It goes to a device, whose address is asked for when it is claimed, or to an address of its own, which for a pass is
    the serial. `shopper` is the message's, once more: the claim locks this row and not the message, so what a sign-in
    changes must stand here.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    address = models.CharField(max_length=100, blank=True)
    shopper = models.ForeignKey(
        Shopper, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    not_before = models.DateTimeField()
    state = models.CharField(max_length=9, choices=DeliveryState.choices, default=DeliveryState.READY)
    reason = models.CharField(max_length=60, blank=True, help_text="Why it was settled as it was.")
    # Raised by every claim; a settle carries the lease it was claimed under and changes nothing under another.
    lease = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # How often it was owed again. A claim notes the number; when it has grown meanwhile, there is more to tell.
    renewals = models.PositiveIntegerField(default=0)
    provider_id = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["ready", "claimed"], settled_at__isnull=True)
                | Q(state__in=["sent", "expired", "cancelled", "dead"], settled_at__isnull=False),
                name="delivery_is_settled_once",
            ),
            models.CheckConstraint(
                condition=Q(device__isnull=False, address="") | (Q(device__isnull=True) & ~Q(address="")),
                name="delivery_has_one_destination",
            ),
            models.UniqueConstraint(fields=["message", "channel", "device"], name="one_delivery_per_device"),
            models.UniqueConstraint(
                fields=["message", "channel", "address"], condition=~Q(address=""), name="one_delivery_per_address"
            ),
        ]
        indexes = [
            models.Index(fields=["channel", "not_before", "id"], condition=Q(state="ready"), name="delivery_ready"),
            models.Index(fields=["channel", "lease_until"], condition=Q(state="claimed"), name="delivery_claimed"),
            models.Index(fields=["settled_at"], condition=Q(settled_at__isnull=False), name="delivery_to_forget"),
            models.Index(fields=["shopper", "state"], name="delivery_by_shopper"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"
