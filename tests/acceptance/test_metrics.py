"""GET /metrics: for who has the token, in Prometheus's own format, and true."""

import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from geooffers import events
from geooffers.api.location import dropped_fixes
from geooffers.events import EventKind, Happened
from geooffers.events.models import Event, EventCount, EventFollower
from geooffers.visits.models import DeviceState, EndReason, Visit
from geooffers.worker.tasks import forget
from geooffers.worker.timetable import TASKS, Task
from merchants.live_fences import live_fences
from merchants.models import FenceFollower, Geofence
from notifications.messages import owing
from notifications.models import Delivery, DeliveryState, Kind
from tests.cast import make_coupon, make_device, make_fence, make_offer, make_shopper, make_store, make_visit
from tests.integration.conftest import make_worker
from tests.phone import Phone, make_token
from tests.running_sandbox import RunningSandbox
from tests.walker import AT_AINO, Walker, fix

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
TOKEN = "a-token-of-forty-characters-and-no-less!"


@pytest.fixture(autouse=True)
def token(settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def scraped() -> dict[tuple[str, ...], float]:
    """By the metric's name and the values of its labels, in the order of their names."""
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "given", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \u00e9"]
)
def test_who_has_not_the_token_is_told_nothing(given: str) -> None:
    answer = Client().get("/metrics", headers={"Authorization": given} if given else {})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert b"geooffers_" not in answer.content


def test_without_a_token_set_there_is_no_such_address(settings) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_it_is_asked_by_the_process_s_address_and_without_tls(settings) -> None:
    settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = True, ["offers.example"]
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}", "Host": "10.0.0.7:8000"})
    assert answer.status_code == 200
    assert Client().post("/metrics").status_code == 405


def test_the_page_lists_every_metric_and_no_other() -> None:
    listed = set(re.findall(r"^\| `(geooffers_\w+)`", (DOCS / "monitoring.md").read_text(), flags=re.MULTILINE))
    make_follower()
    EventFollower.objects.create(name="figures")
    dropped_fixes.count(client="positions", reasons={"too_old": 1})
    dropped_fixes.write(now=timezone.now())
    for state, settled_at in ((DeliveryState.DEAD, timezone.now()), (DeliveryState.READY, None)):
        make_push(state=state, settled_at=settled_at, reason="quota")
    assert {name for name, *_ in scraped()} == listed


def test_alerts_ask_for_metrics_that_there_are() -> None:
    asked = set(re.findall(r"\bgeooffers_\w+", (DOCS / "monitoring" / "alerts.yml").read_text()))
    listed = set(re.findall(r"`(geooffers_\w+)`", (DOCS / "monitoring.md").read_text()))
    assert asked <= listed
    assert len(asked) > 5


def make_push(*, address: str = "", **of_it: Any) -> Delivery:
    """A service message that is due now."""
    now, phone = timezone.now(), make_device(push_address=address or uuid4().hex)
    coupon = make_coupon(make_offer(make_store()), shopper=phone.shopper)
    owing.owe(
        kind=Kind.COUPON_REDEEMED,
        shopper=phone.shopper,
        subject=coupon.pk,
        expires_at=now + timedelta(hours=1),
        now=now,
    )
    Delivery.objects.filter(device=phone).update(**of_it)
    return Delivery.objects.get(device=phone)


def make_follower(**of_it: Any) -> FenceFollower:
    now = timezone.now()
    told = {"host": "web-1", "pid": 41, "started_at": now, "seen_at": now, "last_number": 7, "areas": 3, "changes": 2}
    return FenceFollower.objects.create(pk=uuid4(), **told | of_it)


def of_nineteen_people(fence: Geofence, *, now: datetime) -> None:
    """Each has a phone that was heard, and is in a visit."""
    for _ in range(19):
        device = make_device()
        make_visit(device.shopper, fence, began_at=now)
        DeviceState.objects.filter(device=device).update(last_fix_at=now)


def test_many_visits_and_phones_of_few_people_are_none() -> None:
    now, aino = timezone.now(), make_shopper()
    store = make_store()
    for _ in range(25):
        make_visit(aino, make_fence(store), began_at=now)
        DeviceState.objects.filter(device=make_device(aino)).update(last_fix_at=now)
    told = scraped()
    assert (told["geooffers_phones_heard",], told["geooffers_visits_open",]) == (0, 0)
    assert told["geooffers_visits_begun", "open"] == 0


def test_a_phone_that_walks_in_and_a_fix_that_is_not_used_are_counted() -> None:
    fence = make_fence(make_store())
    live_fences.matcher().refresh()
    now = timezone.now()
    of_nineteen_people(fence, now=now)
    before = scraped()
    walker = Walker()
    walker.report(fix(now - timedelta(days=2)), now=now)
    for second in (20, 10, 0):
        walker.be_at(AT_AINO, now - timedelta(seconds=second))
    dropped_fixes.write(now=now)
    after = scraped()
    for metric in (("geooffers_phones_heard",), ("geooffers_visits_open",), ("geooffers_visits_begun", "open")):
        assert (before[metric], after[metric]) == (0, 20), "nothing is told of nineteen people"
    Visit.objects.update(ended_at=now, end_reason=EndReason.LEFT)
    told = scraped()
    assert (told["geooffers_visits_begun", "open"], told["geooffers_visits_begun", "left"]) == (0, 20)
    Visit.objects.update(began_at=now - timedelta(hours=2))
    assert scraped()["geooffers_visits_begun", "left"] == 0
    assert after["geooffers_dropped_fixes", "positions", "too_old"] == 1


def test_messages_that_wait_are_told_with_how_long_the_oldest_waits() -> None:
    phone = make_device(push_address="a-push-address")
    now = timezone.now()
    coupon = make_coupon(make_offer(make_store()), shopper=phone.shopper)
    owing.owe(
        kind=Kind.COUPON_REDEEMED,
        shopper=phone.shopper,
        subject=coupon.pk,
        expires_at=now + timedelta(hours=1),
        now=now - timedelta(minutes=10),
    )
    told = scraped()
    assert told["geooffers_deliveries_owed", "fcm", "ready"] == 1
    assert 599 < told["geooffers_delivery_oldest_due_age_seconds", "fcm"] < 660
    assert told["geooffers_deliveries_settled", "fcm", "cancelled"] == 0
    Delivery.objects.update(state=DeliveryState.CANCELLED, settled_at=now)
    told = scraped()
    assert told["geooffers_deliveries_owed", "fcm", "ready"] == 0
    assert told["geooffers_delivery_oldest_due_age_seconds", "fcm"] == 0
    assert told["geooffers_deliveries_settled", "fcm", "cancelled"] == 1


def test_why_a_message_was_not_sent_is_told_from_what_firebase_answered(sandbox: RunningSandbox) -> None:
    """The sandbox refuses what goes to an address of such a name."""
    for address in ("unregistered-1", "unregistered-2", "quota-1", "fid-aino"):
        make_push(address=address)
    assert not [
        key for key in scraped() if key[0] in ("geooffers_deliveries_to_retry", "geooffers_deliveries_not_sent")
    ]
    make_worker(sandbox, now=timezone.now()).run_once()
    told = scraped()
    assert told["geooffers_deliveries_not_sent", "fcm", "unregistered", "dead"] == 2
    assert told["geooffers_deliveries_to_retry", "fcm", "quota"] == 1
    assert told["geooffers_deliveries_settled", "fcm", "sent"] == 1


def test_the_tasks_tell_when_they_ended_well_and_how_often_not(sandbox: RunningSandbox) -> None:
    assert scraped()["geooffers_task_last_run_timestamp_seconds", "forget"] == 0
    worker = make_worker(sandbox)
    worker.run_once()
    told = scraped()
    for each in TASKS:
        assert told["geooffers_task_last_success_timestamp_seconds", each.name] > time.time() - 60
        assert told["geooffers_task_failures", each.name] == 0
    for failures in (1, 2):
        with pytest.raises(ZeroDivisionError):
            worker.tasks.run(Task(name="forget", every_s=0, run=fails), every_s=0)
        assert scraped()["geooffers_task_failures", "forget"] == failures
    assert (
        scraped()["geooffers_task_last_success_timestamp_seconds", "forget"]
        == told["geooffers_task_last_success_timestamp_seconds", "forget"]
    )
    worker.run_once()
    assert scraped()["geooffers_task_failures", "forget"] == 0


def fails(*, now: datetime, limit: int) -> int:
    return limit // 0


def test_a_follower_tells_how_far_it_is_behind_what_it_missed_and_how_often_it_failed() -> None:
    now = timezone.now()
    follower = EventFollower.objects.create(name="slow", failures=2, missed=3)

    def told(what: str) -> float:
        return scraped()[f"geooffers_event_follower_{what}", "slow"]

    assert (told("lag_seconds"), told("behind"), told("failures"), told("missed")) == (0, 0, 2, 3)
    events.append(*(Happened(kind=EventKind.COUPON_SEEN, at=now - timedelta(minutes=9)) for _ in range(2)))
    first, last = Event.objects.order_by("pk").values_list("pk", flat=True)
    assert told("lag_seconds") == pytest.approx(540, abs=60)
    # What happened nine minutes ago was told a minute ago.
    EventFollower.objects.filter(pk=follower.pk).update(delivered=first, complete_at=now - timedelta(minutes=1))
    assert told("lag_seconds") == pytest.approx(60, abs=60)
    assert told("behind") == 1
    EventFollower.objects.filter(pk=follower.pk).update(delivered=last)
    assert (told("lag_seconds"), told("behind")) == (0, 0)


def test_what_the_figures_have_counted_is_told_of_two_hours_by_kind_and_never_of_visits() -> None:
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    for back, count in ((0, 4), (1, 2), (3, 8)):
        EventCount.objects.create(kind="coupon_redeemed", hour=hour - timedelta(hours=back), count=count)
    told = scraped()
    assert told["geooffers_events", "coupon_redeemed"] in (4, 6), "the hour may have turned"
    assert told["geooffers_events", "message_sent"] == 0
    assert not [key for key in told if key[0] == "geooffers_events" and key[1].startswith("visit")]


def test_what_was_forgotten_is_told_by_table_and_what_is_kept_too_long_can_be_seen(sandbox: RunningSandbox) -> None:
    now = timezone.now()
    visit = make_visit(make_device().shopper, make_fence(make_store()))
    Visit.objects.filter(pk=visit.pk).update(
        began_at=now - timedelta(days=32), ended_at=now - timedelta(days=32), end_reason=EndReason.LEFT
    )
    told = scraped()
    assert told["geooffers_oldest_row_age_seconds", "visits"] > told["geooffers_keep_seconds", "visits"]
    make_worker(sandbox, now=timezone.now()).run_once()
    told = scraped()
    assert told["geooffers_oldest_row_age_seconds", "visits"] == 0
    assert told["geooffers_forgotten_rows", "visits"] == 1


def test_an_erasure_is_unfinished_until_the_worker_has_done_it(sandbox: RunningSandbox) -> None:
    phone = Phone(token=make_token())
    make_device(token=phone.token)
    assert phone.call("DELETE", "/me").status_code == 202
    assert scraped()["geooffers_erasures_unfinished",] == 1
    make_worker(sandbox, now=timezone.now()).run_once()
    assert scraped()["geooffers_erasures_unfinished",] == 0


def test_each_process_that_matches_tells_how_its_index_stands_until_it_is_gone() -> None:
    make_follower(lag_s=0.4, base_built_at=timezone.now() - timedelta(hours=1))
    make_follower(pid=42, seen_at=timezone.now() - timedelta(hours=1))
    told = scraped()
    assert told["geooffers_index_lag_seconds", "web-1", "41"] == 0.4
    assert told["geooffers_index_areas", "web-1", "41"] == 3
    assert 3_599 < told["geooffers_index_base_age_seconds", "web-1", "41"] < 3_660
    assert not [key for key in told if "42" in key]


def test_it_costs_no_more_queries_with_more_to_tell(django_assert_max_num_queries: Any) -> None:
    # Two of them ask which changes of fences are still needed, three about the events.
    with django_assert_max_num_queries(20 + len(forget.STEPS)):
        scraped()
