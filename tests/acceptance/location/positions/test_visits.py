"""A phone reports where it is, and is told what became of each fix, which visits began, and its new coupons."""

from datetime import timedelta

import pytest

from geooffers.coupons.models import Coupon
from geooffers.decisions.models import Decision
from geooffers.shoppers.models import Purpose
from geooffers.visits import recording
from geooffers.visits.models import DeviceState, EndReason, Visit
from merchants.live_fences import live_fences
from merchants.models import ExclusionZone, FenceState, Geofence, Trigger
from notifications.models import Delivery, Kind
from tests.acceptance.location.positions.answers import minutes, results
from tests.cast import NOON, make_offer, make_shopper
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_walking_into_a_fence_brings_a_visit_a_coupon_and_an_owed_push(aino: Geofence) -> None:
    walker = Walker()
    assert walker.be_at(DOWN_THE_STREET, NOON)["transitions"] == []
    answer = walker.be_at(AT_AINO, NOON + minutes(2))
    assert results(answer) == [("accepted", None)]
    assert answer["transitions"] == [
        {
            "change": "entered",
            "fence_id": str(aino.public_id),
            "store_id": str(aino.store_id),
            "at": "2026-06-02T12:02:00Z",
            "confidence": 0.93,
        }
    ]
    visit = Visit.objects.get()
    assert (visit.began_at, visit.fence, visit.is_open) == (NOON + minutes(2), aino, True)
    coupon = Coupon.objects.get()
    assert [shown["id"] for shown in answer["coupons"]] == [str(coupon.pk)]
    assert coupon.visit == visit
    owed = Delivery.objects.get().message
    assert (owed.kind, owed.subject, owed.title) == (Kind.COUPON_ISSUED, coupon.pk, coupon.title)
    assert owed.expires_at == NOON + minutes(17)


def test_walking_out_ends_the_visit(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    answer = walker.be_at(DOWN_THE_STREET, NOON + minutes(3))
    assert [told["change"] for told in answer["transitions"]] == ["left"]
    visit = Visit.objects.get()
    assert (visit.ended_at, visit.end_reason) == (NOON + minutes(3), EndReason.LEFT)


def test_a_stay_brings_what_is_offered_for_a_stay(aino: Geofence) -> None:
    make_offer(aino.store, trigger=Trigger.DWELLED, title="A second cup")
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    assert walker.be_at(AT_AINO, NOON + minutes(4))["coupons"] == []
    answer = walker.be_at(AT_AINO, NOON + minutes(6))
    assert [told["change"] for told in answer["transitions"]] == ["dwelled"]
    assert [shown["title"] for shown in answer["coupons"]] == ["A second cup"]
    assert walker.be_at(AT_AINO, NOON + minutes(12))["transitions"] == []


def test_without_marketing_consent_the_coupon_is_in_the_answer_and_nothing_is_pushed(aino: Geofence) -> None:
    walker = Walker(consents=[Purpose.LOCATION_FOREGROUND])
    assert len(walker.be_at(AT_AINO, NOON)["coupons"]) == 1
    assert not Delivery.objects.exists()


def test_an_old_fix_records_the_visit_and_pushes_nothing(aino: Geofence) -> None:
    answer = Walker().report(fix(NOON - minutes(6)), now=NOON)
    assert [told["change"] for told in answer["transitions"]] == ["appeared_inside"]
    assert Visit.objects.get().appeared_inside
    assert not Delivery.objects.exists()


def test_who_came_and_went_before_the_report_arrived_is_promised_nothing(aino: Geofence) -> None:
    walker = Walker()
    places = [DOWN_THE_STREET, AT_AINO, DOWN_THE_STREET]
    path = [fix(NOON + timedelta(seconds=10 * step), place) for step, place in enumerate(places)]
    answer = walker.report(*path, now=NOON + minutes(1))
    assert [told["change"] for told in answer["transitions"]] == ["entered", "left"]
    assert not Visit.objects.get().is_open
    assert answer["coupons"] == []
    assert not Decision.objects.exists()


def test_a_stay_that_is_told_hours_later_is_recorded_and_promises_nothing(aino: Geofence) -> None:
    """A phone that was offline all day. Where it is now, nobody knows."""
    walker, later = Walker(), NOON + timedelta(hours=5)
    told = walker.report(fix(NOON), now=later)
    assert ([one["change"] for one in told["transitions"]], told["coupons"]) == (["appeared_inside"], [])
    recording.close_stale(now=later, limit=10)
    assert (Visit.objects.get().ended_at, Coupon.objects.exists()) == (NOON, False)
    # Still there: a visit of its own, with its coupon.
    assert len(walker.be_at(AT_AINO, later + minutes(1))["coupons"]) == 1


def test_who_came_and_went_within_a_minute_and_a_cell_was_there_all_the_same(aino: Geofence) -> None:
    """The state before and after is the same; only the transitions tell."""
    just_out, just_in = (AT_AINO[0] + 0.00138, AT_AINO[1]), (AT_AINO[0] + 0.00132, AT_AINO[1])
    walker = Walker()
    walker.be_at(just_out, NOON)
    answer = walker.report(
        fix(NOON + timedelta(seconds=20), just_in), fix(NOON + timedelta(seconds=40), just_out), now=NOON + minutes(1)
    )
    assert [told["change"] for told in answer["transitions"]] == ["entered", "left"]
    assert Visit.objects.get().ended_at == NOON + timedelta(seconds=40)


def test_a_report_whose_answer_was_lost_may_be_sent_again(aino: Geofence) -> None:
    walker = Walker()
    path = [fix(NOON, DOWN_THE_STREET), fix(NOON + minutes(1), AT_AINO)]
    first = walker.report(*path, now=NOON + minutes(1))
    again = walker.report(*path, now=NOON + minutes(2))
    assert results(again) == [("duplicate", None), ("duplicate", None)]
    assert again["transitions"] == []
    assert again["coupons"] == first["coupons"]
    assert (Visit.objects.count(), Coupon.objects.count(), Delivery.objects.count()) == (1, 1, 1)


def test_a_repeat_is_a_duplicate_whatever_its_body(aino: Geofence) -> None:
    walker = Walker()
    one = fix(NOON, DOWN_THE_STREET)
    walker.report(one, now=NOON)
    answer = walker.report({**one, "lat": AT_AINO[0], "recorded_at": (NOON + minutes(1)).isoformat()}, now=NOON)
    assert results(answer) == [("duplicate", None)]
    assert not Visit.objects.exists()


def test_a_repeated_batch_after_a_long_silence_is_owed_nothing_more(aino: Geofence) -> None:
    walker = Walker()
    path = [fix(NOON + timedelta(seconds=step), AT_AINO) for step in range(40)]
    walker.report(*path, now=NOON + minutes(1))
    evening = NOON + timedelta(hours=5)
    recording.close_stale(now=evening, limit=10)
    answer = walker.report(*path, now=evening)
    assert {result["status"] for result in answer["results"]} == {"duplicate", "late"}
    assert (Visit.objects.count(), Coupon.objects.count()) == (1, 1)


def test_a_fix_that_comes_after_newer_ones_corrects_the_visits_and_brings_nothing(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON - minutes(2))
    walker.be_at(DOWN_THE_STREET, NOON)
    answer = walker.report(fix(NOON - minutes(1), AT_AINO), now=NOON)
    assert results(answer) == [("accepted", None)]
    assert [told["change"] for told in answer["transitions"]] == ["corrected"]
    visit = Visit.objects.get()
    assert (visit.began_at, visit.ended_at, visit.end_reason) == (NOON - minutes(1), NOON, EndReason.LEFT)
    assert not Coupon.objects.exists()
    assert not Delivery.objects.exists()


def test_a_fix_older_than_everything_kept_is_late(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    answer = walker.report(fix(NOON - minutes(1), AT_AINO), now=NOON)
    assert results(answer) == [("accepted", None)]
    for minute in range(1, 40):
        walker.be_at(DOWN_THE_STREET, NOON + minutes(minute))
    answer = walker.report(fix(NOON + minutes(5), AT_AINO), now=NOON + minutes(40))
    assert results(answer) == [("late", None)]


def test_fixes_of_a_report_are_taken_in_the_order_in_which_they_were_recorded(aino: Geofence) -> None:
    path = [fix(NOON + minutes(2), AT_AINO), fix(NOON, DOWN_THE_STREET)]
    answer = Walker().report(*path, now=NOON + minutes(2))
    assert results(answer) == [("accepted", None), ("accepted", None)]
    assert [told["change"] for told in answer["transitions"]] == ["entered"]


def test_an_exclusion_zone_beats_every_fence_and_leaves_no_trace(aino: Geofence) -> None:
    ExclusionZone.objects.create(
        name="a clinic",
        rule="Nobody is tracked at places of health care.",
        kind="circle",
        center_lat=AT_AINO[0],
        center_lon=AT_AINO[1],
        radius_m=60,
    )
    live_fences.matcher().refresh()
    walker = Walker()
    answer = walker.be_at(AT_AINO, NOON)
    assert results(answer) == [("ignored", "not_used")]
    assert not Visit.objects.exists()
    state = DeviceState.objects.get(device=walker.device)
    assert (bytes(state.packed), state.last_fix_at) == (b"", None)


def test_leaving_a_fence_that_was_archived_ends_the_visit_and_says_which(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    Geofence.objects.filter(pk=aino.pk).update(state=FenceState.ARCHIVED)
    live_fences.matcher().refresh()
    answer = walker.be_at(AT_AINO, NOON + minutes(2))
    assert [(told["change"], told["fence_id"]) for told in answer["transitions"]] == [("left", str(aino.public_id))]
    assert Visit.objects.get().end_reason == EndReason.FENCE_GONE


def test_the_second_phone_joins_the_visit_and_brings_no_second_coupon(aino: Geofence) -> None:
    shopper = make_shopper()
    first, second = Walker(shopper=shopper), Walker(shopper=shopper)
    first.be_at(AT_AINO, NOON)
    answer = second.be_at(AT_AINO, NOON + minutes(1))
    assert [told["change"] for told in answer["transitions"]] == ["appeared_inside"]
    assert answer["coupons"] == []
    assert Visit.objects.get().presences.count() == 2
    assert Delivery.objects.count() == 2  # the one coupon, told to both phones


def test_a_damaged_state_begins_anew_and_leaves_no_presence_behind(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    DeviceState.objects.filter(device=walker.device).update(packed=b"\x01damaged")
    walker.be_at(DOWN_THE_STREET, NOON + minutes(5))
    assert Visit.objects.get().end_reason == EndReason.STALE
