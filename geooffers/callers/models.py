"""What is remembered of callers: replies already given, and how often they called.

The caller is text (kind and a name), no foreign key: these rows hold no codes and no tokens.
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
