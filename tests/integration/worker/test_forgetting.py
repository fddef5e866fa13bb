"""The forgetting by its settings, and the operators' page of what it did."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from geooffers.coupons import issuing
from geooffers.coupons.models import Coupon, ShopperOfferCount
from geooffers.redemptions import books
from geooffers.redemptions.models import RefusedScan
from geooffers.shoppers.models import (
    ConsentReceipt,
    DataRequest,
    DataRequestKind,
    Export,
    Purpose,
    Tombstone,
    TombstoneKind,
)
from geooffers.visits.models import EndReason, Visit
from geooffers.worker import forgetting_figures
from geooffers.worker.models import Forgotten, TaskLease
from geooffers.worker.tasks import forget
from geooffers.worker.templatetags import humanize_spans
from merchants.models import OfferBudget, Role, User
from tests.cast import NOON, consent_text, make_coupon, make_fence, make_offer, make_shopper, make_staff, make_store
from tests.cast import make_visit as begin_visit

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)


def names_forgotten() -> set[str]:
    return set(Forgotten.objects.values_list("what", flat=True))


def test_each_period_is_a_setting_of_its_own(settings) -> None:
    store = make_store()
    visit = begin_visit(make_shopper(), make_fence(store))
    Visit.objects.filter(pk=visit.pk).update(ended_at=NOON, end_reason=EndReason.LEFT)
    RefusedScan.objects.create(store=store, reason="unknown_code", at=NOON)
    settings.KEEP_VISITS, settings.KEEP_REFUSED_SCANS = 3 * DAY, 5 * DAY
    assert forget.run(now=NOON + 3 * DAY, limit=10) == 0
    assert forget.run(now=NOON + 4 * DAY, limit=10) == 1
    assert names_forgotten() == {"visits"}
    assert forget.run(now=NOON + 6 * DAY, limit=10) == 1
    assert names_forgotten() == {"visits", "refused scans"}


def test_what_is_left_of_an_erasure_is_not_kept_for_ever_either() -> None:
    text = consent_text(Purpose.ANALYTICS)
    shopper = make_shopper()
    for holder in ({"shopper": shopper}, {"pseudonym": b"p" * 32}):
        ConsentReceipt.objects.create(purpose=text.purpose, text=text, given=True, source="", at=NOON, **holder)
    request = DataRequest.objects.create(kind=DataRequestKind.ERASURE, asked_at=NOON, done_at=NOON)
    DataRequest.objects.create(kind=DataRequestKind.ERASURE, asked_at=NOON)
    Tombstone.objects.create(digest=b"t" * 32, key_id="s1", kind=TombstoneKind.TOKEN, request_id=request.pk, at=NOON)
    assert forget.run(now=NOON + settings.KEEP_TOMBSTONES, limit=10) == 0
    assert forget.run(now=NOON + settings.KEEP_TOMBSTONES + DAY, limit=10) == 1
    assert names_forgotten() == {"tombstones"}
    assert forget.run(now=NOON + settings.KEEP_RECEIPTS + DAY, limit=10) == 1
    assert ConsentReceipt.objects.get().shopper == shopper, "a living shopper's receipts stay"
    assert DataRequest.objects.get().done_at is None, "and so does what is not finished"


def test_a_copy_that_nobody_fetched_goes_when_it_expires() -> None:
    request = DataRequest.objects.create(kind=DataRequestKind.ACCESS, asked_at=NOON, done_at=NOON)
    Export.objects.create(
        shopper=make_shopper(), request=request, token_hash=b"e" * 32, asked_at=NOON, expires_at=NOON + DAY, body=b"x"
    )
    assert forget.run(now=NOON + DAY, limit=10) == 0
    assert forget.run(now=NOON + DAY + timedelta(seconds=1), limit=10) == 1
    assert not Export.objects.exists()


def test_every_run_says_how_many_of_what_and_how_long_it_took() -> None:
    for minute in range(3):
        RefusedScan.objects.create(store=make_store(), reason="unknown_code", at=NOON + timedelta(minutes=minute))
    forget.run(now=NOON + settings.KEEP_REFUSED_SCANS + DAY, limit=2)
    row = Forgotten.objects.get()
    assert (row.what, row.rows, row.before) == ("refused scans", 2, NOON + DAY)
    assert row.took_ms >= 0


def test_the_audit_itself_is_forgotten_in_the_end() -> None:
    Forgotten.objects.create(what="visits", rows=3, before=NOON, at=NOON)
    forget.run(now=NOON + settings.KEEP_AUDIT + DAY, limit=10)
    assert [row.what for row in Forgotten.objects.all()] == ["audit rows"]


@pytest.mark.parametrize(
    ("step", "index"),
    [
        ("visits", "visit_to_forget"),
        ("decisions", "decision_to_forget"),
        ("messages", "delivery_to_forget"),
        ("redeemed coupons", "coupon_redeemed_to_forget"),
        ("expired coupons", "coupon_expired_to_forget"),
        ("refused scans", "refused_scan_by_time"),
        ("receipts of erased shoppers", "receipt_by_shopper"),
        ("tombstones", "tombstone_by_time"),
        ("stored replies", "reply_by_time"),
        ("rate counts", "rate_by_window"),
    ],
)
def test_a_run_reads_what_it_forgets_and_no_more(step: str, index: str) -> None:
    """By an index that holds nothing else; the tables hold years."""
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL chooses by what the tables hold: see below")
    assert index in plan_of(step)


def plan_of(step: str) -> str:
    (one,) = (each for each in forget.STEPS if each.name == step)
    old = one.due().filter(**{f"{one.aged_at}__lt": NOON}).order_by(one.aged_at)
    return old.values_list("pk", flat=True)[:500].explain()


@pytest.mark.usefixtures("requires_postgresql")
def test_among_years_of_forgotten_visits_a_run_finds_those_that_are_due() -> None:
    fence, shopper = make_fence(make_store()), make_shopper()
    over = {"fence": fence, "ended_at": NOON, "end_reason": EndReason.LEFT}
    for holder, sign in ((None, -1), (shopper, 1)):
        Visit.objects.bulk_create(
            Visit(began_at=NOON + sign * number * DAY / 100, shopper=holder, **over) for number in range(10_000)
        )
    Visit.objects.bulk_create(Visit(began_at=NOON - DAY, shopper=shopper, **over) for _ in range(20))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE visits_visit")
    assert "visit_to_forget" in plan_of("visits")


def test_a_hundred_coupons_of_many_shoppers_expire_by_a_few_statements(django_assert_max_num_queries) -> None:
    """A statement for each row was most of what it cost."""
    store = make_store()
    offers = [make_offer(store, per_shopper_limit=9, title=f"Bun {number}") for number in range(3)]
    shoppers = [make_shopper() for _ in range(10)]
    for shopper in shoppers:
        for offer in (*offers, offers[0]):
            make_coupon(offer, shopper=shopper)
    late = NOON + timedelta(hours=2)
    with django_assert_max_num_queries(20):
        assert issuing.expire_due(now=late, limit=100) == 40
    assert set(ShopperOfferCount.objects.values_list("issued", flat=True)) == {0}
    assert set(OfferBudget.objects.values_list("reserved", flat=True)) == {0}
    assert books.check_books() == []


# -- the page


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator", password="a-long-password-1"))
    return client


PAGE = "/admin/worker/forgotten/"


def test_operators_see_what_is_kept_for_how_long_and_what_went(operator: Client) -> None:
    now = timezone.now()
    for days, rows in ((0, 40), (3, 1500)):
        Forgotten.objects.create(what="visits", rows=rows, before=now, at=now - days * DAY, took_ms=12)
    DataRequest.objects.create(kind=DataRequestKind.ERASURE, asked_at=now, done_at=now + timedelta(seconds=90))
    TaskLease.objects.create(name="forget", last_run_at=now)
    page = operator.get(PAGE)
    assert page.status_code == 200
    text = page.content.decode()
    assert "1\u202f540" in text
    assert "the slowest done within 1.5 minutes" in text
    assert "Receipts of erased shoppers" in text
    assert "visits: 1540 rows in 30 days, at most 1500 a day" in text
    assert "30 days" in text
    assert "7 years" in text


def test_a_table_that_is_behind_and_an_erasure_that_is_late_stand_out(operator: Client) -> None:
    visit = begin_visit(make_shopper(), make_fence(make_store()), began_at=timezone.now() - 40 * DAY)
    Visit.objects.filter(pk=visit.pk).update(ended_at=timezone.now(), end_reason=EndReason.LEFT)
    late = make_shopper()
    late.erasure = DataRequest.objects.create(kind=DataRequestKind.ERASURE, asked_at=timezone.now() - 2 * DAY)
    late.save()
    text = operator.get(PAGE).content.decode()
    assert "overdue" in text
    assert "one is past its 24 hours" in text
    assert forgetting_figures.figures(now=timezone.now()).unfinished == 1


def test_nobody_else_learns_that_the_page_exists() -> None:
    owner = Client()
    owner.force_login(make_staff(make_store(), role=Role.OWNER).user)
    assert owner.get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (timedelta(days=30), "30 days"),
        (timedelta(days=7 * 365), "7 years"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=24), "1 day"),
        (timedelta(seconds=90), "1.5 minutes"),
        (timedelta(milliseconds=400), "until it expires"),
        (timedelta(), "until it expires"),
    ],
)
def test_periods_in_words(period: timedelta, words: str) -> None:
    assert humanize_spans.span(period) == words


def test_a_coupon_whose_codes_key_is_gone_is_forgotten_as_well() -> None:
    make_coupon(make_offer(make_store()))
    issuing.expire_due(now=NOON + 30 * DAY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE coupons_coupon SET code_lookup = %s", [connection.Database.Binary(b"gone:" + b"x" * 48)])
    forget.run(now=NOON + settings.KEEP_REDEMPTIONS + 60 * DAY, limit=10)
    assert Forgotten.objects.get(what="expired coupons").rows == 1
    assert not Coupon.objects.exists()
