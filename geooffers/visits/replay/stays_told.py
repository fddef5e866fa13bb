"""The stays that a replay's changes tell of, put together again: what a timeline shows as bars."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from geooffers.visits.engine.corrections import CorrectedStay
from geooffers.visits.engine.observations import to_moment, to_ms
from geooffers.visits.engine.transition_events import BEGINNINGS, Change
from geooffers.visits.replay.replaying import ReplayedTransition


@dataclass(frozen=True, kw_only=True)
class ToldStay:
    """`left_at` None: it goes on where the trace ends."""

    fence: int
    entered_at: datetime
    settled_at: datetime | None = None
    dwelled_at: datetime | None = None
    left_at: datetime | None = None
    stale: bool = False


def stays_told(changes: Iterable[ReplayedTransition]) -> list[ToldStay]:
    stays: list[ToldStay] = []
    for one in (happened.transition for happened in changes):
        if one.change in BEGINNINGS:
            stays.append(ToldStay(fence=one.fence, entered_at=one.at))
            continue
        if one.correction is not None:
            gone = {stay.entered_ms for stay in one.correction.before}
            stays = [stay for stay in stays if stay.fence != one.fence or to_ms(stay.entered_at) not in gone]
            stays += [_corrected(one.fence, told) for told in one.correction.after if not told.crossed]
            continue
        place = next((at for at in reversed(range(len(stays))) if stays[at].fence == one.fence), None)
        if place is None or stays[place].left_at is not None:
            continue
        if one.change is Change.SETTLED:
            stays[place] = replace(stays[place], settled_at=one.at)
        elif one.change is Change.DWELLED:
            stays[place] = replace(stays[place], dwelled_at=one.at)
        elif one.change is Change.LEFT:
            stays[place] = replace(stays[place], left_at=one.at, stale=one.stale)
    return stays


def _corrected(fence: int, told: CorrectedStay) -> ToldStay:
    return ToldStay(
        fence=fence,
        entered_at=to_moment(told.entered_ms),
        dwelled_at=to_moment(told.dwelled_ms) if told.dwelled_ms else None,
        left_at=None if told.left_ms is None else to_moment(told.left_ms),
        stale=told.stale,
    )
