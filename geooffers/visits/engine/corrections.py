"""What a late fix changes: for each fence, the stays that were answered before it, and those that hold now."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from geooffers.visits.engine.timeline import Known
from geooffers.visits.engine.transition_events import BEGINNINGS, Change, Happening


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectedStay:
    """A stay as it was, or now is, told. Milliseconds since 1970; `left_ms` None: it goes on. `crossed`: driven
    through, and over as it begins. `confidence`: the highest of what was told of it; no difference by itself.
    """

    entered_ms: int
    appeared: bool
    settled: bool = False
    dwelled_ms: int | None = None
    left_ms: int | None = None
    stale: bool = False
    crossed: bool = False
    confidence: float = field(default=1.0, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """For one fence: the stays answered before that do not hold, and those that do. At most one of the two is empty."""

    before: tuple[CorrectedStay, ...]
    after: tuple[CorrectedStay, ...]


def compare(*, base: Known, before: Iterable[Happening], after: Iterable[Happening]) -> dict[int, Correction]:
    """By fence, where they differ; what both begin with is left out."""
    was, now = _told(base, before), _told(base, after)
    found = {}
    for fence in sorted(was.keys() | now.keys()):
        old, new = was.get(fence, ()), now.get(fence, ())
        same = 0
        while same < min(len(old), len(new)) and old[same] == new[same]:
            same += 1
        if old[same:] or new[same:]:
            found[fence] = Correction(before=tuple(old[same:]), after=tuple(new[same:]))
    return found


def as_changes(correction: Correction) -> list[tuple[Change, int]] | None:
    """The correction as ordinary changes (and when they were), where it only adds to what was told; else None."""
    if len(correction.after) != 1 or len(correction.before) > 1:
        return None
    (now,) = correction.after
    changes: list[tuple[Change, int]] = []
    if not correction.before:
        if now.left_ms is not None:
            # It is over already: nothing that anybody could still act on.
            return None
        changes.append((Change.APPEARED_INSIDE if now.appeared else Change.ENTERED, now.entered_ms))
        was = replace(now, dwelled_ms=None)
    else:
        (was,) = correction.before
        if was.left_ms is not None or (was.entered_ms, was.appeared) != (now.entered_ms, now.appeared):
            return None
    if was.settled and not now.settled:
        return None
    if now.settled and not was.settled:
        changes.append((Change.SETTLED, now.entered_ms))
    if was.dwelled_ms != now.dwelled_ms:
        if was.dwelled_ms is not None or now.dwelled_ms is None:
            return None
        changes.append((Change.DWELLED, now.dwelled_ms))
    if now.left_ms is not None:
        changes.append((Change.LEFT, now.left_ms))
    return changes


def _told(base: Known, happened: Iterable[Happening]) -> dict[int, list[CorrectedStay]]:
    told: dict[int, list[CorrectedStay]] = {
        # When an open stay dwelled before the base is not remembered; that it did is the same on both sides.
        fence: [
            CorrectedStay(
                entered_ms=stay.entered_ms,
                appeared=stay.appeared,
                settled=stay.settled,
                dwelled_ms=0 if stay.dwelled else None,
            )
        ]
        for fence, stay in base.stays.items()
        if stay.begun
    }
    for one in happened:
        stays = told.setdefault(one.fence, [])
        if one.change in BEGINNINGS:
            appeared = one.change is Change.APPEARED_INSIDE
            stays.append(CorrectedStay(entered_ms=one.at_ms, appeared=appeared, confidence=one.confidence))
        elif one.change is Change.CROSSED:
            crossed = CorrectedStay(entered_ms=one.at_ms, appeared=False, left_ms=one.at_ms, crossed=True)
            stays.append(replace(crossed, confidence=one.confidence))
        elif one.change is Change.SETTLED:
            stays[-1] = replace(stays[-1], settled=True, confidence=max(stays[-1].confidence, one.confidence))
        elif one.change is Change.DWELLED:
            confidence = max(stays[-1].confidence, one.confidence)
            stays[-1] = replace(stays[-1], dwelled_ms=one.at_ms, confidence=confidence)
        elif one.change is Change.LEFT:
            stays[-1] = replace(stays[-1], left_ms=one.at_ms, stale=one.stale)
    return told
