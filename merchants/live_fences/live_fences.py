"""The process's index of live fences and active zones, and the thread that keeps it like the database.

Every process that matches asks for new FenceChange rows every second, never in a report; the numbers commit in order
(`merchants.fences.editing`), so what it has seen is a single number. A change makes a new frozen copy, and one
reference is swapped. A reader takes one copy (`current`) and works on it to its end: it needs no lock and never sees
half a change.

Few fences are built in memory. Many are mapped from a base on disk that all processes of the machine share
(`merchants.live_fences.snapshots`), with what changed since in a small index over it. When that has grown, a process of
its own builds the next base; each process that sees it opens it and swaps.

docs/fences.md draws it: update that page too.
"""

import logging
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from geooffers.matching import files
from geooffers.matching.index import REBUILD_PAST, Index
from merchants.fences.areas import Row
from merchants.live_fences import building, heartbeats, integrity, maintenance, snapshots
from merchants.live_fences.attributes import ARRAYS, FenceFacts, KnownFacts, PackedFacts
from merchants.live_fences.building import last_number
from merchants.live_fences.queries import as_fences, count_live_rows, live_rows
from merchants.live_fences.snapshots import SnapshotMark
from merchants.models import FenceChange

log = logging.getLogger(__name__)

ASK_EVERY_S = 1.0
STALE_AFTER = timedelta(seconds=2)

# From here on a base on disk is worth its while: reading so many rows takes seconds.
STORED_FROM = 20_000


class FactsByFence(Protocol):
    def get(self, fence_id: int) -> FenceFacts | None: ...


@dataclass(frozen=True, kw_only=True)
class Fences:
    """What a report is matched with: an index and what is known of its fences, both of one moment. It never changes.

    Two copies must not be mixed within a report: its fix would touch a fence that is gone a line later.
    """

    index: Index
    facts: FactsByFence

    def fence(self, fence_id: int) -> FenceFacts | None:
        """None for a zone (below zero) and for a fence that is not live in this copy."""
        return self.facts.get(fence_id)


def few(rows: Iterable[Row]) -> Fences:
    """Some fences and no others, as they are now: for a look at what they do, not for reports of phones."""
    facts: dict[int, FenceFacts] = {}
    index = Index.build(as_fences(rows, facts=lambda one: facts.__setitem__(one.id, one)))
    return Fences(index=index, facts=facts)


@dataclass(frozen=True, kw_only=True)
class _Copy(Fences):
    """Of all live fences and active zones, with where it came from."""

    facts: KnownFacts
    last_number: int
    mark: SnapshotMark | None = None  # of the base it is mapped from
    identity: tuple[int, int] | None = None  # of that base's directory
    oldest_change_at: datetime | None = None  # of those that made it from the copy before


class LiveFences:
    def __init__(
        self, *, root: Path | None = None, stored_from: int = STORED_FROM, due_past: int = REBUILD_PAST
    ) -> None:
        self._root = root or settings.FENCE_BASES_DIR
        self._stored_from, self._due_past = stored_from, due_past
        self._copy: _Copy | None = None
        self._writing = threading.Lock()  # held while the next copy is made
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._upkeep = maintenance.Upkeep(self._root)
        self._teller = heartbeats.Teller(self._root)
        self.loaded_at: datetime | None = None
        self.last_polled_at: datetime | None = None

    def current(self) -> Fences:
        """The newest copy. Ask once for all that belongs together: the next call may answer with another copy."""
        return self._current()

    @property
    def mark(self) -> SnapshotMark | None:
        """Of the base on disk that the newest copy is mapped from, if it is."""
        return self._current().mark

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
            number = last_number()
            changed = _with_changes(copy, number)
            if changed is None:
                # The database is another one (restored, emptied) than the one we had followed.
                self._load()
                return
            self._copy = changed
            if changed is not copy and changed.oldest_change_at is not None:
                self._teller.took_in(lag=timezone.now() - changed.oldest_change_at)
            self._renew(changed)
            self.last_polled_at = timezone.now()

    def tell(self) -> None:
        """Where this process stands, for the operators' page: by the thread, now and then (`heartbeats`)."""
        copy = self._copy
        if copy is None or not self._teller.is_due():
            return
        sign = heartbeats.Sign(
            last_number=copy.last_number, areas=len(copy.index), changes=copy.index.changes, mark=copy.mark
        )
        try:
            self._teller.tell(sign, now=timezone.now())
        except DatabaseError as error:
            # Only people read it. Only the kind is logged: the text may hold a row's values.
            log.warning("live fences: could not tell where this process stands (%s)", type(error).__name__)

    def _renew(self, copy: _Copy) -> None:
        """Take another base if there is a newer one, or if ours was thrown away; see to the next one and to this."""
        is_lost = copy.mark is not None and snapshots.identity(self._root, copy.mark) != copy.identity
        if copy.mark is not None or len(copy.index) >= self._stored_from:
            after = copy.mark.number if copy.mark is not None and not is_lost else 0
            other = self._opened(after=after, number=copy.last_number)
            if other is not None:
                self._copy = copy = other
                is_lost = False
        if is_lost or copy.index.changes > self._due_past:
            self._upkeep.have_built()
        if copy.mark is not None and not is_lost:
            self._upkeep.have_checked(copy.mark)

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
        """And wait for the processes that check or build for this one."""
        thread, self._thread = self._thread, None
        self._ended.set()
        if thread is not None:
            thread.join()
        self._upkeep.wait()

    def _follow(self, ended: threading.Event) -> None:
        while True:
            try:
                close_old_connections()
                self.poll()
                self.tell()
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
        number = last_number()
        copy = self._opened(after=0, number=number)
        if copy is None and count_live_rows() >= self._stored_from:
            copy = self._built(number)
        if copy is None:
            facts: dict[int, FenceFacts] = {}
            # The number was read first: what commits after it is read twice, which is harmless; the other way round
            # it is lost.
            index = Index.build(as_fences(live_rows(), facts=lambda one: facts.__setitem__(one.id, one)))
            copy = _Copy(index=index, facts=KnownFacts(over=facts), last_number=number)
        self._copy = copy
        self.loaded_at = self.last_polled_at = timezone.now()
        return copy

    def _opened(self, *, after: int, number: int) -> _Copy | None:
        """The newest base on disk that holds more changes than that, with what changed since over it."""
        for mark in snapshots.of_this_database(self._root, after=after, up_to=number):
            path = self._root / mark.name
            identity = snapshots.identity(self._root, mark)
            if not integrity.is_checked(self._root, mark) and not integrity.is_whole(self._root, mark):
                continue
            try:
                index = Index.open(path)
                packed = PackedFacts(files.open_arrays(path, ARRAYS))
            except files.DamagedBase as error:
                log.error("live fences: %s; it is thrown away and built anew", error)
                snapshots.discard(self._root, mark)
                continue
            base = _Copy(
                index=index,
                facts=KnownFacts(packed=packed, over={}),
                last_number=mark.number,
                mark=mark,
                identity=identity,
            )
            return _with_changes(base, number)
        return None

    def _built(self, number: int) -> _Copy | None:
        """Of several processes that start together the first one builds, the others wait and open what it built."""
        with snapshots.building(self._root, wait=True):
            copy = self._opened(after=0, number=last_number())
            if copy is not None:
                return copy
            try:
                building.build(self._root)
            except building.NoChanges:
                return None
        return self._opened(after=0, number=last_number())


def _with_changes(copy: _Copy, number: int) -> _Copy | None:
    """The copy with all changes up to that number, or None when the database does not have them one by one."""
    if number == copy.last_number:
        return copy
    new = FenceChange.objects.filter(number__gt=copy.last_number, number__lte=number)
    changed = list(new.values_list("index_id", "at"))
    if number < copy.last_number or len(changed) < number - copy.last_number:
        return None
    ids = {index_id for index_id, _ in changed}
    facts: dict[int, FenceFacts] = {}
    put = list(as_fences(live_rows(ids), facts=lambda one: facts.__setitem__(one.id, one)))
    gone = ids - {fence.id for fence in put}
    return _Copy(
        index=copy.index.with_changes(put=put, remove=gone),
        facts=copy.facts.changed(put=facts, gone=gone),
        last_number=number,
        mark=copy.mark,
        identity=copy.identity,
        oldest_change_at=min(at for _, at in changed),
    )


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
