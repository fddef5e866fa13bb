"""Overland: GeoJSON points in batches, deleted from the phone's queue by the answer `{"result": "ok"}` alone."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import JsonResponse, QueryDict
from ninja import Router

from geooffers.api.identity import auth
from geooffers.api.location.gps_clients import credentials, describing, receiving
from geooffers.api.location.gps_clients.parsing import fields, fixes, reading, values
from geooffers.api.location.gps_clients.parsing.fixes import ClientFix, DropReason

router = Router(tags=[describing.TAG])

_POINT = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [24.9525, 60.1695]},
    "properties": {"timestamp": "2026-06-02T12:00:00+0300", "horizontal_accuracy": 12, "speed": 1, "wifi": ""},
}
_ANSWER = {
    "type": "object",
    "required": ["result", "counts"],
    "properties": {"result": {"const": "ok"}, "counts": describing.COUNTS},
}
_ANSWERS_WITH = {"result": "ok", "counts": {"accepted": 1}}


@router.post(
    "/overland",
    auth=credentials.by_header,
    operation_id="ingestOverland",
    summary="Report from Overland",
    description="For Overland on iOS and Android: a batch of GeoJSON points. Names of WLANs are not read.",
    openapi_extra=describing.adapter(json={"locations": [_POINT]}, answer=_ANSWER, answers_with=_ANSWERS_WITH),
)
def ingest_overland(request: auth.DeviceRequest) -> JsonResponse:
    counts = receiving.receive(request, client="overland", read=lambda now: _read_batch(reading.json_of(request)))
    return _ok(counts)


@router.get(
    "/overland",
    auth=credentials.by_header,
    operation_id="ingestOverlandQuery",
    summary="Report from Overland's query template",
    description="One position in the address. Coordinates in an address get into the logs of proxies: prefer POST.",
    openapi_extra=describing.adapter(
        answer=_ANSWER,
        answers_with=_ANSWERS_WITH,
        query=[
            describing.parameter("ts", "`%TS`: ISO 8601 with an offset.", "2026-06-02T09:00:00Z"),
            describing.parameter("lat", "`%LAT`", "60.1695"),
            describing.parameter("lon", "`%LON`", "24.9525"),
            describing.parameter("acc", "`%ACC`: metres.", "12"),
            describing.parameter("spd", "`%SPD`: metres a second; below 0 it is not known.", "1"),
        ],
    ),
)
def ingest_overland_query(request: auth.DeviceRequest) -> JsonResponse:
    counts = receiving.receive(request, client="overland", read=lambda now: [read_query(request.GET, now)])
    return _ok(counts)


def _ok(counts: Counter[str]) -> JsonResponse:
    # `set` in an answer would change the app's settings, and `error` would be shown as a notification.
    return receiving.answer(counts, body={"result": "ok", "counts": receiving.plain(counts)})


def _read_batch(batch: Any) -> Iterator[ClientFix | DropReason]:
    if not isinstance(batch, dict) or not isinstance(batch.get("locations"), list):
        yield DropReason.NOT_A_RECORD
        return
    yield from receiving.each(batch["locations"], read_feature)
    # Beside a long backlog stands where the phone is now. It comes again in its own batch, and is a repeat then.
    if isinstance(batch.get("current"), dict):
        yield read_feature(batch["current"])


def read_feature(feature: Any) -> ClientFix | DropReason:
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        return DropReason.NOT_A_RECORD
    properties, geometry = feature["properties"], feature.get("geometry")
    if properties.get("action"):
        # `visit`, `exited_pause_region`, ...: an older place under the time of the event. The phone is no longer there.
        return DropReason.EVENT
    if not isinstance(geometry, dict):
        return DropReason.NO_POSITION
    coordinates = geometry.get("coordinates")
    if geometry.get("type") != "Point" or not isinstance(coordinates, list) or len(coordinates) < 2:
        return DropReason.BAD_POSITION
    return fixes.judge(
        recorded_at=values.iso(properties.get("timestamp")),
        lat=values.number(coordinates[1]),
        lon=values.number(coordinates[0]),
        accuracy_m=values.number(properties.get("horizontal_accuracy")),
        speed_mps=values.number(properties.get("speed")),
    )


def read_query(query: QueryDict, now: datetime) -> ClientFix | DropReason:
    return fields.read(query, now=now, times=["ts"], accuracies=["acc"], speed_mps=values.number(query.get("spd")))
