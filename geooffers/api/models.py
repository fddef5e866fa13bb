"""What the API acknowledged and did not use."""

from django.db import models


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
