"""Areas: what they are made of, merchants' geofences, and the numbered log that every process follows.

Every write goes through `merchants.fences.editing`, which appends to FenceChange; nothing else may save these rows.
"""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from merchants.models.people import User
from merchants.models.shops import Store


class AreaKind(models.TextChoices):
    CIRCLE = "circle"
    POLYGON = "polygon"


class Area(models.Model):
    """A circle (centre and radius) or a GeoJSON Polygon/MultiPolygon; never both."""

    kind = models.CharField(max_length=7, choices=AreaKind.choices)
    center_lat = models.FloatField(null=True, blank=True, help_text="Degrees, WGS84; circles only.")
    center_lon = models.FloatField(null=True, blank=True, help_text="Degrees, WGS84; circles only.")
    radius_m = models.FloatField(null=True, blank=True, help_text="Metres; circles only.")
    geometry = models.JSONField(null=True, blank=True, help_text="GeoJSON; polygons only.")
    # The box around all of it, a zone's buffer included; west is greater than east across 180 degrees. A row without
    # one (written past `merchants.fences.editing`) is looked at whatever the question.
    south = models.FloatField(null=True, editable=False)
    west = models.FloatField(null=True, editable=False)
    north = models.FloatField(null=True, editable=False)
    east = models.FloatField(null=True, editable=False)

    class Meta:
        abstract = True


def has_one_shape() -> Q:
    return Q(
        kind="circle",
        center_lat__isnull=False,
        center_lon__isnull=False,
        radius_m__isnull=False,
        geometry__isnull=True,
    ) | Q(
        kind="polygon",
        center_lat__isnull=True,
        center_lon__isnull=True,
        radius_m__isnull=True,
        geometry__isnull=False,
    )


class FenceTuning(models.TextChoices):
    """How much proof a visit needs: docs/visits.md has the rules, and what each costs."""

    WALK_IN = "walk_in", "somebody walks in (a car passing by is no visit)"
    DRIVE_BY = "drive_by", "whoever is seen inside, also passing by"


class FenceState(models.TextChoices):
    WAITING = "waiting", "waiting for an operator"
    LIVE = "live"
    ARCHIVED = "archived"


class Geofence(Area):
    """An area of a store that matters. Its primary key is the id in the matching index; the API shows `public_id`."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="geofences")
    name = models.CharField(max_length=100)
    dwell_s = models.PositiveIntegerField(
        "dwell (seconds)",
        default=300,
        validators=[MinValueValidator(30), MaxValueValidator(86_400)],
        help_text="A visit counts as dwelled after so many seconds inside.",
    )
    tuning = models.CharField(
        "a visit is",
        max_length=8,
        choices=FenceTuning.choices,
        default=FenceTuning.WALK_IN,
        help_text="Walking in needs good positions that agree, mostly two; passing by needs one position.",
    )
    state = models.CharField(max_length=8, choices=FenceState.choices, default=FenceState.WAITING)
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # The rule of a zone that was drawn over it, which sent it back to an operator.
    review_note = models.CharField(max_length=250, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=has_one_shape(), name="geofence_has_one_shape"),
        ]

    def __str__(self) -> str:
        return self.name


class FenceChange(models.Model):
    """One change of a fence or zone, numbered in commit order. Processes poll it to follow edits.

    A sequence would not do: number 1 may commit after number 2, and a poller that has seen 2 never looks for 1.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    # The id in the matching index: a geofence's primary key, or minus an exclusion zone's.
    index_id = models.BigIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"change {self.number} of {self.index_id}"


class FenceChangeCounter(models.Model):
    """The one row whose lock orders changes: it is updated in the transaction of every change."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last_number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="fencechangecounter_is_one_row")]

    def __str__(self) -> str:
        return str(self.last_number)
