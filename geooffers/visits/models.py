"""Device state, visits, presence. There is no table of positions: no trail of anybody is kept."""

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from geooffers.sealing.columns import SealedBytes
from geooffers.shoppers.models import Device, Shopper
from merchants.models import Geofence


class DeviceState(models.Model):
    """What the visit engine needs of one device, packed by `visits.state.packing` and sealed by
    `visits.state.sealed_state`; changed by compare-and-set on `version`.

    Created with its device. `packed` holds the newest fix's time and cell, the last few fixes' uuids, and the fences
    the device is in; empty means nothing is known. Emptied on withdrawal of the last location consent; after
    STALE_AFTER every place leaves it, and only the newest time and the uuids stay (`transitions.at_rest`).
    """

    device = models.OneToOneField(Device, on_delete=models.CASCADE, primary_key=True, related_name="state")
    version = models.PositiveBigIntegerField(default=0)
    packed = SealedBytes(default=b"")
    # The minute of the last fix, null once no place is known: what the task `close_stale` looks for.
    last_fix_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["last_fix_at"], condition=Q(last_fix_at__isnull=False), name="state_with_fixes"),
        ]

    def __str__(self) -> str:
        return f"state v{self.version}"


class EndReason(models.TextChoices):
    LEFT = "left"
    STALE = "stale"
    WITHDRAWN = "withdrawn"
    PAUSED = "paused"
    FENCE_GONE = "fence_gone"
    SIGNED_IN = "signed_in"  # another account took over the device
    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"  # its holder revoked the device
    CROSSED = "crossed"  # drove through between two fixes
    CORRECTED = "corrected"  # a late fix showed that there was no such visit


class Visit(models.Model):
    """One stay of one shopper in one geofence; ends when none of their devices is inside."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shopper = models.ForeignKey(Shopper, null=True, on_delete=models.SET_NULL, related_name="visits")
    fence = models.ForeignKey(Geofence, on_delete=models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    # The first fix known was already inside: the entry itself was not seen.
    appeared_inside = models.BooleanField(default=False)
    dwelled_at = models.DateTimeField(null=True, blank=True)
    # Somebody on foot: at a drive-by fence perhaps long after the begin, or never.
    settled_at = models.DateTimeField(null=True, blank=True)
    # How sure the fixes made it that somebody was there, 0 to 1: the formula of docs/visits.md.
    confidence = models.FloatField(default=1.0)
    # When a phone that is gone was last known inside. The visit does not end before, whichever phone goes last.
    seen_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=10, choices=EndReason.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shopper", "fence"],
                condition=Q(ended_at__isnull=True),
                name="one_open_visit_per_shopper_and_fence",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="") | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
                name="visit_ends_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["began_at"], name="visit_by_begin"),
            models.Index(
                fields=["began_at"],
                condition=Q(ended_at__isnull=False, shopper__isnull=False),
                name="visit_to_forget",
            ),
        ]

    def __str__(self) -> str:
        return f"visit {str(self.id)[-6:]}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class Presence(models.Model):
    """One phone inside during a visit. Leaving deletes it; the visit ends when none remains."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="presences", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="presences")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["visit", "device"], name="one_presence_per_phone")]

    def __str__(self) -> str:
        return f"since {self.since:%H:%M}"
