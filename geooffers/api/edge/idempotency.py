"""The Idempotency-Key header: `callers.replies` over HTTP. A replayed answer says so."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from pydantic import BaseModel

from geooffers.callers import replies

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class KeyRequired(Exception):
    """This write needs an Idempotency-Key header: a random text that a retry repeats."""


class KeyInvalid(Exception):
    """An Idempotency-Key is 1 to 255 visible ASCII characters."""


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
    request: HttpRequest, *, caller: str, payload: BaseModel | None, now: datetime, work: Callable[[], replies.Reply]
) -> HttpResponse:
    """The answer to a write with an Idempotency-Key: new, or the first one again."""
    key = key_of(request)
    mark = fingerprint(request, None if payload is None else payload.model_dump(mode="json"))
    reply = replies.once(caller=caller, key=key, fingerprint=mark, now=now, work=work)
    response = JsonResponse(reply.body, status=reply.status)
    if reply.replayed:
        response["Idempotent-Replayed"] = "true"
    return response
