"""A write with a key of its caller's is done once: a retry gets the first answer, marked as replayed.

A reply holds ids and states, never codes or tokens. A refusal changed nothing, so it is not kept: the same key may
try again. Effect and reply commit together; a crash before leaves a row without status, taken over after a minute.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from geooffers.callers.models import StoredReply

IN_FLIGHT_FOR = timedelta(minutes=1)


class KeyReused(Exception):
    """This Idempotency-Key was used for another request."""


class InFlight(Exception):
    """The first request with this Idempotency-Key is still running."""

    retry_after_s = 1


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    body: dict[str, Any]
    replayed: bool = False


def once(*, caller: str, key: str, fingerprint: bytes, now: datetime, work: Callable[[], Reply]) -> Reply:
    """Run `work` unless this key already has an answer."""
    row, created = StoredReply.objects.get_or_create(
        caller=caller, key=key, defaults={"fingerprint": fingerprint, "created_at": now}
    )
    if not created:
        if bytes(row.fingerprint) != fingerprint:
            raise KeyReused
        if row.status is not None:
            return Reply(status=row.status, body=row.body, replayed=True)
        _take_over(row=row, now=now)
    ours = StoredReply.objects.filter(pk=row.pk, status=None, created_at=now if not created else row.created_at)
    try:
        with transaction.atomic():
            reply = work()
            if not ours.update(status=reply.status, body=reply.body):
                raise InFlight  # we were so slow that somebody took over: undo what we did
    except BaseException:
        # Refused or failed: nothing was done, so nothing is kept.
        ours.delete()
        raise
    return reply


def _take_over(*, row: StoredReply, now: datetime) -> None:
    """The first request may have died. Of those that notice, the one whose update finds the old time goes on."""
    taken = row.created_at <= now - IN_FLIGHT_FOR and (
        StoredReply.objects.filter(pk=row.pk, status=None, created_at=row.created_at).update(created_at=now)
    )
    if not taken:
        raise InFlight
