"""A report brings one coupon; the other offers of where the phone is can be read, and had by asking."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse

from geooffers.api.edge import clock
from geooffers.api.edge.errors import PROBLEMS
from geooffers.coupons.models import Coupon
from geooffers.decisions import deciding
from geooffers.decisions.models import Decision, Interruption
from geooffers.redemptions import books
from geooffers.shoppers.models import Purpose
from geooffers.usecases.offers import list_offers_here, take_offer
from geooffers.usecases.offers.take_offer import REFUSALS
from merchants.live_fences import live_fences
from merchants.models import Geofence, Offer, OfferBudget, OfferState, Store, Trigger
from notifications.models import Delivery
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.conftest import ROOT
from tests.statements import counted
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker

pytestmark = [pytest.mark.django_db, pytest.mark.both]

MINUTE = timedelta(minutes=1)
PAGE = (ROOT / "docs" / "offers-here.md").read_text()


@pytest.fixture
def aino() -> Store:
    """A café where one offer ends tonight, and one runs for long; and a shop of another merchant at the same place."""
    store = make_store()
    make_fence(store)
    make_offer(store, title="tonight", ends_at=NOON + timedelta(hours=8))
    make_offer(store, title="for long")
    bookshop = make_store(merchant_name="Kirjakauppa")
    make_fence(bookshop)
    make_offer(bookshop, title="a book", ends_at=NOON + timedelta(days=3))
    make_offer(make_store(merchant_name="Far away", lat=65.0), title="far away")
    live_fences.matcher().refresh()
    return store


@pytest.fixture
def inside(aino: Store) -> Walker:
    walker = Walker()
    assert [coupon["title"] for coupon in walker.be_at(AT_AINO, NOON)["coupons"]] == ["tonight"]
    return walker


def offer(title: str) -> Offer:
    return Offer.objects.get(title=title)


def here(walker: Walker, *, now=NOON + MINUTE, status: int = 200) -> dict[str, Any]:
    with clock.set_to(now):
        answer = walker.phone.call("GET", "/offers/here")
    assert answer.status_code == status, answer.content
    return answer.json()


def titles(walker: Walker, **how: Any) -> list[str]:
    return [one["title"] for one in here(walker, **how)["offers"]]


def take(walker: Walker, offer_id: object, *, key: str = "", now=NOON + MINUTE) -> HttpResponse:
    with clock.set_to(now):
        headers = {"Idempotency-Key": key or uuid4().hex}
        return walker.phone.call("POST", f"/offers/{offer_id}/coupon", headers=headers)


def code_of(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# -- reading them


def test_what_the_report_passed_over_is_listed_best_first(inside: Walker, aino: Store) -> None:
    listed = here(inside)
    assert [one["title"] for one in listed["offers"]] == ["a book", "for long"]
    assert listed["left_out"] == 0
    fence = Geofence.objects.get(store=aino)
    second = listed["offers"][1]
    assert second["store"] == {"id": str(aino.pk), "name": "Café Aino 1", "address": aino.address}
    assert (second["merchant"], second["fence_id"]) == ("Café Aino", str(fence.public_id))
    assert second["visit_id"] == str(Coupon.objects.get().visit_id)
    assert "lat" not in str(listed)


def test_reading_writes_nothing_and_asks_a_few_times_however_much_there_is(inside: Walker, aino: Store) -> None:
    for number in range(30):
        make_offer(aino, title=f"offer {number}")
        make_fence(aino)
    before = Decision.objects.count()
    with counted() as statements:
        assert len(titles(inside)) == 32
    assert len(statements) <= 10, statements
    assert not [sql for sql in statements.about("decisions_decision", "coupons_coupon") if not sql.startswith("SELECT")]
    assert Decision.objects.count() == before


def test_the_best_hundred_are_listed_and_the_rest_is_counted(inside: Walker, aino: Store, monkeypatch) -> None:
    monkeypatch.setattr(list_offers_here, "MOST_OFFERS", 1)
    listed = here(inside)
    assert ([one["title"] for one in listed["offers"]], listed["left_out"]) == (["a book"], 1)


def test_outside_of_every_area_there_is_nothing(aino: Store) -> None:
    walker = Walker()
    assert here(walker) == {"offers": [], "left_out": 0}
    walker.be_at(AT_AINO, NOON)
    walker.be_at(DOWN_THE_STREET, NOON + MINUTE)
    assert titles(walker, now=NOON + 2 * MINUTE) == []


def test_a_phone_that_went_silent_and_the_shopper_s_phone_at_home_are_not_there(inside: Walker) -> None:
    hours_later = NOON + timedelta(minutes=62)
    assert titles(inside, now=hours_later) == []
    assert code_of(take(inside, offer("for long").pk, now=hours_later)) == (409, "not_inside")
    at_home = Walker(shopper=inside.device.shopper)
    assert titles(at_home) == []
    assert code_of(take(at_home, offer("for long").pk)) == (409, "not_inside")


def test_consents_count_as_for_a_report(inside: Walker) -> None:
    offer_id = offer("for long").pk
    for purpose in (Purpose.LOCATION_FOREGROUND, Purpose.LOCATION_BACKGROUND):
        assert titles(inside) == ["a book", "for long"]
        with clock.set_to(NOON + MINUTE):
            inside.phone.withdraw(purpose)
    assert here(inside, status=403)["code"] == "consent_missing"
    never = Walker(consents=[Purpose.MARKETING_PUSH])
    assert here(never, status=403)["code"] == "consent_missing"
    assert code_of(take(never, offer_id)) == (403, "consent_missing")


def test_in_a_pause_nobody_asks_where_the_phone_is(inside: Walker) -> None:
    inside.device.shopper.paused_from, inside.device.shopper.paused_until = NOON, NOON + timedelta(hours=1)
    inside.device.shopper.save()
    assert here(inside, status=403)["code"] == "paused"
    assert code_of(take(inside, offer("for long").pk)) == (403, "paused")


def test_what_waits_for_a_stay_is_there_after_the_stay(inside: Walker, aino: Store) -> None:
    staying = make_offer(aino, title="for staying", trigger=Trigger.DWELLED)
    assert "for staying" not in titles(inside)
    assert code_of(take(inside, staying.pk)) == (404, "not_found")
    OfferBudget.objects.filter(offer=staying).update(cap=0)
    assert inside.be_at(AT_AINO, NOON + 6 * MINUTE)["coupons"] == []
    OfferBudget.objects.filter(offer=staying).update(cap=1)
    assert "for staying" in titles(inside, now=NOON + 7 * MINUTE)
    assert take(inside, staying.pk, now=NOON + 7 * MINUTE).status_code == 201


# -- having them


def test_an_offer_becomes_a_coupon_of_the_open_visit(inside: Walker, aino: Store) -> None:
    pushes = Delivery.objects.count()
    answer = take(inside, offer("a book").pk)
    assert answer.status_code == 201
    coupon = Coupon.objects.get(offer=offer("a book"))
    assert answer.json() == {
        "coupon_id": str(coupon.pk),
        "offer_id": str(coupon.offer_id),
        "visit_id": str(coupon.visit_id),
        "expires_at": "2026-06-02T13:01:00Z",
    }
    assert coupon.visit.fence.store.merchant.name == "Kirjakauppa"
    decision = Decision.objects.get(moment="asked")
    assert (decision.outcome, decision.coupon, decision.message) == ("chosen", coupon, "asked")
    assert [one["offer"] for one in decision.candidates] == [str(coupon.offer_id)]
    # Nobody is told of what they asked for, and it is no interruption.
    assert Delivery.objects.count() == pushes
    assert Interruption.objects.get().last_at == NOON
    assert titles(inside) == ["for long"]
    with clock.set_to(NOON + MINUTE):
        assert inside.phone.call("GET", f"/coupons/{coupon.pk}").json()["code"]
    assert books.check_books() == []


def test_a_retry_gets_the_first_answer_and_another_key_is_refused(inside: Walker) -> None:
    Offer.objects.update(per_shopper_limit=5)
    first, again = (take(inside, offer("a book").pk, key="mine") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert code_of(take(inside, offer("for long").pk, key="mine")) == (422, "key_reused")
    assert code_of(take(inside, offer("a book").pk)) == (409, "already_issued_this_visit")
    assert Coupon.objects.filter(offer=offer("a book")).count() == 1


def test_what_is_not_up_here_is_not_found(inside: Walker) -> None:
    bookshop = offer("a book").merchant.stores.get()
    draft = make_offer(bookshop, title="draft", state=OfferState.DRAFT)
    ended = make_offer(bookshop, title="ended", state=OfferState.ENDED)
    for offer_id in (uuid4(), offer("far away").pk, draft.pk, ended.pk, "none"):
        assert take(inside, offer_id).status_code == 404
    assert code_of(take(inside, draft.pk)) == (404, "not_found")
    assert Coupon.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": OfferState.PAUSED}, "offer_paused"),
        ({"starts_at": NOON + timedelta(hours=1)}, "offer_not_started"),
        ({"ends_at": NOON + timedelta(minutes=5)}, "offer_ends_too_soon"),
        ({"schedule": [{"days": [2], "opens": "17:00", "closes": "18:00"}]}, "offer_outside_schedule"),
        ({"per_shopper_limit": 0}, "shopper_limit"),
    ],
)
def test_an_offer_that_cannot_be_had_says_why_and_leaves_nothing(
    inside: Walker, changes: dict[str, Any], code: str
) -> None:
    book = offer("a book")
    Offer.objects.filter(pk=book.pk).update(**changes)
    decisions = Decision.objects.count()
    assert titles(inside) == ["for long"]
    assert code_of(take(inside, book.pk, key="again")) == (409, code)
    assert (Decision.objects.count(), Coupon.objects.count()) == (decisions, 1)
    # A refusal is not kept: the same key may try again.
    Offer.objects.filter(pk=book.pk).update(
        state=book.state, starts_at=book.starts_at, ends_at=book.ends_at, schedule=[], per_shopper_limit=1
    )
    assert take(inside, book.pk, key="again").status_code == 201


def test_when_the_last_place_is_gone_it_says_so(inside: Walker) -> None:
    OfferBudget.objects.filter(offer=offer("a book")).update(cap=0)
    assert code_of(take(inside, offer("a book").pk)) == (409, "cap_reached")


def test_of_two_fences_of_one_chain_the_first_visit_brings_it_and_one_row_is_kept(aino: Store) -> None:
    make_fence(make_store())
    live_fences.matcher().refresh()
    walker = Walker()
    walker.be_at(AT_AINO, NOON)
    with counted() as statements:
        assert take(walker, offer("for long").pk).status_code == 201
    assert len(statements) <= 32, statements
    assert Decision.objects.filter(moment="asked").count() == 1


def test_a_key_is_needed_and_a_token(inside: Walker) -> None:
    with clock.set_to(NOON + MINUTE):
        answer = inside.phone.call("POST", f"/offers/{offer('a book').pk}/coupon")
    assert code_of(answer) == (400, "idempotency_key_required")
    inside.phone.token = "x" * 43
    assert here(inside, status=401)["code"] == "token_unknown"
    assert code_of(take(inside, offer("a book").pk)) == (401, "token_unknown")


def test_the_page_has_every_refusal() -> None:
    for refusal in (*REFUSALS.values(), take_offer.NotInside, take_offer.NoSuchOffer):
        problem = PROBLEMS[refusal]
        assert f"| {problem.status} | `{problem.code}` |" in PAGE
    assert str(list_offers_here.MOST_OFFERS) in PAGE
    assert deciding.TRIES == 2, "the page says: the next best once"
