"""Writes with an Idempotency-Key are done once: a retry gets the first answer, marked as replayed.

A reply holds ids and states, never codes or tokens. A refusal changed nothing, so it is not kept: the same key may
try again. Effect and reply commit together; a crash before leaves a row without status, taken over after a minute.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from pydantic import BaseModel

from geooffers.api.models import StoredReply

IN_FLIGHT_FOR = timedelta(minutes=1)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class KeyRequired(Exception):
    """This write needs an Idempotency-Key header: a random text that a retry repeats."""


class KeyInvalid(Exception):
    """An Idempotency-Key is 1 to 255 visible ASCII characters."""


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


def key_of(request: HttpRequest) -> str:
    key = request.headers.get("Idempotency-Key")
    if key is None or not key.strip():
        raise KeyRequired
    if not _KEY.fullmatch(key):
        raise KeyInvalid
    return key


def fingerprint(request: HttpRequest, payload: Any) -> bytes:
    """Two requests are the same when method, path and the read body are."""
    text = json.dumps([request.method, request.path, payload], sort_keys=True, default=str)
    return sha256(text.encode()).digest()


def respond(
    request: HttpRequest, *, caller: str, payload: BaseModel | None, now: datetime, work: Callable[[], Reply]
) -> HttpResponse:
    """The answer to a write with an Idempotency-Key: new, or the first one again."""
    key = key_of(request)
    mark = fingerprint(request, None if payload is None else payload.model_dump(mode="json"))
    reply = once(caller=caller, key=key, fingerprint=mark, now=now, work=work)
    response = JsonResponse(reply.body, status=reply.status)
    if reply.replayed:
        response["Idempotent-Replayed"] = "true"
    return response


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
