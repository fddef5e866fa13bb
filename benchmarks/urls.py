"""The product, and the peers a report is measured against, served by the same process."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import include, path
from ninja import NinjaAPI, Schema

from geooffers.api.auth import hash_token
from geooffers.shoppers.models import Device
from geooffers.usecases import looking
from geooffers.visits.transitions import Fix
from merchants import live_fences

peers = NinjaAPI(urls_namespace="peers", docs_url=None, openapi_url=None)


class FixIn(Schema):
    uuid: str
    recorded_at: str
    lat: float
    lon: float
    accuracy_m: float
    background: bool


class Report(Schema):
    fixes: list[FixIn]


@peers.post("/empty")
def empty(request: HttpRequest, report: Report) -> dict[str, Any]:
    """(a) The framework alone: the same body read and validated, nothing done."""
    return {"results": [{"id": fix.uuid, "result": "accepted"} for fix in report.fixes]}


@peers.post("/one-select")
def one_select(request: HttpRequest, report: Report) -> dict[str, Any]:
    """(b) The least that honouring consent costs: one indexed SELECT by the token's hash."""
    token = request.headers["Authorization"].removeprefix("Bearer ")
    Device.objects.filter(token_hash=hash_token(token)).values_list("pk", "shopper_id")[0]
    return {"results": [{"id": fix.uuid, "result": "accepted"} for fix in report.fixes]}


@peers.post("/matched")
def matched(request: HttpRequest, report: Report) -> dict[str, float]:
    """What of a report is matching, as this process finds its caches: which fences, and how far the phone may move."""
    live = live_fences.matcher()
    now = datetime.now(UTC)
    fix = report.fixes[0]
    given = Fix(
        uuid=UUID(fix.uuid), recorded_at=now, lat=fix.lat, lon=fix.lon, accuracy_m=fix.accuracy_m, background=False
    )
    began = time.perf_counter()
    looking.look(fix=given, live=live, now=now)
    looked = time.perf_counter()
    live.index.clearance_m(
        lat=fix.lat, lon=fix.lon, at_most_m=settings.PHONE_MOVE_MOST_M, counts=lambda index_id: index_id > 0
    )
    return {"fences": looked - began, "boundary": time.perf_counter() - looked}


urlpatterns = [path("peers/", peers.urls), path("", include("geooffers.urls"))]
