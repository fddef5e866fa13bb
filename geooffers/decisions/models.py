"""What was decided at a moment, and when a shopper was last disturbed."""

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from geooffers.coupons.models import Coupon
from geooffers.decisions.choosing import Outcome
from geooffers.shoppers.models import Shopper
from geooffers.visits.models import Visit
from merchants.models import Offer, Store


class MomentKind(models.TextChoices):
    BEGAN = "began"
    SETTLED = "settled"
    DWELLED = "dwelled"
    ASKED = "asked"  # the shopper asked for the offer during the visit


class MessageOutcome(models.TextChoices):
    """What became of the visible message about the coupon. Without one the coupon is in the answer and in the list."""

    OWED = "owed"
    TOO_SOON = "too_soon"  # another visible message was owed within the ten minutes before
    NO_CONSENT = "no_consent"  # the shopper does not allow marketing pushes
    TOO_LATE = "too_late"  # the moment was told minutes after it happened
    DOUBTED = "doubted"  # the positions look made up
    BARRED = "barred"  # no merchant of this trade may push from where its shop is
    ASKED = "asked"  # the shopper has the app open


class Decision(models.Model):
    """What was decided at one moment of a visit, by which policy, with every candidate's outcome and reason.

    A moment without candidates leaves no row: nothing was decided.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shopper = models.ForeignKey(Shopper, null=True, on_delete=models.SET_NULL, related_name="decisions")
    visit = models.ForeignKey(Visit, null=True, on_delete=models.SET_NULL, related_name="decisions")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    moment = models.CharField(max_length=7, choices=MomentKind.choices)
    outcome = models.CharField(max_length=11, choices=[(each.value, each.value.replace("_", " ")) for each in Outcome])
    # What was chosen, and the coupon that it became: both or neither, until the coupon or its shopper is forgotten.
    offer = models.ForeignKey(Offer, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    coupon = models.ForeignKey(Coupon, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    message = models.CharField(
        max_length=10, choices=MessageOutcome.choices, blank=True, help_text="Empty without a coupon."
    )
    policy = models.CharField(max_length=40, help_text="Name and version of what ranked the candidates.")
    propensity = models.FloatField(
        default=1.0,
        help_text="How likely this policy was to decide as it did, given the same facts: above 0, at most 1; "
        "1 for one that leaves nothing to chance.",
    )
    # [{"offer": id, "outcome": Outcome, "reason": Reason, "score": 0 to 1 or null}, ...]: the eligible first, best
    # first. `deciding.kept` bounds it; `left_out` says how many candidates more there were.
    candidates = models.JSONField(default=list)
    left_out = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(propensity__gt=0, propensity__lte=1), name="decision_propensity_is_a_probability"
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.CHOSEN, offer__isnull=False)
                | (~Q(outcome=Outcome.CHOSEN) & Q(offer__isnull=True, coupon__isnull=True, message="")),
                name="decision_offer_where_one_was_chosen",
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="decision_by_time"),
            models.Index(fields=["at"], condition=Q(shopper__isnull=False), name="decision_to_forget"),
            models.Index(fields=["coupon"], condition=Q(coupon__isnull=False), name="decision_by_coupon"),
        ]

    def __str__(self) -> str:
        return f"{self.moment}: {self.outcome}"


class Interruption(models.Model):
    """One row per shopper: when a visible message was last owed to them, over all merchants and phones.

    A transaction that may owe one locks it (docs/locking.md: between consent state and device state).
    """

    shopper = models.OneToOneField(Shopper, on_delete=models.CASCADE, primary_key=True, related_name="interruption")
    last_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"last {self.last_at:%Y-%m-%d %H:%M}" if self.last_at else "never"
