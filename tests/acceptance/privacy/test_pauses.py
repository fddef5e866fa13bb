"""Not now: a pause stops matching and marketing at once, on all the shopper's phones, and takes nothing away."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from geooffers.api.edge import clock
from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon
from geooffers.shoppers.models import UNTIL_RESUMED, ConsentReceipt, ConsentState, Purpose
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit
from merchants.live_fences import live_fences
from merchants.models import Geofence
from merchants.people import keys
from notifications.models import Delivery, DeliveryState, Kind
from tests.acceptance.till.tills import Till
from tests.cast import NOON, consent_text, make_fence, make_offer, make_shopper, make_store
from tests.integration.notifications.test_deliveries import claim
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture
def aino() -> Geofence:
    store = make_store()
    fence = make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    return fence


def pause(walker: Walker, word: str = "hour", *, now: datetime = NOON) -> dict[str, Any]:
    with clock.set_to(now):
        answer = walker.phone.call("POST", "/consents/pause", {"pause": word})
    assert answer.status_code == 200, answer.content
    return answer.json()


def resume(walker: Walker, *, now: datetime, key: str | None = None) -> HttpResponse:
    with clock.set_to(now):
        answer = walker.phone.call("POST", "/consents/resume", headers={"Idempotency-Key": key or uuid4().hex})
    assert answer.status_code == 200, answer.content
    return answer


def shown(walker: Walker, *, now: datetime) -> dict[str, Any]:
    with clock.set_to(now):
        return walker.phone.call("GET", "/consents").json()


@pytest.mark.parametrize(
    ("word", "until"), [("hour", NOON + HOUR), ("day", NOON + 24 * HOUR), ("until_resumed", UNTIL_RESUMED)]
)
def test_a_pause_is_one_call_and_is_shown_with_its_end(aino: Geofence, word: str, until: datetime) -> None:
    walker = Walker()
    end = None if until == UNTIL_RESUMED else until.isoformat().replace("+00:00", "Z")
    assert pause(walker, word) == {"paused": True, "paused_until": end}
    assert shown(walker, now=NOON)["pause"] == {"paused": True, "paused_until": end}
    held = ConsentState.objects.exclude(purpose=Purpose.ANALYTICS).values_list("paused_until", flat=True)
    assert set(held) == {until}


def test_a_word_that_is_no_pause_is_refused(aino: Geofence) -> None:
    answer = Walker().phone.call("POST", "/consents/pause", {"pause": "week"})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "unknown_value", "pause")


def test_in_a_pause_a_report_is_refused_and_nothing_of_it_is_kept(aino: Geofence) -> None:
    walker = Walker()
    pause(walker)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = walker.send(fix(NOON + minutes(1)), now=NOON + minutes(1))
    assert (answer.status_code, answer.json()["code"]) == (403, "paused")
    assert answer.json()["paused_until"] == (NOON + HOUR).isoformat()
    assert len(asked) == 1
    assert not Visit.objects.exists()
    assert bytes(DeviceState.objects.get().packed) == b""
    with clock.set_to(NOON + minutes(1)):
        regions = walker.phone.call("POST", "/regions", {"lat": 60.1, "lon": 24.9, "background": False})
    assert (regions.status_code, regions.json()["code"]) == (403, "paused")


def test_a_pause_ends_the_visits_of_all_phones_and_forgets_where_they_were(aino: Geofence) -> None:
    shopper = make_shopper()
    one, other = Walker(shopper=shopper), Walker(shopper=shopper)
    one.be_at(AT_AINO, NOON)
    other.be_at(AT_AINO, NOON)
    pause(one, now=NOON + minutes(1))
    visit = Visit.objects.get()
    assert (visit.end_reason, visit.ended_at) == (EndReason.PAUSED, NOON + minutes(1))
    assert not Presence.objects.exists()
    assert {bytes(state.packed) for state in DeviceState.objects.all()} == {b""}
    refused = other.send(fix(NOON + minutes(2)), now=NOON + minutes(2))
    assert refused.json()["code"] == "paused"


def test_a_pause_ends_by_itself_and_what_was_recorded_in_it_is_not_looked_at(aino: Geofence) -> None:
    walker = Walker()
    pause(walker)
    after = NOON + HOUR
    kept = [fix(NOON + minutes(step), AT_AINO) for step in (10, 59)]
    answer = walker.report(*kept, fix(after, DOWN_THE_STREET), now=after)
    assert [(one["status"], one["code"]) for one in answer["results"]] == [
        ("ignored", "consent_missing"),
        ("ignored", "consent_missing"),
        ("accepted", None),
    ]
    assert not Visit.objects.exists()
    assert shown(walker, now=after)["pause"] == {"paused": False, "paused_until": None}
    assert len(walker.be_at(AT_AINO, after + minutes(1))["coupons"]) == 1


def test_resuming_brings_back_what_was_consented_to_without_asking(aino: Geofence) -> None:
    walker = Walker()
    pause(walker, "until_resumed")
    receipts = ConsentReceipt.objects.count()
    assert resume(walker, now=NOON + minutes(5)).json() == {"paused": False, "paused_until": None}
    assert len(walker.be_at(AT_AINO, NOON + minutes(6))["coupons"]) == 1
    assert Delivery.objects.get().state == DeliveryState.READY
    assert [one.kind for one in claim(now=NOON + minutes(6))] == [Kind.COUPON_ISSUED]
    assert ConsentReceipt.objects.count() == receipts


def test_a_late_retry_of_resuming_does_not_end_the_next_pause(aino: Geofence) -> None:
    walker = Walker()
    pause(walker)
    resume(walker, now=NOON + minutes(1), key="one")
    pause(walker, now=NOON + minutes(2))
    assert resume(walker, now=NOON + minutes(3), key="one")["Idempotent-Replayed"] == "true"
    assert shown(walker, now=NOON + minutes(3))["pause"]["paused"] is True


def test_resuming_without_a_pause_is_harmless(aino: Geofence) -> None:
    walker = Walker()
    assert resume(walker, now=NOON).json() == {"paused": False, "paused_until": None}
    assert len(walker.be_at(AT_AINO, NOON)["coupons"]) == 1


def test_the_newest_tap_counts(aino: Geofence) -> None:
    walker = Walker()
    pause(walker, "until_resumed")
    told = pause(walker, "hour", now=NOON + minutes(10))
    assert told["paused_until"] == (NOON + minutes(70)).isoformat().replace("+00:00", "Z")
    # It has been one pause since the first tap.
    answer = walker.report(fix(NOON + minutes(5)), fix(NOON + minutes(70)), now=NOON + minutes(70))
    assert [one["status"] for one in answer["results"]] == ["ignored", "accepted"]


def test_a_waiting_push_is_cancelled_and_one_that_comes_later_is_not_claimed(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    waiting = Delivery.objects.get()
    pause(walker, now=NOON + minutes(1))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (DeliveryState.CANCELLED, "paused")
    # Written past every guard: the claim is the last of them.
    Delivery.objects.filter(pk=waiting.pk).update(state=DeliveryState.READY, reason="", settled_at=None)
    assert claim(now=NOON + minutes(2)) == []
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (DeliveryState.CANCELLED, "no_consent")


def test_in_a_pause_coupons_are_redeemed_and_the_phone_is_told_so(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    pause(walker, "until_resumed", now=NOON + minutes(1))
    coupon = Coupon.objects.get()
    till = Till(keys.make_key(store=aino.store, name="till", scopes=tuple(keys.SCOPES))[1])
    assert till.redeem(keyring.code_of(coupon), at=NOON + minutes(2)).status_code == 201
    assert [one.kind for one in claim(now=NOON + minutes(2))] == [Kind.COUPON_REDEEMED]


def test_consents_are_given_and_withdrawn_in_a_pause_and_do_not_end_it(aino: Geofence) -> None:
    walker = Walker(consents=[])
    pause(walker)
    for purpose in (Purpose.LOCATION_FOREGROUND, Purpose.MARKETING_PUSH):
        consent_text(purpose)
        with clock.set_to(NOON + minutes(1)):
            assert walker.phone.give(purpose).status_code == 200
    assert [one["given"] for one in shown(walker, now=NOON + minutes(2))["items"]] == [True, False, True, False]
    assert walker.send(fix(NOON + minutes(2)), now=NOON + minutes(2)).json()["code"] == "paused"
    assert {state.paused_until for state in ConsentState.objects.all()} == {NOON + HOUR}
    assert len(walker.be_at(AT_AINO, NOON + HOUR)["coupons"]) == 1
