"""Into the events: in the transaction, in order, in one statement; and nothing of an event is ever changed."""

import ast
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from geooffers import events
from geooffers.events import EventKind, Happened, appending
from geooffers.events.models import Event
from tests.cast import NOON

pytestmark = pytest.mark.both

WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete"}
ROOT = Path(__file__).resolve().parents[3]


def happened(**ids) -> Happened:
    return Happened(kind=EventKind.COUPON_SEEN, at=NOON, **ids)


def test_the_statement_and_the_table_have_the_same_columns() -> None:
    assert Event._meta.db_table == appending.TABLE
    assert ("id", *appending.COLUMNS) == tuple(field.column for field in Event._meta.concrete_fields)
    assert set(Happened.__dataclass_fields__) == set(appending.COLUMNS)


@pytest.mark.django_db
def test_every_column_comes_back_as_it_was_given() -> None:
    ids = {name: uuid4() for name in appending.COLUMNS if name.endswith("_id")}
    at = NOON + timedelta(microseconds=1)
    events.append(
        Happened(kind=EventKind.COUPON_REDEEMED, at=at, **ids), Happened(kind=EventKind.OFFER_CHANGED, at=NOON)
    )
    full, bare = Event.objects.order_by("pk").values(*appending.COLUMNS)
    assert full == {"kind": "coupon_redeemed", "at": at, **ids}
    assert bare == {"kind": "offer_changed", "at": NOON, **dict.fromkeys(ids)}


@pytest.mark.django_db
@pytest.mark.parametrize("count", [0, 1, 500])
def test_one_statement_however_many_and_their_numbers_are_in_the_order_given(count, django_assert_num_queries) -> None:
    coupons = [uuid4() for _ in range(count)]
    with django_assert_num_queries(min(count, 1)):
        events.append(*(happened(coupon_id=each) for each in coupons))
    assert list(Event.objects.order_by("pk").values_list("coupon_id", flat=True)) == coupons


@pytest.mark.django_db
def test_what_is_gathered_is_one_statement_at_the_end_of_the_outermost_block(django_assert_num_queries) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    with django_assert_num_queries(1), events.in_one_statement():
        events.append(happened(coupon_id=first))
        with events.in_one_statement():
            events.append(happened(coupon_id=second))
        events.append(happened(coupon_id=third))
    assert list(Event.objects.order_by("pk").values_list("coupon_id", flat=True)) == [first, second, third]


@pytest.mark.django_db
def test_after_an_error_nothing_gathered_is_written_and_the_next_block_begins_empty() -> None:
    def append_and_fail() -> None:
        with events.in_one_statement():
            events.append(happened())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        append_and_fail()
    with events.in_one_statement():
        pass
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_nothing_is_gathered_inside_a_savepoint_that_may_yet_be_rolled_back() -> None:
    @transaction.atomic
    def append_and_fail() -> None:
        events.append(happened())
        raise ZeroDivisionError

    with events.in_one_statement(), pytest.raises(appending.InsideSavepoint):
        append_and_fail()
    with pytest.raises(ZeroDivisionError):
        append_and_fail()
    assert not Event.objects.exists(), "without gathering it is rolled back with its savepoint"


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_nothing_is_appended() -> None:
    with pytest.raises(appending.NotInTransaction):
        events.append(happened())
    with transaction.atomic():
        events.append(happened())
    assert Event.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"kind": "coupon_issued"}, {"at": NOON}, {"shopper_id": uuid4()}, {"visit_id": None}]
)
def test_the_database_refuses_to_change_an_event(change) -> None:
    events.append(happened(shopper_id=uuid4(), visit_id=uuid4()))
    if change == {"at": NOON}:
        change = {"at": NOON + timedelta(seconds=1)}
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Event.objects.update(**change)
    Event.objects.update(shopper_id=None)
    assert Event.objects.get().shopper_id is None


@pytest.mark.django_db
@pytest.mark.usefixtures("requires_postgresql")
def test_the_transaction_has_its_number_before_it_takes_one_from_the_sequence() -> None:
    """By the plan: the condition is a gate above the rows, checked once and before any of them."""
    with CaptureQueriesContext(connection) as queries:
        events.append(happened(), happened())
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (VERBOSE) " + queries[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "One-Time Filter: (pg_current_xact_id() IS NOT NULL)" in plan
        assert plan.index("One-Time Filter") < plan.index("Function Scan")
        cursor.execute(
            "SELECT seqcache, seqincrement FROM pg_sequence WHERE seqrelid = 'events_event_id_seq'::regclass"
        )
        assert cursor.fetchone() == (1, 1), "a session that keeps numbers back would use them late"


def test_nobody_writes_events_but_those_who_may() -> None:
    """`events.append` adds them, and the room's own files let a shopper go and prune."""
    room = ROOT / "geooffers" / "events"
    for package in ("geooffers", "merchants", "notifications"):
        for path in (ROOT / package).rglob("*.py"):
            if room in path.parents:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    on = ast.unparse(node.func)
                    assert not (on.startswith("Event.objects") and node.func.attr in WRITES), (path, on)
