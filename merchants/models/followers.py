"""The processes that follow the fences, as they last told of themselves."""

from django.db import models


class FenceFollower(models.Model):
    """A row a process, written by `merchants.live_fences.heartbeats` and read by the operators' page. Nothing else
    rests on it: a process that cannot write it matches as before.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    host = models.CharField(max_length=60)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    last_number = models.PositiveBigIntegerField(help_text="The last change of a fence that it has taken in.")
    lag_s = models.FloatField(null=True, help_text="How old the oldest change was that it took in lately.")
    areas = models.PositiveIntegerField(help_text="Live fences and active zones.")
    changes = models.PositiveIntegerField(help_text="How many of them changed since its base was built.")
    base = models.CharField(max_length=80, blank=True, help_text="The base that it maps; none when it is in memory.")
    base_built_at = models.DateTimeField(null=True)
    disk_bytes = models.PositiveBigIntegerField(default=0, help_text="What bases take on its machine's disk.")

    class Meta:
        verbose_name = "process with the matching index"
        verbose_name_plural = "matching index"
        ordering = ["host", "pid"]

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"
