"""How a log line is written, and what must not get into one, taken out of it.

Nobody logs whereabouts, tokens or codes on purpose; tests with a canary see to that. This is the net below: libraries
and exceptions quote what they were given. Every record, ours or a library's, goes through structlog's processors, and
the last but one looks at each text in it. Named in the settings, so nothing of Django is imported here.

Taken out are: coordinates (numbers with three and more decimals), device tokens, reporting and API keys, push
addresses, ID tokens, e-mail addresses, coupon codes, and queries of addresses.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from geooffers import code_symbols

_QUERY = re.compile(r"\?\S*")
GONE = "[redacted]"

# Anything under these names, nested or not, is taken out.
_NAMES = frozenset(
    [
        "lat",
        "lon",
        "latitude",
        "longitude",
        "position",
        "token",
        "new_token",
        "id_token",
        "authorization",
        "password",
        "code",
        "email",
        "api_key",
        "push_address",
        "address",
        "secret",
        "cookie",
    ]
)
# Each begins at the first letter of a word alone: else a long one would be looked at from each of its letters.
_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<=[\w/%.-])\?[^\s\"'<>]+"), ""),  # of an address the path stays
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {GONE}"),
    (re.compile(r"\beyJ[\w-]*\.[\w-]*\.?[\w-]*"), GONE),
    (re.compile(r"\bg[or]k_[\w-]+"), GONE),
    (re.compile(r"(?<![\w-])[\w-]{8,}:[\w-]{60,}"), GONE),  # how Firebase's registration tokens look
    (re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{43}(?![\w-])"), GONE),
    (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), GONE),
    (re.compile(r"(?<![\d.])-?\d{1,3}\.\d{3,}(?!\.?\d)"), GONE),
    (re.compile(r"(?<![\w-])[0-9a-zA-Z]{4}-?[0-9a-zA-Z]{4}-?[0-9a-zA-Z]{5}(?![\w-])"), lambda found: _code(found)),
)


class WithoutQuery(logging.Filter):
    """The line of a request without its query: some clients can say where they are in nothing but the address."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_QUERY.sub("", part) if isinstance(part, str) else part for part in record.args)
        return True


def redacted(text: str) -> str:
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def redact(logger: WrappedLogger, method_name: str, event: EventDict) -> EventDict:
    """The processor: every text of the event, whatever holds it."""
    return {name: _value(name, value) for name, value in event.items()}


def _value(name: str, value: Any) -> Any:
    if name.lower() in _NAMES:
        return GONE
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, float):
        return redacted(repr(value))
    if isinstance(value, Mapping):
        return {str(key): _value(str(key), part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_value(name, part) for part in value]
    return value if isinstance(value, (int, bool, type(None))) else redacted(str(value))


def _code(found: re.Match[str]) -> str:
    """Only what the check symbol says is one: else any word of thirteen letters would go."""
    try:
        code_symbols.read(found.group())
    except code_symbols.UnreadableCode:
        return found.group()
    return GONE


def _written(logger: WrappedLogger, method_name: str, event: EventDict) -> str:
    """`2026-06-02T12:00:00.123Z WARNING geooffers.callers.limits what happened name=value`, then the traceback."""
    rest = dict(event)
    line = " ".join(str(rest.pop(part, "-")) for part in ("timestamp", "level", "logger", "event"))
    traceback = rest.pop("exception", "")
    line += "".join(f" {name}={value}" for name, value in rest.items())
    return f"{line}\n{traceback}" if traceback else line


def _upper_level(logger: WrappedLogger, method_name: str, event: EventDict) -> EventDict:
    event["level"] = str(event.get("level", "")).upper()
    return event


def _without_objects(logger: WrappedLogger, method_name: str, event: EventDict) -> EventDict:
    """Django's own records carry the request beside words that say the same."""
    for name in ("request", "server_time", "status_code"):
        event.pop(name, None)
    return event


def formatter(style: str) -> structlog.stdlib.ProcessorFormatter:
    """`line`, or `json`: one object a line."""
    before: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _upper_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        _without_objects,
        structlog.processors.format_exc_info,
    ]
    written: Processor = structlog.processors.JSONRenderer() if style == "json" else _written
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact_but_the_head, written],
    )


def redact_but_the_head(logger: WrappedLogger, method_name: str, event: EventDict) -> EventDict:
    """The head is written by ourselves: a time of day has decimals, too."""
    head = {name: event.pop(name) for name in ("timestamp", "level", "logger") if name in event}
    return {**head, **redact(logger, method_name, event)}
