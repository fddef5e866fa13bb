"""Shoppers, devices, consent.

Foreign keys point up to nothing here: visits, coupons and pushes point down to these rows.
"""

import secrets

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from geooffers.shoppers.data_request_models import DataRequest, DataRequestKind, Export, Tombstone, TombstoneKind

__all__ = ["DataRequest", "DataRequestKind", "Export", "Tombstone", "TombstoneKind"]


def new_ledger_key() -> bytes:
    """32 random bytes. Redemptions carry an HMAC under it; discarding it makes them nobody's."""
    return secrets.token_bytes(32)


class Shopper(models.Model):
    """A person who holds coupons: anonymous until a Firebase account signs in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    firebase_uid = models.CharField(max_length=128, null=True, blank=True, unique=True)
    language = models.CharField(max_length=35, default="en", help_text="BCP 47 tag chosen in the app.")
    ledger_key = models.BinaryField(max_length=32, default=new_ledger_key, editable=False)
    created_at = models.DateTimeField()
    # An anonymous shopper ends when its device signs in to an account.
    ended_at = models.DateTimeField(null=True, blank=True)
    # The account it became: whoever erases the account erases its past as well.
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    # Erased: the row is empty, and goes when the round has taken everything that still points at it.
    erasure = models.ForeignKey(DataRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"shopper {str(self.id)[-6:]}"

    @property
    def is_anonymous(self) -> bool:
        return self.firebase_uid is None


class PushKind(models.TextChoices):
    """How Firebase addresses the app: an installation id, or the older registration token."""

    FID = "fid"
    TOKEN = "token"  # noqa: S105  # a kind of address, not a password


class Device(models.Model):
    """One installation of the app. It authenticates by a token that the phone made; only the SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="devices")
    install_id = models.UUIDField(unique=True, help_text="Random, made by the app at installation.")
    token_hash = models.BinaryField(max_length=32, unique=True)
    # A repeated sign-in call still shows the old token when its answer was lost; nothing else accepts it.
    previous_token_hash = models.BinaryField(max_length=32, null=True, blank=True, unique=True)
    platform = models.CharField(max_length=10, choices=[("android", "Android"), ("ios", "iOS"), ("web", "Web")])
    app_version = models.CharField(max_length=40, blank=True)
    push_kind = models.CharField(max_length=5, choices=PushKind.choices, blank=True)
    push_address = models.CharField(max_length=512, blank=True)
    push_renewed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # One address, one device: a second device that shows it takes it over, the older row is emptied.
            models.UniqueConstraint(
                fields=["push_address"], condition=~Q(push_address=""), name="device_push_address_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(push_address="", push_kind="") | (~Q(push_address="") & ~Q(push_kind="")),
                name="device_push_address_has_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.platform} device {str(self.id)[-6:]}"


class Purpose(models.TextChoices):
    """What a shopper may agree to. The first two are held by device and holder, the others by the shopper."""

    LOCATION_FOREGROUND = "location_foreground"
    LOCATION_BACKGROUND = "location_background"
    MARKETING_PUSH = "marketing_push"
    ANALYTICS = "analytics"


LOCATION_PURPOSES = frozenset({Purpose.LOCATION_FOREGROUND, Purpose.LOCATION_BACKGROUND})


class ConsentText(models.Model):
    """The words that were shown. Published, never changed: a new wording is a new version."""

    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    language = models.CharField(max_length=35)
    version = models.PositiveIntegerField()
    body = models.TextField()
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["purpose", "language", "version"]
        constraints = [
            models.UniqueConstraint(fields=["purpose", "language", "version"], name="consent_text_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.language} v{self.version}"


class ReceiptSource(models.TextChoices):
    APP = "app"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"


class ConsentReceipt(models.Model):
    """Append-only proof that a purpose was agreed to or withdrawn: which text, when, how.

    An erasure leaves purpose, text, time, and a pseudonym that ties one person's receipts together.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shopper = models.ForeignKey(Shopper, null=True, on_delete=models.PROTECT, related_name="receipts")
    pseudonym = models.BinaryField(max_length=32, null=True, editable=False)
    # Set for the location purposes, which belong to a device and its holder.
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.PROTECT, related_name="receipts")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    given = models.BooleanField()
    source = models.CharField(max_length=10, choices=ReceiptSource.choices)
    app_version = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(shopper__isnull=False, pseudonym__isnull=True)
                | Q(shopper__isnull=True, pseudonym__isnull=False, device__isnull=True),
                name="receipt_is_somebodys_or_a_pseudonyms",
            ),
        ]
        indexes = [models.Index(fields=["shopper", "at"], name="receipt_by_shopper")]

    def __str__(self) -> str:
        return f"{self.purpose} {'given' if self.given else 'withdrawn'} {self.at:%Y-%m-%d %H:%M}"


class ConsentState(models.Model):
    """One row per holder and purpose, changed in the transaction of its receipt.

    Reports read it; the claim and the withdrawal lock it. Receipts alone could not be locked: a withdrawal would
    be an INSERT that conflicts with nothing, and a claim committed after it.
    """

    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="consents")
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    given = models.BooleanField()
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device", "purpose"], condition=Q(device__isnull=False), name="one_consent_per_device"
            ),
            models.UniqueConstraint(
                fields=["shopper", "purpose"],
                condition=Q(device__isnull=True),
                name="one_consent_per_shopper",
            ),
            models.CheckConstraint(
                condition=Q(device__isnull=False, purpose__in=["location_foreground", "location_background"])
                | Q(device__isnull=True, purpose__in=["marketing_push", "analytics"]),
                name="consent_has_the_right_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {'given' if self.given else 'withdrawn'}"
