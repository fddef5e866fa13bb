"""Leases of the periodic tasks, and the trace that the forgetting leaves."""

from django.db import models


class TaskLease(models.Model):
    """Which worker runs a periodic task now, and until when. Any number of workers share the tasks through it.

    free (`until` is null) -> leased -> free     given back, well or not
                              leased -> leased   renewed while it runs, or taken over once `until` is past
    """

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=80, blank=True)
    lease = models.PositiveBigIntegerField(default=0, help_text="Counts how often it was taken.")
    until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True, help_text="When the run began that goes on.")
    last_run_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True, help_text="When it last ended without a fault.")
    failures = models.PositiveIntegerField(default=0, help_text="How often in a row it has ended in a fault since.")
    overruns = models.PositiveIntegerField(
        default=0, help_text="How often a run took longer than its lease, or its worker died with it."
    )
    overran_at = models.DateTimeField(null=True, blank=True, help_text="When that was last noticed.")

    def __str__(self) -> str:
        return self.name


class Forgotten(models.Model):
    """What one run of the forgetting did to one table: a count, and no names."""

    what = models.CharField(max_length=40)
    rows = models.PositiveIntegerField()
    before = models.DateTimeField(help_text="Everything older than this was forgotten.")
    at = models.DateTimeField()
    took_ms = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "forgotten rows"
        ordering = ["-at"]
        indexes = [models.Index(fields=["at"], name="forgotten_by_time")]

    def __str__(self) -> str:
        return f"{self.rows} {self.what}"
