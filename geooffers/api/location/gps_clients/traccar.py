"""The Traccar client: three generations of one app, each with the key as its device identifier.

    from 10     a form, or a JSON list of flat records; `id` in each
    9           the background-geolocation record, with `device_id` beside it
    up to 8     POST with everything in the address

All delete a record on 2xx and repeat it on anything else.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, JsonResponse, QueryDict
from ninja import Router

from geooffers.api.identity import auth
from geooffers.api.location.gps_clients import background_geolocation, credentials, describing, osmand, receiving
from geooffers.api.location.gps_clients.parsing import fields, fixes, reading, values
from geooffers.api.location.gps_clients.parsing.fixes import ClientFix, DropReason
from geooffers.callers.device_lookup import DeviceCaller

router = Router(tags=[describing.TAG])


def by_body(request: HttpRequest) -> DeviceCaller | None:
    """The key, or the device's token, as the identifier in the body: nobody writes bodies down."""
    try:
        shown = _identifier(_value_of(request))
    except reading.UnreadableReport:
        return None
    return credentials.find_caller(shown) if shown else None


by_identifier: Sequence[Callable[[HttpRequest], Any]] = [
    *credentials.by_header_or_address[:-1],
    by_body,
    credentials.nobody,
]


@router.post(
    "/traccar",
    auth=by_identifier,
    operation_id="ingestTraccar",
    summary="Report from the Traccar client",
    description=(
        "For the Traccar client of any version. Its device identifier is the device's reporting key; from version 9 on "
        "it stands in the body, before that in the address, with the place."
    ),
    openapi_extra=describing.adapter(
        json={"location": background_geolocation.LOCATION, "device_id": "grk_…"},
        form={"id": "grk_…", "lat": "60.1695", "lon": "24.9525", "timestamp": "1780390800", "accuracy": "12.5"},
    ),
)
def ingest_traccar(request: auth.DeviceRequest) -> JsonResponse:
    counts = receiving.receive(request, client="traccar", read=lambda now: _read(_value_of(request), now))
    return receiving.answer(counts, body={"counts": receiving.plain(counts)})


def _value_of(request: HttpRequest) -> Any:
    """A `QueryDict`, or the value of a JSON body."""
    if request.content_type == "application/json":
        return reading.json_of(request)
    return request.GET if "lat" in request.GET or "location" in request.GET else reading.form_of(request)


def _identifier(value: Any) -> str | None:
    if isinstance(value, QueryDict):
        return fields.first(value, credentials.ID_NAMES)
    record = value[0] if isinstance(value, list) and value else value
    if not isinstance(record, dict):
        return None
    found = record.get("device_id") or record.get("id")
    return found if isinstance(found, str) else None


def _read(value: Any, now: datetime) -> Iterator[ClientFix | DropReason]:
    if isinstance(value, QueryDict):
        yield osmand.read_fields(value, now=now, speed_unit_mps=values.KNOT_MPS)
    elif isinstance(value, dict) and "location" in value:
        yield from background_geolocation.read_records(value)
    else:
        yield from receiving.each(value if isinstance(value, list) else [value], read_flat)


def read_flat(record: Any) -> ClientFix | DropReason:
    if not isinstance(record, dict):
        return DropReason.NOT_A_RECORD
    if record.get("lat") is None or record.get("lon") is None:
        return DropReason.NO_POSITION
    speed_knots = values.number(record.get("speed"))
    return fixes.judge(
        recorded_at=values.moment(record.get("timestamp")),
        lat=values.number(record["lat"]),
        lon=values.number(record["lon"]),
        accuracy_m=values.number(record.get("accuracy")),
        speed_mps=None if speed_knots is None else speed_knots * values.KNOT_MPS,
        mock=values.flag(record.get("mock")),
    )
