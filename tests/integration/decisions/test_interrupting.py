"""At most one visible message a shopper in ten minutes; the coupon comes all the same."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from geooffers.callers import device_lookup
from geooffers.callers.device_lookup import DeviceCaller
from geooffers.coupons.models import Coupon
from geooffers.decisions import interrupting
from geooffers.decisions.models import Decision, Interruption
from geooffers.shoppers.models import Purpose
from geooffers.usecases.location.report_positions import report_positions
from geooffers.visits.engine.observations import Fix
from merchants.live_fences import live_fences
from merchants.models import FenceTuning, Trade
from notifications.models import Delivery
from tests.cast import NOON, make_fence, make_offer, make_shopper, make_store
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db, pytest.mark.both]

TEN_MINUTES = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


@pytest.fixture
def street() -> None:
    """A café and a bookshop, of two merchants."""
    for name, (lat, lon) in (("Café Aino", AT_AINO), ("Kirjakauppa", DOWN_THE_STREET)):
        store = make_store(merchant_name=name, lat=lat, lon=lon)
        make_fence(store)
        make_offer(store, title=f"at {name}")
    live_fences.matcher().refresh()


def messages() -> list[str]:
    return list(Decision.objects.order_by("pk").values_list("message", flat=True))


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize(("after", "message"), [(TEN_MINUTES - SECOND, "too_soon"), (TEN_MINUTES, "owed")])
def test_within_ten_minutes_the_second_coupon_comes_silently(after: timedelta, message: str) -> None:
    walker = Walker()
    assert len(walker.be_at(AT_AINO, NOON)["coupons"]) == 1
    (silent,) = walker.be_at(DOWN_THE_STREET, NOON + after)["coupons"]
    assert messages() == ["owed", message]
    assert Delivery.objects.filter(message__subject=silent["id"]).exists() == (message == "owed")
    assert Interruption.objects.get().last_at == (NOON if message == "too_soon" else NOON + after)
    listed = walker.phone.call("GET", "/coupons").json()["coupons"]
    assert silent["id"] in {coupon["id"] for coupon in listed}


@pytest.mark.usefixtures("street")
def test_it_is_the_shopper_who_is_not_disturbed_whichever_phone_they_carry() -> None:
    first = Walker()
    second = Walker(shopper=first.device.shopper)
    first.be_at(AT_AINO, NOON)
    second.be_at(DOWN_THE_STREET, NOON + SECOND)
    assert messages() == ["owed", "too_soon"]
    Walker().be_at(DOWN_THE_STREET, NOON + SECOND)
    assert messages() == ["owed", "too_soon", "owed"]


@pytest.mark.usefixtures("street")
def test_where_no_message_may_come_of_it_nothing_is_locked_and_the_reason_is_told() -> None:
    quiet = Walker(consents=[Purpose.LOCATION_FOREGROUND])
    quiet.be_at(AT_AINO, NOON)
    late = Walker()
    late.report(fix(NOON - timedelta(minutes=6), AT_AINO), now=NOON)
    assert messages() == ["no_consent", "too_late"]
    assert not Interruption.objects.exists()
    assert (Coupon.objects.count(), Delivery.objects.count()) == (2, 0)


def test_a_merchant_who_may_not_push_from_where_it_is_uses_up_nothing() -> None:
    store = make_store()
    store.merchant.trade = Trade.HEALTH
    store.merchant.save()
    make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    Walker().be_at(AT_AINO, NOON)
    assert messages() == ["barred"]
    assert Interruption.objects.get().last_at is None


def test_a_report_that_was_overtaken_and_begins_a_visit_locks_in_order_and_tells() -> None:
    """It read the phone's state before another report wrote it, and only both together prove that somebody walked in:
    the state is locked by then, so it begins anew, the interruption first."""
    store = make_store()
    make_fence(store, tuning=FenceTuning.WALK_IN)
    make_offer(store)
    live_fences.matcher().refresh()
    device = Walker().device

    def read() -> DeviceCaller:
        return device_lookup.find(token_hash=bytes(device.token_hash), now=NOON)

    def send(seconds: int, caller: DeviceCaller) -> int:
        at = NOON + timedelta(seconds=seconds)
        lat, lon = AT_AINO
        report = report_positions(
            reporter=caller,
            consents=frozenset(Purpose),
            fixes=[Fix(uuid=uuid4(), recorded_at=at, lat=lat, lon=lon, accuracy_m=10, background=False)],
            now=at,
        )
        return len(report.coupons)

    before = read()
    assert before.packed == b""
    assert send(0, read()) == 0
    assert send(60, before) == 1
    assert messages() == ["owed"]
    assert Interruption.objects.get().last_at == NOON + timedelta(seconds=60)


def last_of(shopper_id: UUID):
    with transaction.atomic():
        return interrupting.lock(shopper_id=shopper_id).last_at


def test_the_lock_makes_the_row_and_leaves_its_time() -> None:
    shopper = make_shopper()
    assert last_of(shopper.pk) is None
    assert Interruption.objects.get().last_at is None
    Interruption.objects.update(last_at=NOON)
    assert last_of(shopper.pk) == NOON


@pytest.mark.parametrize(
    ("anonymous", "account", "together"),
    [
        (NOON, None, NOON),
        (None, NOON, NOON),
        (NOON, NOON - TEN_MINUTES, NOON),
        (NOON - TEN_MINUTES, NOON, NOON),
        (None, None, None),
    ],
)
def test_at_sign_in_the_later_time_counts(anonymous, account, together) -> None:
    before, after = make_shopper(), make_shopper(firebase_uid="aino")
    for shopper, at in ((before, anonymous), (after, account)):
        if at is not None:
            Interruption.objects.create(shopper=shopper, last_at=at)
    with transaction.atomic():
        interrupting.move_to_account(anonymous=before, account=after)
    assert not Interruption.objects.filter(pk=before.pk).exists()
    assert last_of(after.pk) == together
