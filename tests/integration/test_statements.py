"""What is compiled once says what the ORM says when it composes the query anew."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet

from geooffers.statements.compiled import Given, GivenList, Select, Update, columns_of, model_of
from geooffers.statements.inserts import insert_new
from geooffers.visits.models import Presence, Visit
from merchants.models import MerchantLogo, Store
from tests.cast import NOON, make_device, make_fence, make_shopper, make_store

pytestmark = [pytest.mark.django_db, pytest.mark.both]

OPEN = {"ended_at": None}


def make_visits(count: int = 3) -> list[Visit]:
    shopper, store = make_shopper(), make_store()
    return [
        Visit.objects.create(shopper=shopper, fence=make_fence(store), began_at=NOON + timedelta(microseconds=number))
        for number in range(count)
    ]


def at_fences(count: int) -> QuerySet[Visit, Any]:
    fences = GivenList("fences", Visit.fence.field, count=count)
    visits = Visit.objects.filter(shopper=Given("shopper", Visit.shopper.field), fence__in=fences, **OPEN)
    return visits.order_by("fence_id").values_list(*columns_of(Visit))


AT_FENCES = Select(at_fences)


def test_rows_are_those_of_the_orm_with_pythons_own_types() -> None:
    visits = make_visits()
    for some in (visits, visits[:1], visits[1:]):
        fences = [visit.fence_id for visit in some]
        rows = AT_FENCES.rows(len(fences), shopper=visits[0].shopper_id, fences=fences)
        assert rows == [tuple(getattr(visit, column) for column in columns_of(Visit)) for visit in some]
        assert [model_of(Visit, row) for row in rows] == some
    assert AT_FENCES.rows(1, shopper=uuid4(), fences=[visits[0].fence_id]) == []


def test_a_statement_of_one_shape_is_composed_once() -> None:
    composed: list[int] = []

    def composing(count: int) -> QuerySet[Visit, Any]:
        composed.append(count)
        return at_fences(count)

    asked, visits = Select(composing), make_visits(2)
    for _ in range(3):
        for count in (1, 2):
            asked.rows(count, shopper=visits[0].shopper_id, fences=[visit.fence_id for visit in visits[:count]])
    assert composed == [1, 2]


def test_models_are_those_of_the_orm_with_what_is_deferred_related_and_annotated(
    django_assert_num_queries: Any,
) -> None:
    """A store without a logo, then with one."""
    store = make_store()

    def composing(place: Any) -> QuerySet[Store]:
        stores = Store.objects.filter(pk=place).select_related("merchant__logo").defer("address", "merchant__logo__png")
        return stores.annotate(is_far_north=ExpressionWrapper(Q(lat__gt=66), output_field=BooleanField()))

    asked = Select(lambda: composing(Given("store", Store._meta.pk)))
    for logo in (None, MerchantLogo(merchant=store.merchant, png=b"png", digest="0" * 32, changed_at=NOON)):
        if logo is not None:
            logo.save()
        with django_assert_num_queries(1):
            (found,) = asked.models(store=store.pk)
        (wanted,) = composing(store.pk)
        for one, other in ((found, wanted), (found.merchant, wanted.merchant)):
            assert one == other
            assert one.get_deferred_fields() == other.get_deferred_fields()
            assert {name: value for name, value in vars(one).items() if name != "_state"} == {
                name: value for name, value in vars(other).items() if name != "_state"
            }
        assert found.is_far_north is False
        assert found._state.adding is False
        with django_assert_num_queries(0):
            assert getattr(found.merchant, "logo", None) == logo
    assert asked.models(store=uuid4()) == []
    assert found.address == store.address


def test_an_ending_is_for_one_kind_of_database() -> None:
    mine, other = (
        Select(lambda: Visit.objects.values_list("pk"), endings={vendor: " LIMIT 0"})
        for vendor in (connection.vendor, "another")
    )
    make_visits(1)
    assert (len(mine.rows()), len(other.rows())) == (0, 1)


def test_an_update_changes_the_rows_and_says_how_many() -> None:
    visits = make_visits()
    column = Visit._meta.get_field
    moved = Update(
        lambda: (
            Visit.objects.filter(shopper=Given("shopper", column("shopper"))),
            {"seen_until": Given("seen_until", column("seen_until")), "confidence": F("confidence") / 2},
        )
    )
    later = NOON + timedelta(minutes=5)
    assert moved.run(shopper=uuid4(), seen_until=later) == 0
    assert moved.run(shopper=visits[0].shopper_id, seen_until=later) == 3
    assert set(Visit.objects.values_list("seen_until", "confidence")) == {(later, 0.5)}


def test_only_new_rows_are_inserted_and_told() -> None:
    there, *_ = make_visits(1)
    store = make_store()
    others = [Visit(shopper_id=there.shopper_id, fence=make_fence(store), began_at=NOON) for _ in range(2)]
    again = Visit(shopper_id=there.shopper_id, fence_id=there.fence_id, began_at=NOON)
    assert insert_new([others[0], again, others[1]]) == {one.pk for one in others}
    assert set(Visit.objects.all()) == {there, *others}
    others[0].confidence = 0.25
    others[0].save(update_fields=["confidence"])
    assert insert_new([]) == set()


def test_a_number_that_the_database_gives_is_told_of_what_is_new() -> None:
    visit, device = make_visits(1)[0], make_device()
    presence = Presence(visit=visit, device=device, since=NOON)
    assert insert_new([presence]) == {Presence.objects.get().pk}
    assert insert_new([presence]) == set()


def test_more_rows_than_a_statement_takes_are_all_inserted() -> None:
    visit, *_ = make_visits(1)
    rows = [
        Visit(
            shopper_id=visit.shopper_id,
            fence_id=visit.fence_id,
            began_at=NOON,
            ended_at=NOON + timedelta(minutes=number),
            end_reason="left",
        )
        for number in range(250)
    ]
    assert insert_new(rows) == {row.pk for row in rows}
    assert Visit.objects.count() == 251


def test_a_row_that_breaks_another_rule_is_not_passed_over() -> None:
    visit, *_ = make_visits(1)
    ended_for_no_reason = Visit(shopper_id=visit.shopper_id, fence_id=visit.fence_id, began_at=NOON, ended_at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_new([ended_for_no_reason])
