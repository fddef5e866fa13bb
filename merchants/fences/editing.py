"""The one door through which every write to geofences and exclusion zones goes.

docs/fences.md draws the way of an edit: update that page too.

Each write appends a FenceChange, by which the index of every process follows (`merchants.live_fences.live_fences`). The
counter that numbers them is the first lock of each transaction here (`merchants.fences.changes` says why), so what was
looked at before it is looked at again behind it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction

from geooffers.jurisdictions import configured
from geooffers.jurisdictions.rules import PlaceKind
from geooffers.matching.areas import Area
from merchants.fences import changes, geometry
from merchants.fences.areas import checked_area, fill_in, fill_in_zone, index_id, stored_area
from merchants.fences.geometry import GeometryRefused
from merchants.models import (
    ExclusionZone,
    FenceState,
    Geofence,
    Store,
    User,
    ZoneImport,
)
from merchants.people import access
from merchants.zones import overlaps

AREA_FIELDS = [
    "kind", "center_lat", "center_lon", "radius_m", "geometry", "south", "west", "north", "east", "changed_at",
]  # fmt: skip


class FenceArchived(Exception):
    """The fence was archived and is not changed any more; draw a new one."""


class FenceNotWaiting(Exception):
    """The fence does not wait for an operator: it is live already, or archived."""


class ZoneImported(Exception):
    """An imported zone is not edited: the next version of its source would bring it back. Change the file."""


class RuleNeeded(Exception):
    """Say why nobody is tracked there: the law of its jurisdiction says nothing about such a place."""


class OperatorsOnly(Exception):
    """Only an operator of the platform may do this."""


def check_fence(*, fence: Geofence) -> None:
    """What `put_fence` would refuse, for a form to show beside its field: `geometry.GeometryRefused`."""
    area = checked_area(fence)
    geometry.check_near_store(area, store_lat=fence.store.lat, store_lon=fence.store.lon)
    _refuse_over_a_zone(area)
    fill_in(fence, area)


def put_fence(*, fence: Geofence, by: User) -> Geofence:
    """Write a new fence, or the edited fields of one that is there.

    A merchant's fences wait for an operator until one of them has been approved. What an operator draws is live.
    An edit leaves the state as it is in the database, whatever the form had read before.
    """
    check_fence(fence=fence)
    with transaction.atomic():
        changes.hold()
        _refuse_over_a_zone(stored_area(fence))
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
        changes.append([index_id(fence)])
    return fence


def approve_fence(*, fence: Geofence, by: User) -> None:
    """A fence over a zone is not approved, however long it was there before the zone."""
    if not access.is_operator(by):
        raise OperatorsOnly
    with transaction.atomic():
        changes.hold()
        waiting = Geofence.objects.filter(pk=fence.pk, state=FenceState.WAITING)
        for row in waiting:
            _refuse_over_a_zone(stored_area(row))
        if waiting.update(state=FenceState.LIVE, approved_by=by, review_note="") != 1:
            raise FenceNotWaiting
        changes.append([index_id(fence)])
    fence.refresh_from_db(fields=["state", "approved_by", "review_note"])


def archive_fence(*, fence: Geofence) -> None:
    """Archiving twice is harmless."""
    with transaction.atomic():
        changes.hold()
        standing = Geofence.objects.filter(pk=fence.pk).exclude(state=FenceState.ARCHIVED)
        if standing.update(state=FenceState.ARCHIVED) == 1:
            changes.append([index_id(fence)])
    fence.refresh_from_db(fields=["state"])


def check_zone(*, zone: ExclusionZone) -> None:
    """What `put_zone` would refuse, and the buffer that the law of its jurisdiction asks for around such a place."""
    kind = PlaceKind(zone.place_kind)
    fill_in_zone(zone, checked_area(zone), buffer_m=configured.rule(zone.jurisdiction).buffer_m(kind))
    zone.rule = zone.rule or configured.table().because(zone.jurisdiction, kind=kind)
    if not zone.rule:
        raise RuleNeeded


def put_zone(*, zone: ExclusionZone, by: User) -> ExclusionZone:
    """Write a new or edited exclusion zone; `active=False` lifts it. Live fences under it go back to an operator."""
    if not access.is_operator(by):
        raise OperatorsOnly
    if zone.added_by_id is not None:
        raise ZoneImported
    check_zone(zone=zone)
    with transaction.atomic():
        changes.hold()
        zone.save()
        changes.append([index_id(zone), *(_into_review([zone]) if zone.active else [])])
    return zone


def replace_zones(*, version: ZoneImport, zones: Sequence[ExclusionZone]) -> ZoneImport:
    """The zones of a new version of a source take the place of the former one's, all at once.

    Zones that both have (by their digest) stay as they are; those that are gone are kept as history. `zones` have been
    through `check_zone`. The caller has asked `access.is_operator`, or is a command run on the machine itself.
    """
    with transaction.atomic():
        changes.hold()
        former = ZoneImport.objects.filter(source=version.source).order_by("-version").first()
        version.version = former.version + 1 if former else 1
        standing = ExclusionZone.objects.filter(added_by__source=version.source, active=True)
        known = dict(standing.values_list("digest", "pk"))
        wanted = {zone.digest: zone for zone in zones}
        gone = [pk for digest, pk in known.items() if digest not in wanted]
        new = [zone for digest, zone in wanted.items() if digest not in known]
        version.zones, version.added, version.removed = len(wanted), len(new), len(gone)
        version.fences_to_review = 0
        version.save(force_insert=True)
        for zone in new:
            zone.added_by = version
        ExclusionZone.objects.bulk_create(new, batch_size=500)
        for batch in _batches(gone):
            ExclusionZone.objects.filter(pk__in=batch).update(active=False, removed_by=version)
        reviewed = _into_review(new)
        version.fences_to_review = len(reviewed)
        version.save(update_fields=["fences_to_review"])
        changes.append([*(index_id(zone) for zone in new), *(-pk for pk in gone), *reviewed])
    return version


def store_changed(*, store: Store) -> None:
    """To be called in the transaction that archives a store, or brings it back: its fences leave or join the index."""
    with transaction.atomic():
        changes.append(Geofence.objects.filter(store=store).order_by("pk").values_list("pk", flat=True))


def _refuse_over_a_zone(area: Area) -> None:
    zone = overlaps.zone_over(area)
    if zone is not None:
        # The rule, never the place: a merchant is not to learn from us where a clinic is.
        raise GeometryRefused("sensitive_place", f"nobody is tracked in a part of this area: {zone.rule}")


def _into_review(zones: Sequence[ExclusionZone]) -> list[int]:
    """Live fences under the zones wait for an operator, with the rule as the reason; their ids in the index."""
    by_rule: dict[str, list[int]] = defaultdict(list)
    for fence_id, zone in overlaps.live_fences_under(zones).items():
        by_rule[zone.rule].append(fence_id)
    for rule, ids in by_rule.items():
        note = f"Nobody is tracked in a part of this area: {rule}"
        for batch in _batches(ids):
            Geofence.objects.filter(pk__in=batch).update(state=FenceState.WAITING, review_note=note)
    return sorted(fence_id for ids in by_rule.values() for fence_id in ids)


def _batches(ids: Sequence[int], size: int = 500) -> Iterable[Sequence[int]]:
    return (ids[at : at + size] for at in range(0, len(ids), size))


def _lock(row: Geofence, *, but_not: FenceState, refusal: type[Exception]) -> None:
    state = Geofence.objects.select_for_update().values_list("state", flat=True).get(pk=row.pk)
    if state == but_not:
        raise refusal
