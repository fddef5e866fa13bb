"""Who opened shoppers' data, why, for how long, and what they looked at.

Operators are named as text: the rows outlive their accounts. Of a shopper's row no more than its last six digits stand
here, as the admin calls it, so that these rows lead to nobody who was erased.
"""

from datetime import datetime

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import F, Q


class Grant(models.Model):
    """An operator said why they need to see shoppers' data."""

    operator_id = models.BigIntegerField(editable=False)
    operator = models.CharField(max_length=150, editable=False)
    reason = models.CharField(
        max_length=200,
        validators=[MinLengthValidator(15, "Say it so that somebody else understands it in a year.")],
        help_text="What for: a ticket, a request, an incident. It is kept, and other operators read it.",
    )
    opened_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(editable=False)
    # Closed by hand before.
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "access to shoppers' data"
        verbose_name_plural = "access to shoppers' data"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("opened_at")), name="grant_ends_after_it_begins"),
        ]
        indexes = [
            models.Index(fields=["operator_id", "ends_at"], name="grant_by_operator"),
            models.Index(fields=["opened_at"], name="grant_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.operator} {self.opened_at:%Y-%m-%d %H:%M}"

    def is_open(self, now: datetime) -> bool:
        return self.closed_at is None and self.opened_at <= now < self.ends_at


class Look(models.Model):
    """One page with shoppers' data that an operator opened."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="looks")
    page = models.CharField(max_length=80, help_text="The table, and list or history.")
    row = models.CharField(max_length=80, blank=True, help_text="As the admin calls it; empty for a list.")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "look at shoppers' data"
        verbose_name_plural = "looks at shoppers' data"
        indexes = [models.Index(fields=["at"], name="look_by_time")]

    def __str__(self) -> str:
        return f"{self.page} {self.row}".strip()
