"""The background-geolocation SDK: records in the phone's database, each deleted on 2xx and sent again on all else.

Its region events ride on a fix of the phone, so they are fixes like the others; visits are decided by our own fences.
"""

from collections.abc import Iterator
from typing import Any

from django.http import JsonResponse
from ninja import Router

from geooffers.api.identity import auth
from geooffers.api.location.gps_clients import credentials, describing, receiving
from geooffers.api.location.gps_clients.parsing import fixes, reading, values
from geooffers.api.location.gps_clients.parsing.fixes import ClientFix, DropReason

router = Router(tags=[describing.TAG])

LOCATION = {
    "uuid": "019e7f5c-3a52-4c4e-9d41-0c6a8a1f2b3c",
    "timestamp": "2026-06-02T09:00:00.000Z",
    "coords": {"latitude": 60.1695, "longitude": 24.9525, "accuracy": 12.5, "speed": 1.2, "heading": -1},
    "is_moving": True,
}


@router.post(
    "/background-geolocation",
    auth=credentials.by_header,
    operation_id="ingestBackgroundGeolocation",
    summary="Report from background-geolocation",
    description=(
        "For apps built on the background-geolocation SDK: one record under `location`, or a list of them "
        "(`batchSync`), with or without the root property."
    ),
    openapi_extra=describing.adapter(json={"location": LOCATION}),
)
def ingest_background_geolocation(request: auth.DeviceRequest) -> JsonResponse:
    counts = receiving.receive(
        request, client="background-geolocation", read=lambda now: read_records(reading.json_of(request))
    )
    return receiving.answer(counts, body={"counts": receiving.plain(counts)})


def read_records(body: Any) -> Iterator[ClientFix | DropReason]:
    records = body.get("location", body) if isinstance(body, dict) else body
    yield from receiving.each(records if isinstance(records, list) else [records], read_record)


def read_record(record: Any) -> ClientFix | DropReason:
    if not isinstance(record, dict):
        return DropReason.NOT_A_RECORD
    coords = record.get("coords")
    if coords is None:
        return DropReason.NO_POSITION
    if not isinstance(coords, dict):
        return DropReason.BAD_POSITION
    return fixes.judge(
        recorded_at=values.iso(record.get("timestamp")),
        lat=values.number(coords.get("latitude")),
        lon=values.number(coords.get("longitude")),
        accuracy_m=values.number(coords.get("accuracy")),
        speed_mps=values.number(coords.get("speed")),
        mock=values.flag(record.get("mock")),
        uuid=values.uuid(record.get("uuid")),
    )
