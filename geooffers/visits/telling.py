"""Visits into the events: one line where a row of them changes."""

from datetime import datetime

from geooffers import events
from geooffers.events import EventKind
from geooffers.visits.models import Visit


def began(visit: Visit) -> None:
    _append(EventKind.VISIT_BEGAN, visit=visit, at=visit.began_at)


def ended(visit: Visit) -> None:
    assert visit.ended_at is not None  # noqa: S101  # that is what happened
    _append(EventKind.VISIT_ENDED, visit=visit, at=visit.ended_at)


def corrected(visit: Visit) -> None:
    _append(EventKind.VISIT_CORRECTED, visit=visit, at=visit.ended_at or visit.began_at)


def _append(kind: EventKind, *, visit: Visit, at: datetime) -> None:
    events.append(events.Happened(kind=kind, at=at, shopper_id=visit.shopper_id, visit_id=visit.pk))
