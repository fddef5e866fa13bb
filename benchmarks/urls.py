"""The product, and the peers a report is measured against, served by the same process."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import include, path
from ninja import NinjaAPI, Schema

from geooffers.matching.index import Index, Match
from geooffers.shoppers.identity.tokens import hash_of
from geooffers.shoppers.models import Device
from geooffers.usecases.location import advise_next_report
from geooffers.visits.engine import plausibility, sighting
from geooffers.visits.engine.observations import Fix, to_ms
from merchants.live_fences import live_fences

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
    Device.objects.filter(token_hash=hash_of(token)).values_list("pk", "shopper_id")[0]
    return {"results": [{"id": fix.uuid, "result": "accepted"} for fix in report.fixes]}


@peers.post("/matched")
def matched(request: HttpRequest, report: Report) -> dict[str, float]:
    """What of a report is matching, as this process finds its caches: which fences, what the rules are told of them,
    and how far the phone may move.
    """
    live = live_fences.matcher().current()
    now = datetime.now(UTC)
    fix = report.fixes[0]
    given = Fix(
        uuid=UUID(fix.uuid), recorded_at=now, lat=fix.lat, lon=fix.lon, accuracy_m=fix.accuracy_m, background=False
    )
    place = plausibility.place_of(given, at_ms=to_ms(now))
    index = Stopwatch(live.index)
    began = time.perf_counter()
    seen = sighting.see(fix=given, index=index, fence=live.fence, now=now)
    looked = time.perf_counter()
    advise_next_report.boundary_m(place, seen=[seen], live=live)
    return {
        "fences": index.seconds,
        "touches": looked - began - index.seconds,
        "boundary": time.perf_counter() - looked,
    }


class Stopwatch:
    """An index that says how long it was asked for."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.seconds = 0.0

    def match_one(self, *, lat: float, lon: float, accuracy_m: float) -> tuple[Match, ...]:
        began = time.perf_counter()
        found = self.index.match_one(lat=lat, lon=lon, accuracy_m=accuracy_m)
        self.seconds += time.perf_counter() - began
        return found


urlpatterns = [path("peers/", peers.urls), path("", include("geooffers.urls"))]
