"""Where in the database something stands: a search of every column of every table, by value and not by meaning."""

import gzip
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Model

from geooffers.shoppers.privacy import export_files
from geooffers.visits.state import packing, sealed_state

Row = tuple[str, Any]  # the model's label and the primary key
# What the product itself can read out of a column belongs to what stands there.
READ: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "visits.DeviceState": lambda row: repr(
        packing.unpack(sealed_state.open_(bytes(row["packed"]), device_id=row["device_id"]))
    ),
    "shoppers.Export": lambda row: (
        gzip.decompress(export_files.open_body(bytes(row["body"]), export_id=row["id"])).decode() if row["body"] else ""
    ),
}
_GZIP = b"\x1f\x8b"


def every_model() -> list[type[Model]]:
    return list(apps.get_models(include_auto_created=True))


def forms_of(value: UUID | str | bytes) -> tuple[bytes, ...]:
    """How a value may be written down: as it is, as hexadecimal digits, with and without dashes, in either case."""
    if isinstance(value, UUID):
        plain = (value.bytes, str(value).encode(), value.hex.encode())
    elif isinstance(value, str):
        plain = (value.encode(), value.encode("utf-16-le"), value.encode().hex().encode())
    else:
        plain = (value, value.hex().encode())
    return tuple({form for each in plain for form in (each, each.upper(), each.lower())})


def as_bytes(value: Any) -> bytes:
    if isinstance(value, (bytes, memoryview)):
        # Both as they lie there and as a dump would print them.
        raw = bytes(value)
        unpacked = gzip.decompress(raw) if raw.startswith(_GZIP) else b""
        return b"\n".join((raw, raw.hex().encode(), unpacked))
    if isinstance(value, UUID):
        return value.bytes + b"\n" + str(value).encode()
    return str(value).encode()


def holds(value: Any, forms: Iterable[bytes]) -> bool:
    if value is None:
        return False
    content = as_bytes(value)
    return any(form in content for form in forms)


def rows_with(*values: UUID | str | bytes) -> dict[Row, Mapping[str, Any]]:
    """Every row in which one of the values stands, anywhere, with all that it says."""
    return rows_holding([form for value in values for form in forms_of(value)])


def rows_holding(forms: Iterable[bytes]) -> dict[Row, Mapping[str, Any]]:
    forms = list(forms)
    found = {}
    for model in every_model():
        label = model._meta.label
        for row in model._base_manager.values():
            content = [*row.values(), READ[label](row) if label in READ else None]
            if any(holds(value, forms) for value in content):
                found[label, row[model._meta.pk.attname]] = row
    return found


def tables_with(*values: UUID | str | bytes) -> set[str]:
    return {label for label, _ in rows_with(*values)}
