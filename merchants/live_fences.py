"""The process's index of live fences and active zones, and the thread that keeps it like the database.

Every process that matches has its own copy. It asks for new FenceChange rows every second, never in a report; the
numbers commit in order (`merchants.fences`), so what it has seen is a single number. A change makes a new index, and
one reference is swapped: readers need no lock and never see half a change.
"""

import logging
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import close_old_connections, connection
from django.utils import timezone

from geooffers.matching.areas import Fence
from geooffers.matching.index import Index
from merchants.fence_areas import Row, index_id, stored_area
from merchants.models import ExclusionZone, FenceChange, FenceChangeCounter, FenceState, Geofence

log = logging.getLogger(__name__)

ASK_EVERY_S = 1.0
STALE_AFTER = timedelta(seconds=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class FenceFacts:
    """What a report needs to know of a fence it touches, without a query."""

    id: int
    public_id: UUID
    name: str
    store_id: UUID
    merchant_id: UUID
    dwell_s: int


@dataclass(frozen=True, kw_only=True)
class _Copy:
    index: Index
    facts: dict[int, FenceFacts]
    last_number: int


class LiveFences:
    def __init__(self) -> None:
        self._copy: _Copy | None = None
        self._writing = threading.Lock()  # held by whoever makes the next copy
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self.loaded_at: datetime | None = None
        self.last_polled_at: datetime | None = None

    @property
    def index(self) -> Index:
        return self._current().index

    def fence(self, fence_id: int) -> FenceFacts | None:
        """None for a zone (below zero) and for a fence that is not, or no longer, live."""
        return self._current().facts.get(fence_id)

    def is_ready(self, now: datetime) -> bool:
        return self.last_polled_at is not None and now - self.last_polled_at <= STALE_AFTER

    def refresh(self) -> None:
        """Load everything now: for commands and tests, and for the first report if it comes before the thread."""
        with self._writing:
            self._load()

    def poll(self) -> None:
        """Take in what changed since last time."""
        with self._writing:
            copy = self._copy
            if copy is None:
                self._load()
                return
            last_number = _last_number()
            new = FenceChange.objects.filter(number__gt=copy.last_number, number__lte=last_number)
            ids = list(new.values_list("index_id", flat=True)) if last_number != copy.last_number else []
            if last_number < copy.last_number or len(ids) < last_number - copy.last_number:
                # The database is another one (restored, emptied) than the one we had followed.
                self._load()
                return
            if ids:
                self._copy = _changed(copy, ids=set(ids), last_number=last_number)
            self.last_polled_at = timezone.now()

    def follow(self) -> None:
        """Start the thread. Harmless when it runs."""
        with self._writing:
            if self._thread is None or not self._thread.is_alive():
                self._ended = threading.Event()
                self._thread = threading.Thread(
                    target=self._follow, args=(self._ended,), name="live-fences", daemon=True
                )
                self._thread.start()

    def stop_following(self) -> None:
        thread, self._thread = self._thread, None
        self._ended.set()
        if thread is not None:
            thread.join()

    def _follow(self, ended: threading.Event) -> None:
        while True:
            try:
                close_old_connections()
                self.poll()
            except Exception as error:
                # Whatever it is (the database is away, is being migrated, is full): the copy we have stays in use,
                # /readyz goes red, and the next second may be better. Only the kind of error is logged: its text
                # may hold a row's values.
                log.warning("live fences: could not ask for changes (%s)", type(error).__name__)
            finally:
                # Returned to the pool between two polls; a broken one is not used again.
                connection.close()
            if ended.wait(ASK_EVERY_S):
                return

    def _current(self) -> _Copy:
        copy = self._copy
        if copy is None:
            with self._writing:
                copy = self._copy or self._load()
        return copy

    def _load(self) -> _Copy:
        # The number first: what commits after it is read twice, which is harmless; the other way round it is lost.
        last_number = _last_number()
        facts: dict[int, FenceFacts] = {}
        self._copy = _Copy(index=Index.build(_fences(_rows(), facts)), facts=facts, last_number=last_number)
        self.loaded_at = self.last_polled_at = timezone.now()
        return self._copy


def _last_number() -> int:
    return FenceChangeCounter.objects.values_list("last_number", flat=True).first() or 0


def _changed(copy: _Copy, *, ids: set[int], last_number: int) -> _Copy:
    facts = {fence_id: known for fence_id, known in copy.facts.items() if fence_id not in ids}
    put = list(_fences(_rows(ids), facts))
    gone = ids - {fence.id for fence in put}
    return _Copy(index=copy.index.with_changes(put=put, remove=gone), facts=facts, last_number=last_number)


def _rows(ids: set[int] | None = None) -> Iterable[Row]:
    fences = Geofence.objects.filter(
        state=FenceState.LIVE, store__archived_at=None, store__merchant__archived_at=None
    ).select_related("store")
    zones = ExclusionZone.objects.filter(active=True)
    if ids is not None:
        fences = fences.filter(pk__in=[one for one in ids if one > 0])
        zones = zones.filter(pk__in=[-one for one in ids if one < 0])
    yield from fences.iterator()
    yield from zones.iterator()


def _fences(rows: Iterable[Row], facts: dict[int, FenceFacts]) -> Iterable[Fence]:
    """The rows as fences for the index; what reports need to know of them goes to `facts`."""
    for row in rows:
        try:
            area = stored_area(row)
        except ValueError:
            # Written past merchants.fences. Better one fence missing than no index for anybody.
            log.error("live fences: %s %s has no area and is left out", type(row).__name__, row.pk)
            continue
        if isinstance(row, Geofence):
            facts[row.pk] = FenceFacts(
                id=row.pk,
                public_id=row.public_id,
                name=row.name,
                store_id=row.store_id,
                merchant_id=row.store.merchant_id,
                dwell_s=row.dwell_s,
            )
        yield Fence(id=index_id(row), area=area)


_live_fences = LiveFences()


def matcher() -> LiveFences:
    """This process's."""
    return _live_fences


def _after_fork() -> None:
    """A child has its parent's copy, but neither its threads nor the right to its locks."""
    global _live_fences
    followed = _live_fences._thread is not None
    _live_fences = LiveFences()
    if followed:
        _live_fences.follow()


os.register_at_fork(after_in_child=_after_fork)
