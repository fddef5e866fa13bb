"""What stays when somebody asked for their data or for its end: an audit row and tombstones, without a name."""

import uuid

from django.db import models
from django.db.models import Q


class DataRequestKind(models.TextChoices):
    ACCESS = "access"
    ERASURE = "erasure"


class DataRequest(models.Model):
    """Somebody asked for a copy of their data, or for its erasure. Its id is what they were told; who they were is not
    here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=7, choices=DataRequestKind.choices)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    # How many rows of what were handed over or erased.
    rows = models.JSONField(default=dict, blank=True)
    # The erasure was applied to a database that did not know of it: a restored backup, or a commit that failed.
    from_file = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["asked_at"], name="data_request_by_time"),
            models.Index(fields=["asked_at"], condition=Q(done_at__isnull=True), name="data_request_open"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.asked_at:%Y-%m-%d %H:%M}"


class TombstoneKind(models.TextChoices):
    SHOPPER = "shopper"
    TOKEN = "token"  # noqa: S105  # a kind of tombstone, not a password


class Tombstone(models.Model):
    """The mirror of one HMAC in the file of tombstones: this database has erased whom it stands for."""

    digest = models.BinaryField(max_length=32, unique=True)
    key_id = models.CharField(max_length=20)
    kind = models.CharField(max_length=7, choices=TombstoneKind.choices)
    request_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="tombstone_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Export(models.Model):
    """A copy of one shopper's data that is being made, or waits to be fetched: once, by the link that was told.

    Of the link only the hash is kept, so another call for it makes another link.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    shopper = models.OneToOneField("shoppers.Shopper", on_delete=models.CASCADE, related_name="export")
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="+")
    token_hash = models.BinaryField(max_length=32, unique=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # gzip of JSON, sealed (`exports`); null while it is being made.
    body = models.BinaryField(null=True)
    # Of the key it is sealed under: a body is far too large for an index.
    key_id = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(body__isnull=True), name="export_to_make"),
            models.Index(fields=["expires_at"], name="export_by_end"),
            models.Index(fields=["key_id"], condition=Q(body__isnull=False), name="export_by_key"),
        ]

    def __str__(self) -> str:
        return f"export {self.asked_at:%Y-%m-%d %H:%M}"
