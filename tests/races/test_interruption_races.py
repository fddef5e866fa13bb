"""Two phones of one shopper walk into two shops at once: two coupons, and one visible message."""

import pytest

from geooffers.coupons.models import Coupon
from geooffers.decisions import interrupting
from geooffers.decisions.interrupting import Locked
from geooffers.decisions.models import Decision, Interruption
from merchants.live_fences import live_fences
from notifications.models import Delivery
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.races.crowd import Meeting
from tests.races.together import together
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phones() -> tuple[Walker, Walker]:
    """Of one shopper. Aino's café and a bookshop down the street, of two merchants, each with an offer."""
    for name, (lat, lon) in (("Café Aino", AT_AINO), ("Kirjakauppa", DOWN_THE_STREET)):
        store = make_store(merchant_name=name, lat=lat, lon=lon)
        make_fence(store)
        make_offer(store, title=f"at {name}")
    live_fences.matcher().refresh()
    first = Walker()
    return first, Walker(shopper=first.device.shopper)


def walk_in(phones: tuple[Walker, Walker]) -> None:
    first, second = phones
    answers = together(lambda: first.be_at(AT_AINO, NOON), lambda: second.be_at(DOWN_THE_STREET, NOON))
    assert [len(answer["coupons"]) for answer in answers] == [1, 1]


def told() -> int:
    """How many coupons the shopper was told of."""
    return Delivery.objects.values("message__subject").distinct().count()


def test_two_phones_at_two_merchants_bring_one_visible_message(phones: tuple[Walker, Walker]) -> None:
    walk_in(phones)
    assert Coupon.objects.count() == 2
    assert told() == 1
    assert sorted(Decision.objects.values_list("message", flat=True)) == ["owed", "too_soon"]
    assert Interruption.objects.get().last_at == NOON


def test_twin_whoever_reads_the_time_without_the_lock_disturbs_twice(
    phones: tuple[Walker, Walker], monkeypatch: pytest.MonkeyPatch, requires_postgresql: None
) -> None:
    meeting = Meeting(2)

    def unlocked(*, shopper_id) -> Locked:
        row = Interruption.objects.filter(pk=shopper_id).first()
        meeting.wait()
        return Locked(shopper_id=shopper_id, last_at=row and row.last_at)

    monkeypatch.setattr(interrupting, "lock", unlocked)
    walk_in(phones)
    assert told() == 2
