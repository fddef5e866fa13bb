"""What comes in: the JSON reader in front of every body, and the base of every schema that reads one.

The library's defaults take NaN, latitude "12.5", duplicate keys, naive times and epoch milliseconds, and fall over
lone surrogates and deep nesting. Here each of these has one answer, and none of them reaches a database.
"""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_BODY = 1_048_576
MAX_DEPTH = 32
MAX_NUMBER = 32


class NotJsonMedia(Exception):
    """A body is sent as Content-Type: application/json."""


class Encoded(Exception):
    """A body is sent as it is, without Content-Encoding."""


class BodyTooLarge(Exception):
    """The body is larger than 1 MB."""


class NotUtf8(Exception):
    """The body must be UTF-8, without a byte order mark."""


class TooDeep(Exception):
    """The JSON is nested more than 32 levels deep."""


class DuplicateKey(Exception):
    """A JSON object has the same key twice."""


class NumberTooLong(Exception):
    """A number is longer than 32 characters."""


class InvalidText(Exception):
    """A text holds a NUL or half a surrogate pair."""


class InvalidJson(Exception):
    """The body is not one JSON object."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


# Finds every string, also one that never ends: a pattern that could fail here would start over at each quote.
_STRING = re.compile(r'"[^"\\]*(?:\\.?[^"\\]*)*+(?:"|\Z)', re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
LONG_NUMBER = re.compile(r"[0-9eE.+-]{33}")
_ODD_TEXT = re.compile("[\x00\ud800-\udfff]")


def read_json(body: bytes) -> dict[str, Any]:
    """The one JSON object of a body. NaN, Infinity and 1e999 stay values: a schema refuses them, a fix by itself."""
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise NotUtf8
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotUtf8 from None
    bare = outside_strings(text)
    refuse_depth(bare)
    value = _parse(text, numbers_may_be_long=LONG_NUMBER.search(bare) is not None)
    if not isinstance(value, dict):
        raise InvalidJson("line 1 column 1: expected an object")
    if "\\u" in text:  # the only way into a decoded text for what no database takes
        _refuse_odd_text(value)
    return value


def outside_strings(text: str) -> str:
    """What of a JSON text stands between its strings."""
    # Without a backslash every second quote ends a string.
    return _STRING.sub("", text) if "\\" in text else "".join(text.split('"')[::2])


def refuse_depth(bare: str) -> None:
    """Of what stands outside of the strings."""
    if bare.count("[") + bare.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _NO_BRACKET.sub("", bare):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise TooDeep


def _parse(text: str, *, numbers_may_be_long: bool) -> Any:
    # Python functions for numbers cost as much as the whole parse, so they stand in only when one may be too long.
    numbers: dict[str, Any] = {}
    if numbers_may_be_long:
        numbers = {"parse_int": _short_int, "parse_float": _short_float}
    try:
        return json.loads(text, object_pairs_hook=_unique_keys, **numbers)
    except json.JSONDecodeError as error:
        raise InvalidJson(f"line {error.lineno} column {error.colno}: {_what_is_wrong(text, error)}") from None


def _what_is_wrong(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "the body is empty"
    return "something follows the object" if error.msg == "Extra data" else error.msg


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey
    return found


def _short_int(digits: str) -> int:
    if len(digits) > MAX_NUMBER:
        raise NumberTooLong
    return int(digits)


def _short_float(digits: str) -> float:
    if len(digits) > MAX_NUMBER:
        raise NumberTooLong
    return float(digits)


def _refuse_odd_text(value: Any) -> None:
    """At most MAX_DEPTH deep, so the recursion is as well."""
    if isinstance(value, str):
        if _ODD_TEXT.search(value):
            raise InvalidText
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_odd_text(key)
            _refuse_odd_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_odd_text(inner)


class StrictParser(Parser):
    """The reader as django-ninja calls it. Ninja wraps what is raised here; `errors.answer` unwraps it."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        if request.content_type != "application/json":
            raise NotJsonMedia
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Encoded
        body = request.body
        if len(body) > MAX_BODY:
            raise BodyTooLarge
        return read_json(body)

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        values = super().parse_querydict(data, list_fields, request)
        _refuse_odd_text(values)
        return values


class StrictSchema(BaseModel):
    """Base of everything that comes in: no unknown fields, no "12.5" for 12.5, no NaN."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)


class ReplySchema(BaseModel):
    """Base of everything that goes out. The library's own base wraps every part in a reader of Django's fields."""

    model_config = ConfigDict(from_attributes=True)


def example(**values: Any) -> ConfigDict:
    """`model_config = example(lat=60.1695, ...)`: what the documentation shows for this schema."""
    return ConfigDict(json_schema_extra={"examples": [values]})


_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([0-9]{2}):[0-9]{2}:([0-9]{2})(?:\.[0-9]{1,12})?"
    r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?",
)


def read_moment(value: Any) -> datetime:
    """An RFC 3339 time with an offset, as UTC. A leap second is taken as :59."""
    parts = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        raise PydanticCustomError("datetime_format", "expected an RFC 3339 time, as 2026-06-02T12:00:00+03:00")
    hour, second, offset = parts.groups()
    if offset is None:
        raise PydanticCustomError("timezone_required", "the time needs an offset: Z, or as +03:00")
    if second == "60":
        value = f"{value[:17]}59{value[19:]}"
    try:
        if hour > "23":
            raise ValueError  # newer Pythons take 24:00 for the next day
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        raise PydanticCustomError("datetime_format", "there is no such day or time") from None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("out_of_range", "the time lies outside the calendar") from None


_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _uuid_text(value: Any) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("wrong_type", "expected a UUID as text")
    if not _UUID.fullmatch(value):
        raise PydanticCustomError("uuid_format", "expected a UUID, as 019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c")
    return value


def read_uuid(value: Any) -> UUID:
    return UUID(_uuid_text(value))


Moment = Annotated[datetime, BeforeValidator(read_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
# The library makes a UUID of a text five times as fast as the standard library, and takes many more forms of it.
Uuid = Annotated[UUID, Strict(False), BeforeValidator(_uuid_text), WithJsonSchema({"type": "string", "format": "uuid"})]
# 32 random bytes in base64url, made by the phone. 43 characters, of which the last carries four bits.
DeviceToken = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", min_length=43, max_length=43)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", max_length=35)]
