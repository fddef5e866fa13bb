"""A file of places becomes the next version of a source's exclusion zones. docs/zones.md tells of it: update that page.

Read, checked and given their buffers first; then `editing.replace_zones` puts all of them in the place of the former
version in one transaction. A file that lost much of what was protected is refused until somebody says that it is meant.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from geooffers.jurisdictions import codes, configured
from geooffers.jurisdictions.rules import PlaceKind
from merchants.fences import editing
from merchants.fences.areas import fill_in_zone
from merchants.fences.geometry import GeometryRefused
from merchants.models import ExclusionZone, User, ZoneImport
from merchants.people import access
from merchants.zones import files
from merchants.zones.files import ZonePlace

# More than this part of the former version gone looks like half a file.
SHRINKS_BY = 0.1


class NothingChanged(Exception):
    """The newest version of this source holds the same zones."""


class Shrinks(Exception):
    """`removed` of `former` zones are not in the file."""

    def __init__(self, *, removed: int, former: int) -> None:
        super().__init__(f"{removed:,} of {former:,} zones of this source are not in the file")
        self.removed, self.former = removed, former


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """What an import would do, judged without a lock."""

    version: ZoneImport
    zones: list[ExclusionZone]
    added: int
    removed: int
    former: int

    @property
    def shrinks(self) -> bool:
        return self.removed > self.former * SHRINKS_BY


def plan(
    *,
    content: bytes,
    file_name: str,
    source: str,
    kind: PlaceKind,
    jurisdiction: str,
    rule: str = "",
    point_radius_m: float | None = None,
) -> ImportPlan:
    """`files.BadFile`, `codes.UnknownJurisdiction` and `editing.RuleNeeded` are what it refuses."""
    place = codes.checked(jurisdiction)
    words = rule or configured.table().because(place, kind=kind)
    if not words:
        raise editing.RuleNeeded
    buffer_m = configured.rule(place).buffer_m(kind)
    zones: dict[str, ExclusionZone] = {}
    for told in files.read(content, point_radius_m=point_radius_m):
        zone = ExclusionZone(name=told.name, place_kind=kind.value, jurisdiction=place, rule=words)
        try:
            fill_in_zone(zone, told.area, buffer_m=buffer_m)
        except GeometryRefused as refused:
            raise files.BadFile(f"{told.name}: {refused.message} ({refused.code})") from refused
        zone.digest = _digest(told, zone)
        zones.setdefault(zone.digest, zone)
    known = set(ExclusionZone.objects.filter(added_by__source=source, active=True).values_list("digest", flat=True))
    version = ZoneImport(
        source=source,
        place_kind=kind.value,
        jurisdiction=place,
        file_name=file_name[-200:],
        file_sha256=sha256(content).hexdigest(),
    )
    return ImportPlan(
        version=version,
        zones=list(zones.values()),
        added=len(zones.keys() - known),
        removed=len(known - zones.keys()),
        former=len(known),
    )


def carry_out(plan: ImportPlan, *, by: User | None, may_shrink: bool, now: datetime) -> ZoneImport:
    """`by` is None for a command: a user of the machine's shell needs no permission of ours."""
    if by is not None and not access.is_operator(by):
        raise editing.OperatorsOnly
    if not plan.added and not plan.removed:
        raise NothingChanged
    if plan.shrinks and not may_shrink:
        raise Shrinks(removed=plan.removed, former=plan.former)
    plan.version.imported_by, plan.version.imported_at = by, now
    return editing.replace_zones(version=plan.version, zones=plan.zones)


def _digest(told: ZonePlace, zone: ExclusionZone) -> str:
    """Of all that the zone says and does: the same again is the same zone."""
    circle = [zone.center_lat, zone.center_lon, zone.radius_m]
    said = [told.name, zone.place_kind, zone.jurisdiction, zone.rule, zone.buffer_m, circle, zone.geometry]
    return sha256(json.dumps(said).encode()).hexdigest()
