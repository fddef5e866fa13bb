"""Which offers hold at a store right now, and the states an offer goes through."""

from datetime import timedelta

import pytest
from django.utils import timezone

from merchants.models import Merchant, Offer, OfferState, Store, Trigger
from merchants.offers import offers
from tests import cast

pytestmark = pytest.mark.django_db
NOON = cast.NOON  # Tuesday 12:00 UTC, 15:00 in Helsinki


def live(store: Store, *, now=NOON, trigger: Trigger = Trigger.ENTERED) -> list[Offer]:
    return offers.live_offers_at(store_id=store.pk, triggers=(trigger,), now=now)


def test_a_live_offer_holds_within_its_window_only() -> None:
    store = cast.make_store()
    offer = cast.make_offer(store, starts_at=NOON, ends_at=NOON + timedelta(hours=1))
    assert live(store) == [offer]
    assert live(store, now=NOON - timedelta(microseconds=1)) == []
    assert live(store, now=NOON + timedelta(hours=1)) == []


def test_two_queries_whatever_the_number_of_offers(django_assert_num_queries) -> None:
    store = cast.make_store()
    for number in range(5):
        cast.make_offer(store, title=f"bun {number}")
    with django_assert_num_queries(2):
        assert [offer.budget.cap for offer in live(store)] == [100] * 5


@pytest.mark.parametrize("state", [OfferState.DRAFT, OfferState.PAUSED, OfferState.ENDED])
def test_an_offer_that_is_not_live_is_not_given(state: OfferState) -> None:
    store = cast.make_store()
    cast.make_offer(store, state=state)
    assert live(store) == []


def test_the_trigger_must_be_the_moment() -> None:
    store = cast.make_store()
    offer = cast.make_offer(store, trigger=Trigger.DWELLED)
    assert live(store) == []
    assert live(store, trigger=Trigger.DWELLED) == [offer]


def test_the_schedule_is_in_the_store_s_own_zone() -> None:
    store = cast.make_store()
    offer = cast.make_offer(store)
    Offer.objects.filter(pk=offer.pk).update(schedule=[{"days": [2], "opens": "15:00", "closes": "16:00"}])
    assert live(store) == [offer]
    Store.objects.filter(pk=store.pk).update(time_zone="America/New_York")
    assert live(store) == []


def test_an_offer_at_one_store_is_not_given_at_another() -> None:
    here, there = cast.make_store(), cast.make_store()
    offer = offers.create_offer(
        merchant=here.merchant,
        now=NOON,
        cap=5,
        stores=[here],
        title="Bun",
        text="Now.",
        category="café",
        discount_kind="free_item",
        starts_at=NOON,
        ends_at=NOON + timedelta(days=1),
    )
    offers.publish(offer=offer, now=NOON)
    assert live(here) == [offer]
    assert live(there) == []
    assert offers.holds_at(offer=offer, store=here)
    assert not offers.holds_at(offer=offer, store=there)


def test_an_offer_at_all_stores_stays_within_its_merchant() -> None:
    store, other = cast.make_store(), cast.make_store(merchant_name="Bistro Bertil")
    offer = cast.make_offer(store)
    assert live(other) == []
    assert not offers.holds_at(offer=offer, store=other)


def test_a_store_of_another_merchant_is_refused() -> None:
    other = cast.make_store(merchant_name="Bistro Bertil")
    with pytest.raises(offers.ForeignStore):
        offers.create_offer(merchant=cast.make_store().merchant, cap=1, now=NOON, stores=[other])
    assert not Offer.objects.exists()


def test_nothing_holds_at_an_archived_store_or_merchant() -> None:
    store = cast.make_store()
    cast.make_offer(store)
    Store.objects.filter(pk=store.pk).update(archived_at=NOON)
    assert live(store) == []
    Store.objects.filter(pk=store.pk).update(archived_at=None)
    assert len(live(store)) == 1
    Merchant.objects.update(archived_at=NOON)
    assert live(store) == []


def test_states_go_forward_and_ended_is_for_good() -> None:
    offer = cast.make_offer(cast.make_store(), state=OfferState.DRAFT)
    with pytest.raises(offers.WrongState):
        offers.pause(offer=offer, now=NOON)
    offers.publish(offer=offer, now=NOON)
    offers.pause(offer=offer, now=NOON)
    offers.publish(offer=offer, now=NOON)
    offers.end(offer=offer, now=NOON)
    for step in (lambda: offers.publish(offer=offer, now=NOON), lambda: offers.pause(offer=offer, now=NOON)):
        with pytest.raises(offers.WrongState) as refused:
            step()
        assert refused.value.is_ == "ended"


def test_an_offer_whose_window_is_over_cannot_be_published() -> None:
    offer = cast.make_offer(cast.make_store(), state=OfferState.DRAFT, ends_at=NOON)
    with pytest.raises(offers.AlreadyOver):
        offers.publish(offer=offer, now=NOON)


def test_a_second_person_s_button_is_told_what_the_first_did() -> None:
    offer = cast.make_offer(cast.make_store())
    as_seen_by_the_second = Offer.objects.get(pk=offer.pk)
    offers.end(offer=offer, now=NOON)
    with pytest.raises(offers.WrongState) as refused:
        offers.pause(offer=as_seen_by_the_second, now=NOON)
    assert refused.value.is_ == "ended"


def test_archiving_ends_a_live_offer() -> None:
    store = cast.make_store()
    offer = cast.make_offer(store)
    offers.archive(offer=offer, now=timezone.now())
    assert offer.state == OfferState.ENDED
    assert live(store) == []
    with pytest.raises(offers.WrongState, match="archived"):
        offers.publish(offer=offer, now=NOON)
