"""What the API remembers of its callers: replies already given, how often they called, and what was not used.

The caller is text (kind and id), no foreign key: these rows outlive nobody and hold no codes and no tokens.
"""

from django.db import models


class StoredReply(models.Model):
    """The answer to a write with an Idempotency-Key. `body` holds ids, never codes or tokens.

    `status` is null while the first request is still running.
    """

    caller = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="one_reply_per_key")]
        indexes = [models.Index(fields=["created_at"], name="reply_by_time")]

    def __str__(self) -> str:
        return f"{self.caller} {self.status}"


class RateCount(models.Model):
    """Calls of one caller in one window; counted by a single upsert, so the limit is exact."""

    caller = models.CharField(max_length=120)
    window_start = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "window_start"], name="one_count_per_window")]
        indexes = [models.Index(fields=["window_start"], name="rate_by_window")]

    def __str__(self) -> str:
        return str(self.count)


class DroppedFixes(models.Model):
    """Fixes acknowledged and not used in one hour: how many, why, and which way they came. Nobody's in particular."""

    hour = models.DateTimeField()
    client = models.CharField("came by", max_length=30)
    reason = models.CharField(max_length=60)
    count = models.PositiveBigIntegerField("fixes")

    class Meta:
        verbose_name = verbose_name_plural = "dropped fixes"
        constraints = [models.UniqueConstraint(fields=["hour", "client", "reason"], name="one_count_of_dropped_fixes")]

    def __str__(self) -> str:
        return f"{self.count} {self.reason}"
