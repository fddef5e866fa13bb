"""Shoppers, devices, consent.

Foreign keys point up to nothing here: visits, coupons and pushes point down to these rows.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from geooffers.jurisdictions.column import JurisdictionField
from geooffers.shoppers.data_request_models import DataRequest, DataRequestKind, Export, Tombstone, TombstoneKind

__all__ = ["DataRequest", "DataRequestKind", "Export", "Tombstone", "TombstoneKind"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A shopper's newest pause, if they ever paused: from `starts_at` to the first moment after it."""

    starts_at: datetime | None
    ends_at: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Also of a moment that has gone by: what a phone recorded in a pause is not looked at after it either."""
        if self.starts_at is None or self.ends_at is None:
            return False
        return self.starts_at <= moment < self.ends_at


class Age(models.TextChoices):
    """What a phone's app store says of its owner's age, if it says anything: the categories that stores pass on."""

    UNKNOWN = "unknown"
    UNDER_13 = "under_13"
    FROM_13 = "13_15"
    FROM_16 = "16_17"
    ADULT = "18_plus"


# The lowest age of each category. Nobody's: unknown.
YOUNGEST = {Age.UNDER_13: 0, Age.FROM_13: 13, Age.FROM_16: 16, Age.ADULT: 18}


class Shopper(models.Model):
    """A person who holds coupons: anonymous until a Firebase account signs in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    firebase_uid = models.CharField(max_length=128, null=True, blank=True, unique=True)
    language = models.CharField(max_length=35, default="en", help_text="BCP 47 tag chosen in the app.")
    ledger_key = models.BinaryField(max_length=32, default=secrets.token_bytes, editable=False)
    created_at = models.DateTimeField()
    # An anonymous shopper ends when its device signs in to an account.
    ended_at = models.DateTimeField(null=True, blank=True)
    # The youngest that any of their phones' app stores says (`shoppers.consents.ages`), and where they say that they
    # live.
    age = models.CharField(max_length=8, choices=Age.choices, default=Age.UNKNOWN)
    jurisdiction = JurisdictionField(blank=True, default="")
    # The newest pause, over or not: from its first moment to the first one after it. `shoppers.consents.pauses` writes
    # it here and, where claims and reports lock, on each consent state.
    paused_from = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    # The account it became: when the account is erased, this row is as well.
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    # Erased: the row is empty, and goes when the task `erase` has taken everything that still points at it.
    erasure = models.ForeignKey(DataRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(paused_from__isnull=True, paused_until__isnull=True)
                | Q(paused_from__isnull=False, paused_until__isnull=False, paused_until__gte=models.F("paused_from")),
                name="shopper_pause_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"shopper {str(self.id)[-6:]}"

    @property
    def pause(self) -> Pause:
        return Pause(starts_at=self.paused_from, ends_at=self.paused_until)

    def is_paused(self, moment: datetime) -> bool:
        return self.pause.holds(moment)

    @property
    def is_anonymous(self) -> bool:
        return self.firebase_uid is None


class PushKind(models.TextChoices):
    """How Firebase addresses the app: an installation id, or the older registration token."""

    FID = "fid"
    TOKEN = "token"  # noqa: S105  # a kind of address, not a password


class Integrity(models.TextChoices):
    """What a phone's platform said of it and of the app. Nothing: it was not asked, or could not say."""

    PASSED = "passed"
    FAILED = "failed"


class Device(models.Model):
    """One installation of the app. It authenticates by a token that the phone made; a hash of it is kept (`tokens`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="devices")
    install_id = models.UUIDField(unique=True, help_text="Random, made by the app at installation.")
    token_hash = models.BinaryField(max_length=32, unique=True)
    # A repeated call still shows the token before when the answer that changed it was lost
    # (`shoppers.identity.tokens`). Beyond that it is good for nothing, or after a plain renewal until this moment, or
    # until the new one is used.
    previous_token_hash = models.BinaryField(max_length=32, null=True, blank=True, unique=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    # How often a holder has left it: signed out, revoked it, or given it to who signed in to another account.
    hand_overs = models.PositiveIntegerField(default=0)
    platform = models.CharField(max_length=10, choices=[("android", "Android"), ("ios", "iOS"), ("web", "Web")])
    app_version = models.CharField(max_length=40, blank=True)
    age_signal = models.CharField(max_length=8, choices=Age.choices, default=Age.UNKNOWN)
    # When the app last vouched for itself by Firebase App Check, if that is asked for.
    attested_at = models.DateTimeField(null=True, blank=True)
    # What Google Play last said of phone and app, if that is asked for, and when.
    integrity = models.CharField(max_length=6, choices=Integrity.choices, blank=True)
    integrity_at = models.DateTimeField(null=True, blank=True)
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
# What a pause stops. Figures of last week disturb nobody, and in a pause nothing is added to them.
PAUSED_PURPOSES = LOCATION_PURPOSES | {Purpose.MARKETING_PUSH}

# The end of a pause "until I say so". A database compares it like any other time.
UNTIL_RESUMED = datetime(9999, 1, 1, tzinfo=UTC)


LANGUAGE_TAG = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"


class ConsentText(models.Model):
    """The words that are shown: a draft, or a published version. `shoppers.consents.texts` publishes and says what that
    means.

    Published, never changed, by a trigger of the database's: a new wording is a new version. What alone is written
    later is when the meaning of its purpose moved on.
    """

    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    language = models.CharField(
        max_length=35,
        validators=[RegexValidator(LANGUAGE_TAG, "Write a language as en, de or pt-BR.")],
        help_text="As en, de or pt-BR.",
    )
    version = models.PositiveIntegerField(null=True, blank=True, editable=False)
    body = models.TextField(max_length=4000)
    renews = models.BooleanField(
        "new meaning",
        default=False,
        help_text="Tick it when more, or something else, is agreed to than before: from the moment of publishing, "
        "consents to every older text of this purpose, in all languages, do not count any more. "
        "Without it this text says what the published ones say, in other words or in another language.",
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    outdated_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["purpose", "language", "version"]
        constraints = [
            models.UniqueConstraint(fields=["purpose", "language", "version"], name="consent_text_is_unique"),
            models.UniqueConstraint(
                fields=["purpose", "language"],
                condition=Q(published_at__isnull=True),
                name="one_draft_of_a_consent_text",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, version__isnull=True, outdated_at__isnull=True)
                | Q(published_at__isnull=False, version__isnull=False),
                name="consent_text_is_draft_or_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.language} " + ("draft" if self.version is None else f"v{self.version}")


class ReceiptSource(models.TextChoices):
    APP = "app"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    LAW = "law"  # the age, or the law of where they live, does not allow it any more
    REVOKED = "revoked"


class ConsentReceipt(models.Model):
    """Append-only proof that a purpose was agreed to or withdrawn: which text, when, how.

    An erasure leaves purpose, text, time, and a pseudonym that ties one person's receipts together.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shopper = models.ForeignKey(Shopper, null=True, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    pseudonym = models.BinaryField(max_length=32, null=True, editable=False)
    # Set for the location purposes, which belong to a device and its holder.
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.PROTECT, related_name="receipts")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    given = models.BooleanField()
    source = models.CharField(max_length=10, choices=ReceiptSource.choices)
    app_version = models.CharField(max_length=40, blank=True)
    # What the app spoke at that moment; the text has a language of its own.
    locale = models.CharField(max_length=35, blank=True)
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
    # The shopper's pause, on the row that a claim and a report lock: beside it, on the shopper alone, a claim that had
    # read the shopper before the pause would commit after it. Null for purposes that a pause does not stop.
    paused_until = models.DateTimeField(null=True, blank=True)

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
