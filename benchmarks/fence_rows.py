"""The workload's fences as rows of the database that Django is set up for: what a million drawn in the admin would be.

Straight into the tables, past every check of the product: some of the workload's fences are larger than a merchant may
draw, and there is no need to number a million changes.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from django.db import connection, transaction
from tqdm import tqdm

from geooffers.matching import base as bases
from geooffers.matching.columns import Columns
from merchants.models import FenceChange, FenceChangeCounter, Geofence, Merchant, Store

FENCES_A_STORE, STORES_A_MERCHANT = 10, 10
AT_ONCE = 5_000
COLUMNS = (
    "id", "public_id", "store_id", "name", "dwell_s", "tuning", "state", "review_note", "created_at", "changed_at",
    "kind", "center_lat", "center_lon", "radius_m", "geometry",
)  # fmt: skip


def load(fences: Columns) -> None:
    """Fence number n of the workload has the primary key n + 1."""
    now, count = datetime.now(UTC), len(fences)
    stores = _stores(-(-count // FENCES_A_STORE))
    to_column = {field.column: field for field in Geofence._meta.concrete_fields}
    statement = "INSERT INTO merchants_geofence ({}) VALUES ({})".format(
        ", ".join(COLUMNS), ", ".join(["%s"] * len(COLUMNS))
    )
    uuids = np.random.default_rng(0)
    bar = tqdm(desc="rows", unit="row", total=count, disable=None, leave=False)
    with bar, transaction.atomic(), connection.cursor() as cursor:
        rows = _areas(fences)
        while some := list(itertools.islice(rows, AT_ONCE)):
            values = []
            for number, area in some:
                public_id = to_column["public_id"].get_db_prep_save(_uuid(uuids), connection)
                store_id = to_column["store_id"].get_db_prep_save(stores[number // FENCES_A_STORE], connection)
                known = (number + 1, public_id, store_id, f"fence {number}", 86_400, "walk_in", "live", "", now, now)
                values.append((*known, *area))
            cursor.executemany(statement, values)
            bar.update(len(some))
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('merchants_geofence', 'id'), max(id)) FROM merchants_geofence"
            )
    FenceChangeCounter.objects.create(last_number=1)
    FenceChange.objects.create(number=1, index_id=1)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _uuid(chance: np.random.Generator) -> UUID:
    return UUID(bytes=chance.bytes(16), version=4)


def _stores(count: int) -> list[Any]:
    merchants = [Merchant(name=f"merchant {number}") for number in range(-(-count // STORES_A_MERCHANT))]
    Merchant.objects.bulk_create(merchants, batch_size=AT_ONCE)
    stores = [
        Store(
            merchant=merchants[number // STORES_A_MERCHANT],
            name=f"store {number}",
            address="Senaatintori 1",
            time_zone="Europe/Helsinki",
            lat=60.17,
            lon=24.95,
        )
        for number in range(count)
    ]
    Store.objects.bulk_create(stores, batch_size=AT_ONCE)
    return [store.pk for store in stores]


def _areas(fences: Columns) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Number; kind, latitude, longitude, radius, GeoJSON."""
    for number, area in zip(fences.circle_ids.tolist(), fences.circle_areas.tolist(), strict=True):
        yield number, ("circle", *area, None)
    for begin in range(0, len(fences.polygon_ids), AT_ONCE):
        chosen = np.arange(begin, min(begin + AT_ONCE, len(fences.polygon_ids)))
        texts = shapely.to_geojson(bases.geometries(fences, chosen)).tolist()
        for number, text in zip(fences.polygon_ids[chosen].tolist(), texts, strict=True):
            yield number, ("polygon", None, None, None, text)
