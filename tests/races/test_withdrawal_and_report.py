"""A withdrawal, or a pause, and a report that meet: whichever commits second has seen the other."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from geooffers.callers import device_lookup
from geooffers.shoppers.consents import texts
from geooffers.shoppers.consents.consents import counts
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import ConsentState, ConsentText, Purpose
from geooffers.usecases.location import report_positions
from geooffers.usecases.privacy import give_consent, pause_consents, resume_consents, withdraw_consent
from geooffers.visits import recording
from geooffers.visits.engine.observations import Fix
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.engine.transitions import Transition
from geooffers.visits.models import DeviceState, EndReason, Visit
from merchants.live_fences import live_fences
from merchants.models import Geofence
from notifications.models import Delivery, DeliveryState
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.races.together import Another, together
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

LATER = NOON + timedelta(minutes=1)
FOREGROUND = Purpose.LOCATION_FOREGROUND


@pytest.fixture
def aino(transactional_db: None) -> Geofence:
    store = make_store()
    fence = make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    return fence


@pytest.fixture
def walker(aino: Geofence) -> Walker:
    """Down the street, with consent to foreground location and to marketing."""
    walker = Walker(consents=[FOREGROUND, Purpose.MARKETING_PUSH])
    walker.be_at(DOWN_THE_STREET, NOON)
    return walker


def withdraw(walker: Walker, purpose: Purpose = FOREGROUND) -> None:
    withdraw_consent.withdraw_consent(device=walker.device, purpose=purpose, now=LATER)


def pause(walker: Walker) -> None:
    pause_consents.pause_consents(device=walker.device, pause=pause_consents.PauseTaken.HOUR, now=LATER)


Stop = Callable[[Walker], None]
both_stops = pytest.mark.parametrize("stop", [withdraw, pause])


def enter(walker: Walker) -> int:
    return walker.send(fix(LATER, AT_AINO), now=LATER).status_code


def assert_nothing_is_known(walker: Walker) -> None:
    assert not Visit.objects.filter(ended_at=None).exists()
    state = DeviceState.objects.get(device=walker.device)
    assert (bytes(state.packed), state.last_fix_at) == (b"", None)


@both_stops
def test_a_report_that_read_the_consent_before_its_withdrawal_records_nothing(walker: Walker, stop: Stop) -> None:
    """It waits for the consent's lock, and finds it withdrawn, or paused."""
    with transaction.atomic():
        stop(walker)
        report = Another(lambda: enter(walker))
        report.wait_until_waiting()
    assert report.result() == 403
    assert not Visit.objects.exists()
    assert_nothing_is_known(walker)


@both_stops
def test_without_the_lock_a_visit_begins_after_the_withdrawal(walker: Walker, aino: Geofence, stop: Stop) -> None:
    """The twin: a plain look at the consent sees it as it was, and what is written commits after the withdrawal."""

    def enter_unguarded() -> bool:
        given = ConsentState.objects.filter(device=walker.device, purpose=FOREGROUND, given=True).exists()
        entry = Transition(change=Change.ENTERED, fence=aino.pk, at=LATER, pushable=True)
        with transaction.atomic():
            if given:
                recording.apply(
                    device=walker.device,
                    shopper_id=walker.device.shopper_id,
                    found=[entry],
                    is_gone=lambda fence: False,
                )
        return given

    with transaction.atomic():
        stop(walker)
        assert together(enter_unguarded) == [True]
    assert not ConsentState.objects.filter(counts(now=LATER), device=walker.device).exists()
    assert Visit.objects.get().is_open, "followed without consent"


@both_stops
def test_a_withdrawal_waits_for_the_report_under_way_and_ends_its_visit(walker: Walker, stop: Stop) -> None:
    with transaction.atomic():
        # The report is stopped where it holds the consent and wants to write the state.
        DeviceState.objects.select_for_update().get(device=walker.device)
        report = Another(lambda: enter(walker))
        report.wait_until_waiting()
        withdrawal = Another(lambda: stop(walker))
        withdrawal.wait_until_waiting()
    assert report.result() == 200
    withdrawal.result()
    assert Visit.objects.get().end_reason in (EndReason.WITHDRAWN, EndReason.PAUSED)
    assert_nothing_is_known(walker)


def test_a_marketing_consent_withdrawn_meanwhile_leaves_the_coupon_and_no_push(walker: Walker) -> None:
    with transaction.atomic():
        withdraw(walker, Purpose.MARKETING_PUSH)
        report = Another(lambda: walker.report(fix(LATER, AT_AINO), now=LATER))
        report.wait_until_waiting()
    assert len(report.result()["coupons"]) == 1
    assert not Delivery.objects.exists()


def test_a_push_that_a_report_queued_just_before_is_cancelled_by_the_withdrawal(walker: Walker) -> None:
    with transaction.atomic():
        DeviceState.objects.select_for_update().get(device=walker.device)
        report = Another(lambda: enter(walker))
        report.wait_until_waiting()
        withdrawal = Another(lambda: withdraw(walker, Purpose.MARKETING_PUSH))
        withdrawal.wait_until_waiting()
    assert report.result() == 200
    withdrawal.result()
    assert Delivery.objects.get().state == DeliveryState.CANCELLED


@both_stops
@pytest.mark.parametrize("number", range(6))
def test_whatever_the_order_nothing_is_known_after_a_withdrawal(walker: Walker, number: int, stop: Stop) -> None:
    """Not staged: a withdrawal or pause among reports that enter and leave."""
    reports = [fix(LATER + timedelta(seconds=step), AT_AINO if step % 2 else DOWN_THE_STREET) for step in range(6)]
    works = [lambda one=one: walker.send(one, now=LATER).status_code for one in reports]
    works.insert(number, lambda: stop(walker))
    answers = together(*works)
    assert set(answers) <= {200, 403, None}
    assert_nothing_is_known(walker)
    assert enter(walker) == 403


def test_a_report_of_a_device_whose_consent_is_gone_says_so_before_anything_is_locked(walker: Walker) -> None:
    caller = device_lookup.find(token_hash=tokens.hash_of(walker.phone.token), now=LATER)
    withdraw(walker)
    one = Fix(
        uuid=caller.device.pk,
        recorded_at=LATER,
        lat=AT_AINO[0],
        lon=AT_AINO[1],
        accuracy_m=10,
        background=False,
    )
    with pytest.raises(report_positions.ConsentMissing):
        report_positions.report_positions(
            reporter=caller,
            consents=caller.given,
            fixes=[one],
            now=LATER,
        )


def test_a_consent_given_on_one_phone_while_another_pauses_is_in_the_pause(walker: Walker) -> None:
    """The other phone's consent state is not there yet when the pause locks them all: the shopper's row is."""
    other = Walker(shopper=walker.device.shopper, consents=[])
    with transaction.atomic():
        pause(walker)
        giving = Another(
            lambda: give_consent.give_consent(
                device=other.device, purpose=FOREGROUND, language="en", version=1, now=LATER
            )
        )
        giving.wait_until_waiting()
    giving.result()
    assert not ConsentState.objects.filter(counts(now=LATER), device=other.device).exists()
    assert enter(other) == 403


def test_a_report_that_waits_for_a_consent_to_newer_words_goes_on(walker: Walker) -> None:
    """Under the lock it must not find the old text beside the new state: then the consent would seem to be gone."""
    newer = ConsentText.objects.create(purpose=FOREGROUND, language="en", body="The same, in other words.")
    texts.publish(drafts=[newer], now=NOON)
    with transaction.atomic():
        give_consent.give_consent(device=walker.device, purpose=FOREGROUND, language="en", version=2, now=LATER)
        report = Another(lambda: enter(walker))
        report.wait_until_waiting()
    assert report.result() == 200
    assert Visit.objects.get().is_open


def test_a_report_that_waits_finds_that_location_means_something_new(walker: Walker) -> None:
    renewed = ConsentText.objects.create(purpose=FOREGROUND, language="en", body="Something else.", renews=True)
    with transaction.atomic():
        ConsentState.objects.select_for_update().get(device=walker.device)
        report = Another(lambda: enter(walker))
        report.wait_until_waiting()
        texts.publish(drafts=[renewed], now=LATER)
    # It had begun before the new meaning; what begins after it is refused.
    assert report.result() in (200, 403)
    assert enter(walker) == 403


def test_two_phones_pause_at_once_without_waiting_in_a_circle(walker: Walker) -> None:
    for _ in range(8):
        other = Walker(shopper=walker.device.shopper, consents=[FOREGROUND])
        other.be_at(AT_AINO, LATER)
        walker.be_at(AT_AINO, LATER)
        together(lambda: pause(walker), lambda other=other: pause(other))
        assert_nothing_is_known(walker)
        resume_consents.resume_consents(device=walker.device, now=LATER)
