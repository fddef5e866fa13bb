"""The counters of an offer, one statement at a time and against one another."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from merchants.models import Offer, OfferBudget, OfferState
from merchants.offers import budgets
from tests import cast

pytestmark = pytest.mark.both


def budget(offer: Offer) -> tuple[int, int, int]:
    row = OfferBudget.objects.get(offer=offer)
    return row.cap, row.reserved, row.redeemed


@pytest.mark.django_db
def test_a_cap_of_two_is_reserved_twice_and_a_released_place_again() -> None:
    offer = cast.make_offer(cast.make_store(), cap=2)
    assert [budgets.reserve(offer_id=offer.pk) for _ in range(3)] == [True, True, False]
    budgets.release(offer_id=offer.pk)
    assert budgets.reserve(offer_id=offer.pk)
    budgets.redeem(offer_id=offer.pk)
    assert not budgets.reserve(offer_id=offer.pk), "a redeemed place is not free again"
    assert budget(offer) == (2, 1, 1)


@pytest.mark.django_db
def test_release_and_redeem_need_a_reservation() -> None:
    offer = cast.make_offer(cast.make_store())
    with pytest.raises(budgets.NothingReserved):
        budgets.release(offer_id=offer.pk)
    with pytest.raises(budgets.NothingReserved):
        budgets.redeem(offer_id=offer.pk)
    assert budget(offer) == (100, 0, 0)


@pytest.mark.django_db
def test_a_cap_below_what_is_used_is_refused_with_the_figures() -> None:
    offer = cast.make_offer(cast.make_store(), cap=10)
    for _ in range(3):
        budgets.reserve(offer_id=offer.pk)
    budgets.redeem(offer_id=offer.pk)
    with pytest.raises(budgets.BelowUsed) as refused:
        budgets.set_cap(offer=offer, cap=2, now=cast.NOON)
    assert (refused.value.reserved, refused.value.redeemed, refused.value.used) == (2, 1, 3)
    budgets.set_cap(offer=offer, cap=3, now=cast.NOON)
    assert budget(offer) == (3, 2, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("reserved", "lowest"), [(0, 25), (1, 25), (19, 25), (20, 25), (33, 38)])
def test_the_lowest_cap_tells_nothing_about_fewer_than_twenty(reserved: int, lowest: int) -> None:
    offer = cast.make_offer(cast.make_store())
    OfferBudget.objects.filter(offer=offer).update(reserved=reserved, redeemed=5)
    assert budgets.lowest_cap_for_merchant(offer=offer) == lowest


@pytest.mark.django_db
def test_a_draft_may_have_any_cap() -> None:
    assert budgets.lowest_cap_for_merchant(offer=cast.make_offer(cast.make_store(), state=OfferState.DRAFT)) == 1


def in_parallel(work, times: int) -> list[bool]:
    start = Barrier(times)

    def one(_: int) -> bool:
        start.wait(10)
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


@pytest.mark.django_db(transaction=True)
def test_32_threads_take_exactly_the_cap() -> None:
    offer = cast.make_offer(cast.make_store(), cap=10)
    assert sum(in_parallel(lambda: budgets.reserve(offer_id=offer.pk), 32)) == 10
    assert budget(offer) == (10, 10, 0)


@pytest.mark.django_db(transaction=True)
def test_without_the_condition_the_constraint_has_to_step_in() -> None:
    """The twin: the same statement without its condition runs into the wall behind it."""
    offer = cast.make_offer(cast.make_store(), cap=10)

    def unguarded() -> bool:
        try:
            with transaction.atomic():
                return OfferBudget.objects.filter(offer=offer).update(reserved=F("reserved") + 1) == 1
        except IntegrityError:
            return False

    taken = in_parallel(unguarded, 32)
    assert sum(taken) == 10
    assert taken.count(False) == 22, "each of these was an error, not an answer"


@pytest.mark.django_db(transaction=True)
def test_reading_first_and_writing_after_grants_too_many() -> None:
    """The twin of the conditional update itself: two who both read "9 of 10" both take the tenth."""
    offer = cast.make_offer(cast.make_store(), cap=10)
    OfferBudget.objects.filter(offer=offer).update(reserved=9)
    both_have_read = Barrier(2)

    def check_then_act() -> bool:
        row = OfferBudget.objects.get(offer=offer)
        both_have_read.wait(10)
        if row.reserved + row.redeemed >= row.cap:
            return False
        row.reserved += 1
        row.save()
        return True

    assert in_parallel(check_then_act, 2) == [True, True]
    assert budget(offer) == (10, 10, 0), "two coupons, one place: no constraint can see it"
