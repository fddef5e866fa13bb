"""Apps that are not ours, as the API meets them: a registered device, whose key somebody typed into the app."""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

from geooffers.api.edge import clock
from geooffers.shoppers.models import Device, Purpose
from geooffers.visits.models import Visit
from merchants.live_fences import live_fences
from merchants.models import Geofence
from tests.cast import NOON, make_device, make_fence, make_store
from tests.phone import JSON, Phone, make_token

AT_HOME = (60.1757, 24.9418)
AT_THE_SHOP = (60.1712, 24.9418)
LOCATION_PURPOSES = (Purpose.LOCATION_FOREGROUND, Purpose.LOCATION_BACKGROUND)
FORM = "application/x-www-form-urlencoded"


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def fence_at(lat: float, lon: float, *, radius_m: float = 150) -> Geofence:
    fence = make_fence(make_store(lat=lat, lon=lon), radius_m=radius_m)
    live_fences.matcher().refresh()
    return fence


class App:
    """`address` is its part after /api/v1/ingest. Every call happens at `at`."""

    def __init__(self, address: str, *, consents: Iterable[Purpose] = LOCATION_PURPOSES) -> None:
        self.address = address
        self.token = make_token()
        self.device: Device = make_device(token=self.token, consents=consents)
        self.key: str = Phone(token=self.token).call("GET", "/ingest/key").json()["reporting_key"]
        self.client = Client(REMOTE_ADDR="203.0.113.9", raise_request_exception=False)

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def basic(self, *, user: str = "aino") -> dict[str, str]:
        shown = base64.b64encode(f"{user}:{self.key}".encode()).decode()
        return {"Authorization": f"Basic {shown}"}

    def call(
        self,
        method: str,
        *,
        body: Any = b"",
        query: Mapping[str, Any] | str = "",
        headers: Mapping[str, str] | None = None,
        content_type: str = JSON,
        at: datetime = NOON,
    ) -> HttpResponse:
        """`body` as JSON; bytes go as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        shown = query if isinstance(query, str) else urlencode(query)
        with clock.set_to(at):
            return self.client.generic(
                method,
                f"/api/v1/ingest{self.address}{'?' + shown if shown else ''}",
                data,
                content_type=content_type,
                headers=self.bearer() if headers is None else headers,
            )

    def send(self, body: Any, *, at: datetime = NOON, **more: Any) -> HttpResponse:
        return self.call("POST", body=body, at=at, **more)


def counts(answer: HttpResponse) -> dict[str, int]:
    """What the answer says of the records, from its header; it has to be a 200."""
    assert answer.status_code == 200, answer.content
    found = {}
    for part in filter(None, answer["X-Geooffers-Counts"].split(", ")):
        name, _, number = part.partition("=")
        found[name] = int(number)
    return found


def visits_of(app: App) -> list[tuple[datetime, datetime | None]]:
    found = Visit.objects.filter(shopper=app.device.shopper).order_by("began_at")
    return list(found.values_list("began_at", "ended_at"))
