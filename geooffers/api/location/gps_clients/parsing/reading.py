"""The body of a foreign client's request: read where it can be, or the reason why not.

Elsewhere a body that cannot be read is refused. These clients keep what was refused and send it again, for ever, with
everything that they recorded since behind it; so here it is acknowledged, and counted under the reason.
"""

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, QueryDict

from geooffers.api.edge import strict
from geooffers.api.location.gps_clients.parsing.fixes import DropReason

_CHUNK = 65_536
# What a client still sends after its body was found too large: read away, so that it gets to read the answer.
_MOST_READ_AWAY = 16 * strict.MAX_BODY


class UnreadableReport(Exception):
    """Nothing in this body can be used."""

    def __init__(self, reason: DropReason) -> None:
        super().__init__(reason)
        self.reason = reason


def body_of(request: HttpRequest) -> bytes:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnreadableReport(DropReason.CONTENT_ENCODING)
    try:
        body = request.body
    except RequestDataTooBig:
        _read_away(request)
        raise UnreadableReport(DropReason.BODY_TOO_LARGE) from None
    if len(body) > strict.MAX_BODY:
        raise UnreadableReport(DropReason.BODY_TOO_LARGE)
    if not body.strip():
        raise UnreadableReport(DropReason.EMPTY_BODY)
    return body


def _read_away(request: HttpRequest) -> None:
    left = _MOST_READ_AWAY
    while left > 0 and (read := len(request.read(_CHUNK))):
        left -= read


def json_of(request: HttpRequest) -> Any:
    """The value of a JSON body. Of a key that is there twice the last counts; a number that is too long is None."""
    text = _text(body_of(request))
    try:
        bare = strict.outside_strings(text)
        strict.refuse_depth(bare)
        if strict.LONG_NUMBER.search(bare):
            return json.loads(text, parse_int=_short_int, parse_float=_short_float)
        return json.loads(text)
    except strict.TooDeep:
        raise UnreadableReport(DropReason.TOO_DEEP) from None
    except json.JSONDecodeError:
        raise UnreadableReport(DropReason.INVALID_JSON) from None


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableReport(DropReason.NOT_UTF8) from None


def _short_int(digits: str) -> int | None:
    return int(digits) if len(digits) <= strict.MAX_NUMBER else None


def _short_float(digits: str) -> float | None:
    return float(digits) if len(digits) <= strict.MAX_NUMBER else None


def form_of(request: HttpRequest) -> QueryDict:
    """The fields of a form, whatever Content-Type it came with: GPSLogger sends none."""
    try:
        return QueryDict(_text(body_of(request)))
    except TooManyFieldsSent:
        raise UnreadableReport(DropReason.TOO_MANY_FIELDS) from None
