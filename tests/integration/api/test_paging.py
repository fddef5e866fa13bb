"""Cursor pages: every row once, in a total order, also when rows come and go between two pages."""

from datetime import timedelta
from typing import Any

import pytest

from geooffers.api.edge import paging
from geooffers.shoppers.models import Shopper
from tests.cast import NOON, make_shopper

pytestmark = pytest.mark.django_db
ORDER = ("-created_at", "-id")


def a_page(cursor: str | None = None, limit: int = 2, **changes: Any) -> paging.Page[Shopper]:
    return paging.page(
        rows=Shopper.objects.all(), **{"order": ORDER, "of": "shoppers", **changes}, cursor=cursor, limit=limit
    )


def walk(limit: int) -> list[Shopper]:
    found, cursor = [], None
    while True:
        page = a_page(cursor, limit)
        found += page.rows
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_show_every_row_once_in_order_also_of_one_moment(limit: int) -> None:
    for minutes in (0, 0, 0, 1, 2, 2, 5):
        make_shopper(now=NOON + timedelta(minutes=minutes))
    assert walk(limit) == list(Shopper.objects.order_by(*ORDER))


def test_a_new_row_in_front_moves_nothing_behind_the_cursor() -> None:
    shoppers = [make_shopper(now=NOON + timedelta(minutes=minutes)) for minutes in range(4)]
    first = a_page()
    make_shopper(now=NOON + timedelta(hours=1))
    assert a_page(first.next_cursor).rows == [shoppers[1], shoppers[0]]


def test_the_last_page_has_no_cursor() -> None:
    make_shopper(), make_shopper()
    assert a_page().next_cursor is None


def test_a_cursor_is_good_for_its_own_list_only() -> None:
    for _ in range(3):
        make_shopper()
    cursor = a_page().next_cursor
    assert cursor is not None
    for changes in ({"of": "coupons of 1"}, {"order": ("id",)}):
        with pytest.raises(paging.BadCursor):
            a_page(cursor, **changes)


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-1], lambda c: "x" + c, lambda c: c.replace(":", ".", 1), lambda c: "x"]
)
def test_a_changed_cursor_is_refused(spoil: Any) -> None:
    for _ in range(3):
        make_shopper()
    cursor = a_page().next_cursor
    assert cursor is not None
    with pytest.raises(paging.BadCursor):
        a_page(spoil(cursor))
