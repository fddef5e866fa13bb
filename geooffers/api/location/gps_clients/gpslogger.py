"""GPSLogger's custom URL: the user writes a template of the request, and docs/clients.md says which.

After three failures the app gives up on a batch: the refused record, and all those behind it, are lost.
"""

from datetime import datetime

from django.http import JsonResponse, QueryDict
from ninja import Router

from geooffers.api.identity import auth
from geooffers.api.location.gps_clients import credentials, describing, receiving
from geooffers.api.location.gps_clients.parsing import fields, reading, values
from geooffers.api.location.gps_clients.parsing.fixes import ClientFix, DropReason

router = Router(tags=[describing.TAG])


@router.post(
    "/gpslogger",
    auth=credentials.by_header,
    operation_id="ingestGpsLogger",
    summary="Report from GPSLogger",
    description="For GPSLogger's custom URL with the fields in the body; `%ALL` there is as good as naming them.",
    openapi_extra=describing.adapter(
        form={"lat": "60.1695", "lon": "24.9525", "time": "2026-06-02T09:00:00.000Z", "acc": "12.5"}
    ),
)
def ingest_gpslogger(request: auth.DeviceRequest) -> JsonResponse:
    counts = receiving.receive(
        request, client="gpslogger", read=lambda now: [read_fields(reading.form_of(request), now)]
    )
    return receiving.answer(counts, body={"counts": receiving.plain(counts)})


@router.get(
    "/gpslogger",
    auth=credentials.by_header,
    operation_id="ingestGpsLoggerQuery",
    summary="Report from GPSLogger, in the address",
    description="The same by GET. Coordinates in an address get into the logs of proxies: prefer POST.",
    openapi_extra=describing.adapter(
        query=[
            describing.parameter("lat", "`%LAT`", "60.1695"),
            describing.parameter("lon", "`%LON`", "24.9525"),
            describing.parameter("time", "`%TIME`; or `timestamp` with `%TIMESTAMP`.", "2026-06-02T09:00:00.000Z"),
            describing.parameter("acc", "`%ACC`: metres; 0 is not known.", "12.5"),
            describing.parameter("spd", "`%SPD`: metres a second.", "1.2"),
            describing.parameter("prov", "`%PROV`", "gps"),
        ],
    ),
)
def ingest_gpslogger_query(request: auth.DeviceRequest) -> JsonResponse:
    counts = receiving.receive(request, client="gpslogger", read=lambda now: [read_fields(request.GET, now)])
    return receiving.answer(counts, body={"counts": receiving.plain(counts)})


def read_fields(found: QueryDict, now: datetime) -> ClientFix | DropReason:
    return fields.read(
        found,
        now=now,
        times=["time", "timestamp", "epoch"],
        accuracies=["acc"],
        speed_mps=values.number(found.get("spd")),
        mock=found.get("prov", "").lower() == "mock",
    )
