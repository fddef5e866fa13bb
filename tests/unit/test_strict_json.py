"""The reader in front of every body."""

import math
import sys
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from geooffers.api.edge import strict


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"\xef\xbb\xbf{}", strict.NotUtf8),
        ('{"a": 1}'.encode("utf-16"), strict.NotUtf8),
        ('{"a": 1}'.encode("utf-16-le"), strict.InvalidJson),
        (b'{"a": "\xff"}', strict.NotUtf8),
        (b'{"a": "\xed\xa0\x80"}', strict.NotUtf8),
        (b'{"a": 1, "a": 1}', strict.DuplicateKey),
        (b'{"a": {"b": 1, "b": 2}}', strict.DuplicateKey),
        (b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}", strict.TooDeep),
        (b"[" * 100_000 + b"]" * 100_000, strict.TooDeep),
        (b"[" * 100_000, strict.TooDeep),
        (b'{"a":' * 50_000, strict.TooDeep),
        (b'{"a": ' + b"9" * 33 + b"}", strict.NumberTooLong),
        (b'{"a": ' + b"9" * 5000 + b"}", strict.NumberTooLong),
        (b'{"a": 0.' + b"3" * 40 + b"}", strict.NumberTooLong),
        (b'{"a": "\\ud800"}', strict.InvalidText),
        (b'{"\\udfff": 1}', strict.InvalidText),
        (b'{"a": ["x\\u0000y"]}', strict.InvalidText),
        (b'{"a": "x\x00y"}', strict.InvalidJson),
        (b"", strict.InvalidJson),
        (b"  ", strict.InvalidJson),
        (b"null", strict.InvalidJson),
        (b"[1, 2]", strict.InvalidJson),
        (b'"text"', strict.InvalidJson),
        (b"{} x", strict.InvalidJson),
        (b"{'a': 1}", strict.InvalidJson),
        (b'{"a": 1,}', strict.InvalidJson),
    ],
)
def test_a_bad_body_has_its_own_refusal(body: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        strict.read_json(body)


def test_invalid_json_names_line_and_column() -> None:
    with pytest.raises(strict.InvalidJson, match="line 2 column 8"):
        strict.read_json(b'{"a": 1,\n  "b": x}')


def test_depth_32_is_read_and_33_is_not() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    assert strict.read_json(nested(32))
    with pytest.raises(strict.TooDeep):
        strict.read_json(nested(33))


def test_brackets_inside_texts_are_no_depth() -> None:
    assert strict.read_json(b'{"a": "' + b"[{" * 500 + b'", "b": "\\"[[[["}') == {"a": "[{" * 500, "b": '"[[[['}


def test_a_surrogate_pair_is_one_character() -> None:
    assert strict.read_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


def test_a_number_of_32_characters_is_read() -> None:
    assert strict.read_json(b'{"a": ' + b"9" * 32 + b"}") == {"a": int("9" * 32)}


def test_what_is_not_finite_stays_a_value_for_the_fix_to_refuse() -> None:
    read = strict.read_json(b'{"a": NaN, "b": Infinity, "c": -Infinity, "d": 1e999}')
    assert math.isnan(read["a"])
    assert read["b"] == read["d"] == math.inf
    assert read["c"] == -math.inf


def test_a_deep_body_is_refused_with_little_stack_left() -> None:
    limit = sys.getrecursionlimit()

    def down(frames: int) -> None:
        if frames:
            down(frames - 1)
        else:
            with pytest.raises(strict.TooDeep):
                strict.read_json(b"[" * 500_000)

    down(limit - 200 - len(__import__("inspect").stack()))


@pytest.mark.parametrize("text", ['"' + '\\"' * 200_000, '{"a": "' + "x" * 1_000_000, "[" * 40 + '"' * 300_000])
def test_an_open_string_is_refused_in_linear_time(text: str) -> None:
    started = datetime.now(UTC)
    with pytest.raises((strict.InvalidJson, strict.TooDeep)):
        strict.read_json(text.encode() + b"[" * 40)
    assert (datetime.now(UTC) - started).total_seconds() < 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-06-02T12:00:00", "timezone_required"),
        ("2026-06-02T12:00:00.5", "timezone_required"),
        ("2026-06-02T24:00:00", "timezone_required"),
        ("1780401600000", "datetime_format"),
        (1780401600000, "datetime_format"),
        (1.5, "datetime_format"),
        (None, "datetime_format"),
        (True, "datetime_format"),
        ("2026-06-02", "datetime_format"),
        ("2026-06-02T12:00Z", "datetime_format"),
        ("2026-13-02T12:00:00Z", "datetime_format"),
        ("2026-06-02T24:00:00Z", "datetime_format"),
        ("2026-06-02T12:00:61Z", "datetime_format"),
        ("2026-06-02T12:00:00+24:00", "datetime_format"),
        ("2026-06-02T12:00:00+03:75", "datetime_format"),
        ("2026-W23-2T12:00:00Z", "datetime_format"),
        ("２０２６-06-02T12:00:00Z", "datetime_format"),
        ("0000-01-01T00:00:00Z", "datetime_format"),
        ("9999-12-31T23:59:59-12:00", "out_of_range"),
        ("0001-01-01T00:00:00+14:00", "out_of_range"),
    ],
)
def test_a_time_that_is_none_says_why(text: object, code: str) -> None:
    with pytest.raises(PydanticCustomError) as refusal:
        strict.read_moment(text)
    assert refusal.value.type == code


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-02T12:00:00Z", datetime(2026, 6, 2, 12, tzinfo=UTC)),
        ("2026-06-02t15:00:00.25+03:00", datetime(2026, 6, 2, 12, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-06-02t12:00:00z", datetime(2026, 6, 2, 12, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-06-02T12:00:00.123456789Z", datetime(2026, 6, 2, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-06-02T07:30:00-04:30", datetime(2026, 6, 2, 12, tzinfo=UTC)),
    ],
)
def test_a_time_with_an_offset_is_read_as_utc(text: str, moment: datetime) -> None:
    assert strict.read_moment(text) == moment


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("019e7f5c3a527c4e9d410c6a8a1f2b3c", "uuid_format"),
        ("{019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c}", "uuid_format"),
        ("urn:uuid:019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c", "uuid_format"),
        ("019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c\n", "uuid_format"),
        (b"0123456789abcdef", "wrong_type"),
        (1, "wrong_type"),
        (None, "wrong_type"),
    ],
)
def test_one_form_of_a_uuid_is_read_and_no_other(value: object, code: str) -> None:
    reader = TypeAdapter(strict.Uuid)
    assert reader.validate_python("019E7F5C-3a52-7c4e-9d41-0c6a8a1f2b3c") == UUID(
        int=0x019E7F5C3A527C4E9D410C6A8A1F2B3C
    )
    with pytest.raises(ValidationError) as refusal:
        reader.validate_python(value)
    assert refusal.value.errors()[0]["type"] == code
