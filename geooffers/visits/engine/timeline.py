"""Sightings taken in the order in which they were on the phone: what is known after each, and what has happened by it.

`step` is the whole engine for one sighting. It knows no clock: everything follows from the times on the phone, so
that the same sightings give the same visits whenever and however often they arrive (`transitions` sees to the order).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from geooffers.visits.engine import plausibility, stays
from geooffers.visits.engine.observations import Fix, RegionEvent, Sighting
from geooffers.visits.engine.plausibility import PlaceSeen, Plausibility
from geooffers.visits.engine.stays import Stay
from geooffers.visits.engine.transition_events import Change, Crossing, Happening
from geooffers.visits.engine.tuning import DRIVE_BY
from geooffers.visits.state import staleness

# What a phone drove through on the way from one place to the next; the timeline knows no fences.
Crosses = Callable[[PlaceSeen, PlaceSeen], Iterable[Crossing]]


class Known(NamedTuple):
    """What is known of one phone at one moment. Nothing: `Known()`. A tuple, for every fix makes one.

    `at_ms`: the time of the newest sighting, milliseconds since 1970. `place`: of the newest fix that is believed; None
    when no place is known. `aside`: a fix that jumped, set aside until a second one agrees. `stays`: by the fence's id.
    `suspicion`: of a made-up position, 0 (none) to 1; it halves in an hour, and from SUSPICIOUS_FROM nothing is pushed.
    """

    at_ms: int | None = None
    place: PlaceSeen | None = None
    aside: Sighting | None = None
    aside_is_impossible: bool = False
    stays: Mapping[int, Stay] = MappingProxyType({})
    suspicion: float = 0.0

    @property
    def is_suspicious(self) -> bool:
        return self.suspicion >= plausibility.SUSPICIOUS_FROM

    @property
    def is_pending(self) -> bool:
        """Whether one more fix soon would settle something: an attempt, a doubted stay, a jump."""
        return self.aside is not None or any(
            not stay.begun or stay.outside_since_ms is not None for stay in self.stays.values()
        )


class Stepped(NamedTuple):
    known: Known
    happened: tuple[Happening, ...] = ()
    set_aside: bool = False


def step(known: Known, seen: Sighting, *, at_ms: int, stale_ms: int, crosses: Crosses | None = None) -> Stepped:
    """The sighting is no older than what is known."""
    silent: list[Happening] = []
    if known.at_ms is not None:
        suspicion = plausibility.faded(known.suspicion, passed_ms=at_ms - known.at_ms)
        if staleness.is_silent_ms(newest_ms=known.at_ms, now_ms=at_ms, limit_ms=stale_ms):
            silent = [stays.gone_silent(stay, fence=fence) for fence, stay in known.stays.items() if stay.begun]
            known = Known(at_ms=at_ms, suspicion=suspicion)
        elif suspicion != known.suspicion:
            known = known._replace(suspicion=suspicion)
    if seen.fix.mock:
        known = known._replace(suspicion=plausibility.MOCKED)
    if isinstance(seen.fix, RegionEvent):
        stepped = _by_event(known, seen.fix, at_ms=at_ms)
    else:
        stepped = _by_fix(known, seen, seen.fix, at_ms=at_ms, crosses=crosses)
    happened = (*silent, *stepped.happened)
    if happened and stepped.known.is_suspicious:
        happened = tuple(replace(one, suspicious=True) for one in happened)
    return stepped._replace(happened=happened) if happened else stepped


def _by_event(known: Known, event: RegionEvent, *, at_ms: int) -> Stepped:
    anew = known.place is None and not known.stays
    stay, happened = stays.told_by_system(known.stays.get(event.fence), event=event, at_ms=at_ms, anew=anew)
    return Stepped(
        known=known._replace(at_ms=at_ms, stays=_with(known.stays, event.fence, stay)), happened=tuple(happened)
    )


def _by_fix(known: Known, seen: Sighting, fix: Fix, *, at_ms: int, crosses: Crosses | None) -> Stepped:
    place = plausibility.place_of(fix, at_ms=at_ms)
    if known.place is None:
        return _believed(known, seen, fix, place=place, speed_mps=fix.speed_mps)
    verdict, speed_mps, needed_mps = plausibility.judge(known.place, place)
    if verdict is Plausibility.BELIEVED:
        walks = plausibility.is_walk(known.place, place, needed_mps=needed_mps)
        # Back where it was: what had jumped was an error.
        suspicion = known.suspicion + plausibility.FROZEN * plausibility.is_frozen(known.place, place)
        if known.aside is not None or suspicion != known.suspicion:
            known = known._replace(aside=None, aside_is_impossible=False, suspicion=min(suspicion, 1.0))
        return _believed(known, seen, fix, place=place, speed_mps=speed_mps, walks=walks, crosses=crosses)
    impossible = verdict is Plausibility.IMPOSSIBLE
    if known.aside is not None and isinstance(known.aside.fix, Fix):
        first = plausibility.place_of(known.aside.fix, at_ms=known.aside.at_ms)
        agrees, speed_mps, _ = plausibility.judge(first, place)
        if agrees is Plausibility.BELIEVED:
            return _agreed(known, seen, fix, first=first, place=place, speed_mps=speed_mps)
        if impossible and known.aside_is_impossible:
            # Hither and thither, and nothing in between could have been travelled.
            known = known._replace(suspicion=plausibility.IMPOSSIBLE)
    return Stepped(known=known._replace(at_ms=at_ms, aside=seen, aside_is_impossible=impossible), set_aside=True)


def _agreed(
    known: Known, seen: Sighting, fix: Fix, *, first: PlaceSeen, place: PlaceSeen, speed_mps: float | None
) -> Stepped:
    """Two fixes that agree with each other and not with what was known: the phone is where they say."""
    aside = known.aside
    if aside is None or not isinstance(aside.fix, Fix):
        raise TypeError("only a fix that was set aside can be agreed with")
    leapt = known.place is not None and plausibility.is_leap(known.place, first, place)
    suspicion = plausibility.IMPOSSIBLE if known.aside_is_impossible or leapt else known.suspicion
    known = known._replace(suspicion=suspicion)
    was = _believed(known, aside, aside.fix, place=first, speed_mps=aside.fix.speed_mps)
    after = _believed(
        was.known._replace(aside=None, aside_is_impossible=False), seen, fix, place=place, speed_mps=speed_mps
    )
    return after._replace(happened=(*was.happened, *after.happened))


def _believed(
    known: Known,
    seen: Sighting,
    fix: Fix,
    *,
    place: PlaceSeen,
    speed_mps: float | None,
    walks: bool = False,
    crosses: Crosses | None = None,
) -> Stepped:
    at_ms = place.at_ms
    anew = known.place is None
    happened: list[Happening] = []
    here = {touch.fence: touch for touch in seen.touches}
    now_stays = dict(known.stays)
    for fence, touch in here.items():
        if touch.inside:
            slow = speed_mps is None or speed_mps <= touch.tuning.gate_mps
            stay, changes = stays.seen_inside(
                now_stays.get(fence),
                touch=touch,
                at_ms=at_ms,
                accuracy_m=fix.accuracy_m,
                slow=slow,
                anew=anew,
                walks=walks,
            )
            _put(now_stays, fence, stay)
            happened += changes
    for fence, known_stay in known.stays.items():
        near = here.get(fence)
        if near is None or not near.inside:
            stay, changes = stays.seen_outside(
                known_stay, fence=fence, touch=near, at_ms=at_ms, accuracy_m=fix.accuracy_m
            )
            _put(now_stays, fence, stay)
            happened += changes
    # Not over an event of the phone's system, which knows more of the way between than a straight line.
    nothing_between = known.place is not None and known.at_ms == known.place.at_ms
    if crosses is not None and known.place is not None and nothing_between and _came_fast(known.place, speed_mps):
        happened += [
            _crossed(one, proven_ms=at_ms)
            for one in crosses(known.place, place)
            if one.fence not in known.stays and one.fence not in now_stays
        ]
    return Stepped(
        known=known._replace(
            at_ms=max(at_ms, known.at_ms or at_ms), place=place._replace(pace_mps=speed_mps), stays=now_stays
        ),
        happened=tuple(happened),
    )


def _came_fast(before: PlaceSeen, speed_mps: float | None) -> bool:
    return max(speed_mps or 0.0, before.pace_mps or 0.0) > DRIVE_BY.gate_mps


def _crossed(one: Crossing, *, proven_ms: int) -> Happening:
    return Happening(
        change=Change.CROSSED,
        fence=one.fence,
        at_ms=one.at_ms,
        proven_ms=proven_ms,
        confidence=round(one.certainty, 2),
    )


def _with(known: Mapping[int, Stay], fence: int, stay: Stay | None) -> Mapping[int, Stay]:
    changed = dict(known)
    _put(changed, fence, stay)
    return changed


def _put(into: dict[int, Stay], fence: int, stay: Stay | None) -> None:
    if stay is None:
        into.pop(fence, None)
    else:
        into[fence] = stay
