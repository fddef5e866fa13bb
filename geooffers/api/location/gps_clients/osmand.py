"""OsmAnd's online tracking: a GET whose address holds place, time and key, for the app can do nothing else.

None of it gets into our logs (docs/clients.md says what of an operator's proxy). On anything but 2xx the app sends the
same again, older versions without a pause, until the record is too old for it.
"""

from dataclasses import replace
from datetime import datetime

from django.http import JsonResponse, QueryDict
from ninja import Router

from geooffers.api.identity import auth
from geooffers.api.location.gps_clients import credentials, describing, receiving
from geooffers.api.location.gps_clients.parsing import fields, values
from geooffers.api.location.gps_clients.parsing.fixes import ClientFix, DropReason

router = Router(tags=[describing.TAG])

# OsmAnd writes metres as `hdop`. Others who speak its protocol write the bare factor there, of which 1 is perfect;
# taken for metres it would be more than any phone can know.
_HDOP_AT_LEAST_M = 10.0


@router.get(
    "/osmand",
    auth=credentials.by_header_or_address,
    operation_id="ingestOsmAnd",
    summary="Report from OsmAnd",
    description=(
        "For OsmAnd's online tracking. Place and key stand in the address, because the app knows no other way: whoever "
        "runs a proxy in front must keep queries out of its logs. The key is a reporting key, never the device's token."
    ),
    openapi_extra=describing.adapter(
        query=[
            describing.parameter("lat", "`{0}`: degrees.", "60.1695"),
            describing.parameter("lon", "`{1}`: degrees.", "24.9525"),
            describing.parameter("timestamp", "`{2}`: since 1970, in seconds or milliseconds.", "1780390800000"),
            describing.parameter("hdop", "`{3}`: what OsmAnd writes here are metres.", "12.0"),
            describing.parameter("speed", "`{5}`: metres a second.", "1.2"),
        ],
    ),
)
def ingest_osmand(request: auth.DeviceRequest) -> JsonResponse:
    counts = receiving.receive(request, client="osmand", read=lambda now: [read_fields(request.GET, now=now)])
    return receiving.answer(counts, body={"counts": receiving.plain(counts)})


def read_fields(query: QueryDict, *, now: datetime, speed_unit_mps: float = 1) -> ClientFix | DropReason:
    """The OsmAnd protocol, in a query or a form."""
    if query.get("valid", "").lower() in ("0", "false"):
        return DropReason.NO_POSITION
    speed = values.number(query.get("speed"))
    found = fields.read(
        query,
        now=now,
        times=["timestamp"],
        accuracies=["accuracy", "hacc"],
        speed_mps=None if speed is None else speed * speed_unit_mps,
        mock=values.flag(query.get("mock")),
    )
    hdop = values.number(query.get("hdop"))
    if isinstance(found, ClientFix) and found.accuracy_m is None and hdop is not None and hdop > 0:
        return replace(found, accuracy_m=max(hdop, _HDOP_AT_LEAST_M))
    return found
