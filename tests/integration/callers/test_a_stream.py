"""A consumer of a stream has no request and no response. It is known, limited and refused as the API's callers are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from geooffers.api.edge import clock, errors
from geooffers.callers import device_lookup, limits, report_rate, reporting_keys
from geooffers.callers.models import RateCount
from geooffers.shoppers.consents import pauses
from geooffers.shoppers.identity import tokens
from geooffers.usecases.identity import revoke_device
from geooffers.usecases.location import report_positions
from geooffers.usecases.privacy import erase_shopper, pause_consents
from geooffers.visits.engine.observations import Fix
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.models import Visit
from merchants.live_fences import live_fences
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.phone import make_token
from tests.walker import AT_AINO, Walker, fix

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@dataclass(frozen=True, kw_only=True)
class Message:
    """As a broker would hand it over: who says so, and where they were."""

    secret: str
    lat: float = AT_AINO[0]
    lon: float = AT_AINO[1]
    number: int = 1


def consume(message: Message, *, now: datetime) -> report_positions.Report:
    """What `api.location.positions` does, but for HTTP."""
    if message.secret.startswith(reporting_keys.PREFIX):
        caller = reporting_keys.find_device(message.secret)
    else:
        caller = device_lookup.find(token_hash=tokens.hash_of(message.secret), now=now)
    report_rate.BUCKETS.spend(device_id=caller.device_id, now=now)
    pauses.refuse_if_paused(pause=caller.pause, now=now)
    told = Fix(
        uuid=UUID(int=message.number),
        recorded_at=now,
        lat=message.lat,
        lon=message.lon,
        accuracy_m=10,
        background=False,
    )
    return report_positions.report_positions(reporter=caller, consents=caller.consents(now=now), fixes=[told], now=now)


@pytest.fixture
def walker() -> Iterator[Walker]:
    store = make_store()
    make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    walker = Walker()
    yield walker
    report_rate.BUCKETS.forget([walker.device.pk])


@pytest.mark.parametrize("by", ["token", "reporting key"])
def test_a_phone_that_is_known_reports_and_gets_its_coupon(walker: Walker, by: str) -> None:
    secret = walker.phone.token if by == "token" else reporting_keys.make_key(token=walker.phone.token)
    report = consume(Message(secret=secret), now=NOON)
    assert [one.change for one in report.transitions] == [Change.APPEARED_INSIDE]
    assert len(report.coupons) == 1
    assert Visit.objects.get().shopper_id == walker.device.shopper_id


def retire(walker: Walker) -> None:
    revoke_device.revoke_device(asker=walker.device, device_id=walker.device.pk, now=NOON)


def erase(walker: Walker) -> None:
    shown = bytes(walker.device.token_hash)
    erase_shopper.erase_shopper(device_id=walker.device.pk, shown_hash=shown, now=NOON)


def withdraw(walker: Walker) -> None:
    for purpose in ("location_foreground", "location_background"):
        assert walker.phone.withdraw(purpose).status_code == 200


def pause(walker: Walker) -> None:
    pause_consents.pause_consents(device=walker.device, pause=pause_consents.PauseTaken.HOUR, now=NOON)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (lambda walker: walker.device.delete(), "token_unknown"),
        (retire, "device_retired"),
        (erase, "erased"),
        (withdraw, "consent_missing"),
        (pause, "paused"),
    ],
    ids=["unknown", "retired", "erased", "without consent", "paused"],
)
def test_a_refusal_is_the_one_of_the_api(walker: Walker, what: Any, code: str) -> None:
    later = NOON + timedelta(minutes=1)
    what(walker)
    with pytest.raises(Exception) as refused:  # noqa: PT011  # which one is what the test is about
        consume(Message(secret=walker.phone.token), now=later)
    assert errors.PROBLEMS[type(refused.value)].code == code
    assert walker.send(fix(later), now=later).json()["code"] == code
    assert not Visit.objects.exists()


def test_a_reporting_key_ends_with_the_token(walker: Walker) -> None:
    key = reporting_keys.make_key(token=walker.phone.token)
    renewal = walker.phone.call("POST", "/devices/me/token", {"new_token": make_token()})
    assert renewal.status_code in (200, 204), renewal.content
    with pytest.raises(device_lookup.TokenUnknown):
        consume(Message(secret=key), now=NOON)


def test_reports_of_a_second_are_counted_together_whichever_way_they_come(walker: Walker) -> None:
    assert walker.send(fix(NOON), now=NOON).status_code == 200
    for number in range(report_rate.BURST - 1):
        consume(Message(secret=walker.phone.token, number=number + 1), now=NOON)
    with pytest.raises(report_rate.TooManyReports):
        consume(Message(secret=walker.phone.token), now=NOON)
    assert walker.send(fix(NOON), now=NOON).json()["code"] == "too_many_reports"
    assert consume(Message(secret=walker.phone.token), now=NOON + timedelta(seconds=1))


def test_calls_of_a_window_are_counted_together_whichever_way_they_come(walker: Walker, settings: Any) -> None:
    settings.REDIS_URL = ""
    with clock.set_to(NOON):
        answer = walker.phone.call("GET", "/coupons")
    assert int(answer["RateLimit-Remaining"]) == limits.DEVICE_CALLS.amount - 1
    caller = device_lookup.find(token_hash=tokens.hash_of(walker.phone.token), now=NOON)
    left = limits.spend(limits.DEVICE_CALLS, caller=caller.name, now=NOON)
    assert left.remaining == limits.DEVICE_CALLS.amount - 2
    assert RateCount.objects.get().count == 2
