"""OwnTracks in HTTP mode: one JSON message a request, of which `location` is the one with a position of the phone.

The answer is a list of messages for the phone; an empty one says that all is well. On 4xx the app on iOS throws its
message away, so a phone that sends too fast is told 503, after which it waits and sends the same again.
"""

from collections.abc import Iterator
from typing import Any

from django.http import JsonResponse
from ninja import Router

from geooffers.api.identity import auth
from geooffers.api.location.gps_clients import credentials, describing, receiving
from geooffers.api.location.gps_clients.parsing import fixes, reading, values
from geooffers.api.location.gps_clients.parsing.fixes import ClientFix, DropReason
from geooffers.callers import report_rate
from geooffers.usecases.location import report_positions as reporting

router = Router(tags=[describing.TAG])

_BY_HAND = "u"  # the trigger of a report that a person asked for, with the app in front of them
_WITHOUT_A_FIX = {"transition": DropReason.TRANSITION, "encrypted": DropReason.ENCRYPTED}


@router.post(
    "/owntracks",
    auth=credentials.by_header,
    operation_id="ingestOwnTracks",
    summary="Report from OwnTracks",
    description=(
        "For the OwnTracks apps in HTTP mode. `location` messages are used; any other message, and a body that is "
        "none, is acknowledged and counted."
    ),
    openapi_extra=describing.adapter(
        json={"_type": "location", "tst": 1780390800, "lat": 60.1695, "lon": 24.9525, "acc": 12, "t": "u", "tid": "ai"},
        answer={"type": "array", "maxItems": 0, "items": {}},
        answers_with=[],
        busy=True,
    ),
)
def ingest_owntracks(request: auth.DeviceRequest) -> JsonResponse:
    try:
        counts = receiving.receive(request, client="owntracks", read=lambda now: _read(reading.json_of(request)))
    except (report_rate.TooManyReports, reporting.TooManyWrites) as refusal:
        raise report_rate.Busy(retry_after_s=refusal.retry_after_s) from None
    return receiving.answer(counts, body=[])


def _read(message: Any) -> Iterator[ClientFix | DropReason]:
    yield from receiving.each(message if isinstance(message, list) else [message], read_message)


def read_message(message: Any) -> ClientFix | DropReason:
    if not isinstance(message, dict):
        return DropReason.NOT_A_RECORD
    kind = message.get("_type")
    if kind != "location":
        # A transition tells of the app's own region, by a position that may be the region's and not the phone's.
        return _WITHOUT_A_FIX.get(kind, DropReason.OTHER_MESSAGE) if isinstance(kind, str) else DropReason.NOT_A_RECORD
    if "lat" not in message or "lon" not in message:
        return DropReason.NO_POSITION
    speed_kmh = values.number(message.get("vel"))
    return fixes.judge(
        recorded_at=values.epoch(message.get("tst")),
        lat=values.number(message["lat"]),
        lon=values.number(message["lon"]),
        accuracy_m=values.number(message.get("acc")),
        speed_mps=None if speed_kmh is None else speed_kmh * values.KMH_MPS,
        foreground=message.get("t") == _BY_HAND,
    )
