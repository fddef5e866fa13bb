"""Events, how far each follower is, and what the first of them counts."""

from django.db import models
from django.db.models import Q

from geooffers.events.happened import EventKind


class Event(models.Model):
    """Something that happened. Written by `events.append` alone; nothing of it is changed but that its shopper goes.

    The ids are plain: an event outlives what it is about, and this room knows none of the rooms above.
    """

    # On PostgreSQL from a sequence, whose numbers appear out of order (`horizon`); SQLite's appear in order.
    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, choices=[(str(kind), str(kind)) for kind in EventKind])
    at = models.DateTimeField()
    # None: the event is about no shopper, or its visit is forgotten, or its shopper was erased.
    shopper_id = models.UUIDField(null=True)
    visit_id = models.UUIDField(null=True)
    coupon_id = models.UUIDField(null=True)
    offer_id = models.UUIDField(null=True)
    store_id = models.UUIDField(null=True)
    message_id = models.UUIDField(null=True)

    class Meta:
        indexes = [
            # An erasure and an export find a person's by the first, the forgetting a visit's by the second.
            models.Index(fields=["shopper_id"], condition=Q(shopper_id__isnull=False), name="event_by_shopper"),
            models.Index(
                fields=["visit_id"],
                condition=Q(visit_id__isnull=False, shopper_id__isnull=False),
                name="event_of_visit_to_forget",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.kind}"


class EventFollower(models.Model):
    """How far a follower is, and which worker follows for it now.

    free -> leased -> free            by the worker that has it, or when `lease_until` is over
    """

    name = models.CharField(max_length=40, primary_key=True)
    delivered = models.PositiveBigIntegerField(default=0, help_text="Every event up to this number.")
    complete_at = models.DateTimeField(
        null=True, blank=True, help_text="Every event that was appended before this has been delivered."
    )
    holder = models.CharField(max_length=80, blank=True)
    lease = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="How often in a row its handler has failed.")
    missed = models.PositiveBigIntegerField(default=0, help_text="Events that were pruned before it read them.")

    def __str__(self) -> str:
        return self.name


class EventCount(models.Model):
    """How many events of a kind there were in an hour (UTC), as the follower `figures` has counted them."""

    kind = models.CharField(max_length=20)
    hour = models.DateTimeField()
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hour", "kind"], name="one_count_per_hour_and_kind")]

    def __str__(self) -> str:
        return f"{self.count} {self.kind}"
