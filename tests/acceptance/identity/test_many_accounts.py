"""Many accounts on few phones get what the phones are worth, and a family on one tablet is not refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from geooffers.api.edge import clock
from geooffers.coupons import device_limits
from geooffers.coupons.device_limits import PERIOD, SEATS
from geooffers.coupons.models import Coupon, DeviceShare
from geooffers.decisions.models import Decision
from geooffers.shoppers.models import Shopper
from geooffers.visits.models import Visit
from geooffers.worker.tasks import forget
from merchants.live_fences import live_fences
from merchants.models import Geofence, Offer
from notifications.sandbox.keys import load_keys
from tests.acceptance.identity.accounts import TokenChange, device_of, signed_in
from tests.cast import NOON, decide, make_device, make_fence, make_offer, make_store
from tests.phone import Phone, registered_phone
from tests.running_sandbox import RunningSandbox
from tests.walker import AT_AINO, DOWN_THE_STREET, fix

pytestmark = pytest.mark.django_db

# Noon of the first day of a period.
FIRST_DAY = NOON - (NOON - datetime(1970, 1, 1, 12, tzinfo=UTC)) % PERIOD


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(load_keys(folder=Path(tmp_path_factory.mktemp("keys"))))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _at_the_sandbox(settings: Any, sandbox: RunningSandbox) -> None:
    settings.SANDBOX_URL = sandbox.url


@pytest.fixture
def fence() -> Geofence:
    fence = make_fence(make_store())
    live_fences.matcher().refresh()
    return fence


def walk_in(phone: Phone, *, now: datetime) -> list[str]:
    """Titles of what a walk from the street into the café brings."""
    with clock.set_to(now):
        assert phone.give("location_foreground").status_code == 200
        titles = []
        for minute, place in enumerate((DOWN_THE_STREET, AT_AINO, DOWN_THE_STREET)):
            moment = now + timedelta(minutes=minute)
            with clock.set_to(moment):
                answer = phone.call("POST", "/positions", {"fixes": [fix(moment, place)]})
            assert answer.status_code == 200, answer.content
            titles += [coupon["title"] for coupon in answer.json()["coupons"]]
        return titles


def next_person(sandbox: RunningSandbox, phone: Phone, uid: str, *, now: datetime) -> None:
    """The one before signs out, if anybody is there, and this one signs in."""
    with clock.set_to(now):
        if not device_of(phone).shopper.is_anonymous:
            assert TokenChange(phone, "/sign-out").send().status_code == 200
        signed_in(sandbox, phone, uid)


def test_seventy_accounts_on_ten_phones_get_ten_phones_worth(fence: Geofence) -> None:
    offer = make_offer(fence.store, cap=1_000)
    phones = [make_device() for _ in range(10)]
    accounts = Shopper.objects.bulk_create(
        Shopper(firebase_uid=f"account-{number}", created_at=NOON) for number in range(70)
    )
    visits = Visit.objects.bulk_create(Visit(shopper=each, fence=fence, began_at=NOON) for each in accounts)
    for number, (account, visit) in enumerate(zip(accounts, visits, strict=True)):
        decide(visit, marks=device_limits.marks_of(device_id=phones[number % 10].pk, shopper_id=account.pk, now=NOON))
    assert Coupon.objects.filter(offer=offer).count() == 10 * SEATS
    refused = Decision.objects.filter(outcome="refused").values_list("candidates", flat=True)
    assert {candidate["reason"] for candidates in refused for candidate in candidates} == {"device_limit"}
    assert DeviceShare.objects.count() == 10 * SEATS


def test_accounts_that_take_turns_on_one_phone_get_what_one_phone_is_worth(
    sandbox: RunningSandbox, fence: Geofence
) -> None:
    """Over HTTP: signed in, walked in, signed out, and the next."""
    make_offer(fence.store)
    phone, got = registered_phone(), []
    for number in range(SEATS + 2):
        hour = FIRST_DAY + timedelta(hours=number)
        next_person(sandbox, phone, f"account-{number}", now=hour)
        got.append(len(walk_in(phone, now=hour)))
    assert got == [1] * SEATS + [0, 0]


def test_a_family_of_four_on_one_tablet_is_not_refused(sandbox: RunningSandbox, fence: Geofence) -> None:
    """They take turns for two weeks; the first of them had no account yet, and two offers run one after the other."""
    family = ["aino", "bruno", "cecilia", "daniel"]
    tablet, expected = registered_phone(), []
    make_offer(fence.store, title="bun", per_shopper_limit=2)
    got = [(None, walk_in(tablet, now=FIRST_DAY))]  # before anybody had an account
    for day in range(1, 15):
        who = family[(day - 1) % 4]
        if day == 9:
            make_offer(fence.store, title="soup", per_shopper_limit=1)
            Offer.objects.filter(title="bun").update(state="ended")
        today = FIRST_DAY + timedelta(days=day)
        next_person(sandbox, tablet, who, now=today)
        got.append((who, walk_in(tablet, now=today)))
    for who in family:
        buns = [titles for person, titles in got if person == who]
        expected.append((who, [titles for titles in buns if titles]))
    # Aino's first bun was had without an account.
    assert dict(expected) == {
        "aino": [["bun"], ["soup"]],
        "bruno": [["bun"], ["bun"], ["soup"]],
        "cecilia": [["bun"], ["bun"], ["soup"]],
        "daniel": [["bun"], ["bun"], ["soup"]],
    }
    assert got[0] == (None, ["bun"])
    told = Decision.objects.values_list("candidates", flat=True)
    assert not any(candidate["reason"] == "device_limit" for candidates in told for candidate in candidates)


def test_a_regular_who_comes_every_day_needs_one_seat(fence: Geofence) -> None:
    make_offer(fence.store, per_shopper_limit=20)
    phone = registered_phone()
    assert [len(walk_in(phone, now=FIRST_DAY + timedelta(days=day))) for day in range(8)] == [1] * 8
    assert DeviceShare.objects.count() == 1


def test_the_next_period_begins_anew_and_nothing_ties_it_to_the_one_before(fence: Geofence) -> None:
    device, shopper = make_device(), Shopper.objects.create(created_at=NOON)
    one = device_limits.marks_of(device_id=device.pk, shopper_id=shopper.pk, now=NOON)
    later = device_limits.marks_of(device_id=device.pk, shopper_id=shopper.pk, now=one.ends_at)
    assert NOON < one.ends_at <= NOON + PERIOD
    assert later.ends_at == one.ends_at + PERIOD
    assert len({one.device, one.shopper, later.device, later.shopper}) == 4
    assert device.pk.bytes not in one.device + one.shopper
    offer = make_offer(fence.store)
    assert device_limits.take_seat(marks=one, offer_id=offer.pk)
    assert device_limits.take_seat(marks=later, offer_id=offer.pk)
    forget.run(now=one.ends_at + timedelta(seconds=1), limit=10)
    assert [bytes(row.device_mark) for row in DeviceShare.objects.all()] == [later.device]


def test_an_erased_shopper_leaves_the_seat_taken_and_no_mark(fence: Geofence) -> None:
    """Else an account that is erased could be made again, and again."""
    make_offer(fence.store)
    phone = registered_phone()
    assert len(walk_in(phone, now=FIRST_DAY)) == 1
    device = device_of(phone)
    marks = device_limits.marks_of(device_id=device.pk, shopper_id=device.shopper_id, now=FIRST_DAY)
    with clock.set_to(FIRST_DAY + timedelta(hours=1)):
        assert phone.call("DELETE", "/me").status_code == 202
    row = DeviceShare.objects.get()
    assert bytes(row.device_mark) == marks.device
    assert bytes(row.shopper_mark) != marks.shopper
