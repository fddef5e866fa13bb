"""The one door through which every write to geofences and exclusion zones goes.

docs/fences.md draws the way of an edit: update that page too.

Each write appends a FenceChange, by which the index of every process follows (`merchants.live_fences`). Its number
comes from a single row, updated in the same transaction: whoever changes a fence waits there for the one before to
commit, so numbers appear in order. With a sequence, number 1 could commit after number 2, and a process that had
already seen 2 would never look for 1.

The counter is the last lock of the transaction, and these functions take nothing after it.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from merchants import access, geometry
from merchants.fence_areas import Row, checked_area, fill_in, index_id, stored_area
from merchants.geometry import GeometryRefused
from merchants.models import (
    ExclusionZone,
    FenceChange,
    FenceChangeCounter,
    FenceState,
    Geofence,
    Store,
    User,
)

AREA_FIELDS = ["kind", "center_lat", "center_lon", "radius_m", "geometry", "changed_at"]


class FenceArchived(Exception):
    """The fence was archived and is not changed any more; draw a new one."""


class FenceNotWaiting(Exception):
    """The fence does not wait for an operator: it is live already, or archived."""


class OperatorsOnly(Exception):
    """Only an operator of the platform may do this."""


def check_fence(*, fence: Geofence) -> None:
    """What `put_fence` would refuse, for a form to show beside its field: `geometry.GeometryRefused`."""
    area = checked_area(fence)
    geometry.check_near_store(area, store_lat=fence.store.lat, store_lon=fence.store.lon)
    for zone in ExclusionZone.objects.filter(active=True):
        if geometry.overlap(area, stored_area(zone)):
            # The rule, never the place: a merchant is not to learn from us where a clinic is.
            raise GeometryRefused("sensitive_place", f"nobody is tracked in a part of this area: {zone.rule}")
    fill_in(fence, area)


def put_fence(*, fence: Geofence, by: User) -> Geofence:
    """Write a new fence, or the edited fields of one that is there.

    A merchant's fences wait for an operator until one of them has been approved. What an operator draws is live.
    An edit leaves the state as it is in the database, whatever the form had read before.
    """
    check_fence(fence=fence)
    with transaction.atomic():
        if fence._state.adding:
            if access.is_operator(by):
                fence.state, fence.approved_by = FenceState.LIVE, by
            else:
                known = Geofence.objects.filter(store__merchant_id=fence.store.merchant_id, approved_by__isnull=False)
                fence.state = FenceState.LIVE if known.exists() else FenceState.WAITING
            fence.save(force_insert=True)
        else:
            _lock(fence, but_not=FenceState.ARCHIVED, refusal=FenceArchived)
            fence.save(update_fields=["store", "name", "dwell_s", "tuning", *AREA_FIELDS])
        _append([index_id(fence)])
    return fence


def approve_fence(*, fence: Geofence, by: User) -> None:
    if not access.is_operator(by):
        raise OperatorsOnly
    with transaction.atomic():
        waiting = Geofence.objects.filter(pk=fence.pk, state=FenceState.WAITING)
        if waiting.update(state=FenceState.LIVE, approved_by=by) != 1:
            raise FenceNotWaiting
        _append([index_id(fence)])
    fence.refresh_from_db(fields=["state", "approved_by"])


def archive_fence(*, fence: Geofence) -> None:
    """Archiving twice is harmless."""
    with transaction.atomic():
        standing = Geofence.objects.filter(pk=fence.pk).exclude(state=FenceState.ARCHIVED)
        if standing.update(state=FenceState.ARCHIVED) == 1:
            _append([index_id(fence)])
    fence.refresh_from_db(fields=["state"])


def put_zone(*, zone: ExclusionZone, by: User) -> ExclusionZone:
    """Write a new or edited exclusion zone; `active=False` lifts it. Fences under it stay, and it beats them."""
    if not access.is_operator(by):
        raise OperatorsOnly
    fill_in(zone, checked_area(zone))
    with transaction.atomic():
        zone.save()
        _append([index_id(zone)])
    return zone


def store_changed(*, store: Store) -> None:
    """To be called in the transaction that archives a store, or brings it back: its fences leave or join the index."""
    with transaction.atomic():
        _append(Geofence.objects.filter(store=store).order_by("pk").values_list("pk", flat=True))


def _lock(row: Row, *, but_not: FenceState, refusal: type[Exception]) -> None:
    state = Geofence.objects.select_for_update().values_list("state", flat=True).get(pk=row.pk)
    if state == but_not:
        raise refusal


def _append(index_ids: Iterable[int]) -> None:
    """Number the changes and write them down. The counter's row stays locked until the transaction ends."""
    ids = list(index_ids)
    if not ids:
        return
    last = _take_numbers(len(ids))
    FenceChange.objects.bulk_create(
        FenceChange(number=number, index_id=changed) for number, changed in enumerate(ids, start=last - len(ids) + 1)
    )


def _take_numbers(count: int) -> int:
    counter = FenceChangeCounter.objects.filter(pk=1)
    if counter.update(last_number=F("last_number") + count) == 0:
        # The first change ever. Two at once: one inserts, the other does nothing, and both go on to the update.
        FenceChangeCounter.objects.bulk_create([FenceChangeCounter(pk=1)], ignore_conflicts=True)
        counter.update(last_number=F("last_number") + count)
    return counter.values_list("last_number", flat=True).get()
