"""A copy of everything that is kept of a shopper, for the shopper. docs/privacy.md lists what that is.

Small accounts get it at once. For large ones the worker makes it (`make_exports`), ready within the hour, and it is
fetched by a link. The shape is the JSON Schema that the API publishes (`api/privacy/export_schema.py`).
"""

import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from uuid import UUID, uuid4

from geooffers.coupons import exporting as coupons_exporting
from geooffers.decisions import exporting as decisions_exporting
from geooffers.events import exporting as events_exporting
from geooffers.redemptions import exporting as redemptions_exporting
from geooffers.shoppers.models import DataRequest, DataRequestKind, Device, Export, Shopper
from geooffers.shoppers.privacy import data_export, export_files
from geooffers.shoppers.privacy.data_export import Entry, Exporting
from geooffers.visits import exporting as visits_exporting
from notifications import exporting as notifications_exporting

VERSION = 1
SCHEMA = "/api/v1/me/export/schema"
# Gathered within a few hundred milliseconds.
MOST_AT_ONCE = 2_000

_APPS = (
    data_export,
    visits_exporting,
    decisions_exporting,
    coupons_exporting,
    redemptions_exporting,
    notifications_exporting,
    events_exporting,
)


@dataclass(frozen=True, kw_only=True)
class Made:
    document: bytes


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """The worker makes it. `token` is in this answer alone."""

    request_id: UUID
    token: str
    ready_by: datetime
    expires_at: datetime


def export_shopper(*, device: Device, shopper: Shopper, now: datetime, at_once: int = MOST_AT_ONCE) -> Made | Ordered:
    of = data_export.whose(shopper=shopper)
    if sum(app.count(of) for app in _APPS) > at_once:
        export, token = export_files.order(device=device, now=now)
        return Ordered(
            request_id=export.request_id,
            token=token,
            ready_by=export.asked_at + export_files.READY_WITHIN,
            expires_at=export.expires_at,
        )
    request_id, out = uuid4(), io.BytesIO()
    rows = write(out, of=of, request_id=request_id, now=now)
    DataRequest.objects.create(pk=request_id, kind=DataRequestKind.ACCESS, asked_at=now, done_at=now, rows=rows)
    return Made(document=out.getvalue())


def make(*, export: Export, now: datetime) -> bool:
    """Called by the worker. Nothing is locked meanwhile: an erasure deletes the order as well."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
        rows = write(packed, of=data_export.whose(shopper=export.shopper), request_id=export.request_id, now=now)
    return export_files.put(export=export, body=out.getvalue(), rows=rows, now=now)


def write(out: IO[bytes] | gzip.GzipFile, *, of: Exporting, request_id: UUID, now: datetime) -> dict[str, int]:
    """Row by row, so that an account of any size fits. How many rows of what."""
    head = {"$schema": SCHEMA, "version": VERSION, "request_id": request_id, "made_at": now}
    rows: Counter[str] = Counter()
    out.write(_json(head)[:-1])
    for name, entries in _sections(of).items():
        out.write(b",\n" + _json(name) + b":[")
        for entry in entries:
            out.write((b",\n" if rows[name] else b"\n") + _json(entry))
            rows[name] += 1
        out.write(b"]")
    out.write(b"}\n")
    return dict(rows)


def _sections(of: Exporting) -> Mapping[str, Iterator[Entry]]:
    return {name: entries for app in _APPS for name, entries in app.sections(of).items()}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not belong in an export")
