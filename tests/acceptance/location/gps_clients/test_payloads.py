"""Recorded requests of clients that nobody here wrote, and the answer each has to get. Not part of the project."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse, QueryDict

from geooffers.api.location.gps_clients import background_geolocation, gpslogger, osmand, overland, owntracks
from geooffers.api.location.gps_clients.parsing.fixes import ClientFix, DropReason
from geooffers.visits.models import DeviceState, Visit
from merchants.models import Geofence
from tests.acceptance.location.gps_clients.apps import JSON, App, counts, fence_at
from tests.cast import NOON
from tests.conftest import SHARED_DATA

pytestmark = pytest.mark.django_db
ADDRESSES = {
    "owntracks": "/owntracks",
    "overland": "/overland",
    "background_geolocation": "/background-geolocation",
    "traccar_client_json": "/traccar",
    "osmand_query": "/osmand",
    "gpslogger": "/gpslogger",
}
# At (0, 0), where a receiver is that knows nothing: taken from the client, and set aside by the rules of every report.
SET_ASIDE = {"owntracks-android-valid_location_message"}


def read_lines() -> Iterator[Any]:
    folder = SHARED_DATA / "payloads"
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else []:
        for line in path.read_text().splitlines():
            payload = json.loads(line)
            yield pytest.param(path.stem, payload, id=payload["id"])


LINES = list(read_lines())
every_line = pytest.mark.parametrize(("file", "payload"), LINES)


def time_of(payload: dict[str, Any]) -> datetime:
    """When it was sent: at its own time, or any when it has none."""
    fixes = payload["expect"].get("fixes", [])
    return datetime.fromisoformat(fixes[-1]["ts"]) if fixes and "ts" in fixes[-1] else NOON


def body_of(payload: dict[str, Any]) -> bytes:
    raw = payload.get("body_raw")
    return raw.encode() if raw is not None else json.dumps(payload["body"]).encode() if "body" in payload else b""


def send(app: App, payload: dict[str, Any]) -> HttpResponse:
    """As it was sent, with the credentials where docs/clients.md has people type them."""
    headers = {
        name: value for name, value in payload["headers"].items() if name not in ("Authorization", "Content-Type")
    }
    query, body = payload["path"].partition("?")[2], body_of(payload)
    device = payload["expect"].get("device")
    if app.address == "/osmand":
        query = query.replace(f"id={device}", f"id={app.key}")
    elif app.address == "/traccar":
        body = body.replace(f'"device_id":"{device}"'.encode(), f'"device_id":"{app.key}"'.encode())
    else:
        headers |= app.basic() if app.address in ("/owntracks", "/gpslogger") else app.bearer()
    content_type = payload["headers"].get("Content-Type", "")
    return app.call(
        payload["method"], query=query, body=body, headers=headers, content_type=content_type, at=time_of(payload)
    )


def fences_around(payload: dict[str, Any]) -> list[tuple[Geofence, datetime]]:
    """So narrow that a coordinate off by a thousandth of a degree, or swapped, would miss it."""
    return [
        (
            fence_at(fix["lat"], fix["lon"], radius_m=50),
            datetime.fromisoformat(fix["ts"]) if "ts" in fix else time_of(payload),
        )
        for fix in payload["expect"].get("fixes", [])
    ]


def test_there_are_requests_of_every_client(shared_data: Path) -> None:
    assert {line.values[0] for line in LINES} == set(ADDRESSES)
    assert len(LINES) == 29


@every_line
def test_a_recorded_request_gets_its_answer(shared_data: Path, file: str, payload: dict[str, Any]) -> None:
    app, expected = App(ADDRESSES[file]), payload["expect"]
    fences = fences_around(payload)
    answer = send(app, payload)
    if expected["result"] == "reject":
        assert 400 <= answer.status_code < 500
        return
    if "response" in expected:
        assert expected["response"].items() <= answer.json().items()
    if file == "owntracks":
        assert answer.json() == []
    if expected["result"] == "ignore":
        assert "accepted" not in counts(answer)
        assert len(counts(answer)) == 1
        assert bytes(DeviceState.objects.get(device=app.device).packed) == b""
        return
    if payload["id"] in SET_ASIDE:
        assert counts(answer) == {"null_island": 1}
        return
    assert counts(answer) == {"accepted": len(fences)}
    assert list(Visit.objects.values_list("fence", "began_at")) == [(fence.pk, at) for fence, at in fences]
    again = counts(send(app, payload))
    assert again == {"duplicate": len(fences)}
    assert Visit.objects.count() == expected.get("stored", len(fences))


READERS: dict[str, Callable[[Any, datetime], ClientFix | DropReason]] = {
    "owntracks": lambda value, now: owntracks.read_message(value),
    "overland": lambda value, now: overland.read_feature(value["locations"][0]),
    "background_geolocation": lambda value, now: background_geolocation.read_record(value["location"]),
    "traccar_client_json": lambda value, now: background_geolocation.read_record(value["location"]),
}
QUERY_READERS: dict[str, Callable[[QueryDict, datetime], ClientFix | DropReason]] = {
    "overland": overland.read_query,
    "osmand_query": lambda query, now: osmand.read_fields(query, now=now),
    "gpslogger": gpslogger.read_fields,
}


@every_line
def test_a_recorded_request_is_read_to_the_last_digit(shared_data: Path, file: str, payload: dict[str, Any]) -> None:
    now = NOON
    if payload["method"] == "GET":
        read = QUERY_READERS[file](QueryDict(payload["path"].partition("?")[2]), now)
    else:
        assert payload["headers"]["Content-Type"] == JSON
        read = READERS[file](json.loads(body_of(payload)), now)
    if payload["expect"]["result"] == "ignore":
        assert isinstance(read, DropReason)
        return
    if payload["expect"]["result"] == "reject":
        return  # for who it is, not for what it says
    assert isinstance(read, ClientFix)
    (fix,) = payload["expect"]["fixes"]
    at = datetime.fromisoformat(fix["ts"]).astimezone(UTC) if "ts" in fix else now
    assert (read.lat, read.lon) == (fix["lat"], fix["lon"])
    assert abs(read.recorded_at - at) < timedelta(milliseconds=1)
    if "accuracy_m" in fix:
        assert read.accuracy_m == fix["accuracy_m"]
