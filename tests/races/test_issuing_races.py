"""Many visits, few coupons: exactly the cap, exactly the limit, whatever else is going on. Each race has its twin."""

import threading
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.db import IntegrityError, connections, transaction
from django.db.models import F
from django.test import Client

from geooffers.coupons import counting, device_limits, issuing
from geooffers.coupons.models import Coupon, DeviceShare, ShopperOfferCount
from geooffers.decisions import deciding
from geooffers.decisions.models import Decision
from geooffers.redemptions import books
from geooffers.visits.models import Visit
from merchants.models import Offer, OfferBudget, OfferState, Role, Store
from merchants.offers import budgets, offers
from tests.cast import (
    NOON,
    began,
    decide,
    make_coupon,
    make_fence,
    make_offer,
    make_shopper,
    make_staff,
    make_store,
    make_visit,
)
from tests.races.crowd import Meeting, crowd
from tests.races.together import Another

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

VISITS = 64
CAP = 10
PHONES = 16


@pytest.fixture
def aino() -> Store:
    return make_store()


def begin(visit: Visit) -> Coupon | None:
    """What the report of an entry does about coupons: the visit is locked, then decided."""
    with transaction.atomic():
        locked = Visit.objects.select_for_update(no_key=True, of=("self",)).select_related("fence").get(pk=visit.pk)
        return decide(locked)


def outcomes(answers) -> Counter:
    return Counter(
        type(answer).__name__ if isinstance(answer, Exception) else "coupon" if answer else "none" for answer in answers
    )


def filled_in(html: bytes) -> dict[str, object]:
    """The form as the browser would send it back."""
    form = BeautifulSoup(html, "html.parser").find("form", id="offer_form")
    values: dict[str, object] = {}
    for field in form.select("input[name], select[name], textarea[name]"):
        name, kind = field["name"], field.get("type")
        if kind in ("checkbox", "radio"):
            if field.has_attr("checked"):
                values.setdefault(name, []).append(field.get("value", "on"))
        elif kind in ("submit", "file"):
            continue
        elif field.name == "select":
            values[name] = [option["value"] for option in field.select("option[selected]")]
        else:
            values[name] = field.get_text().removeprefix("\n") if field.name == "textarea" else field.get("value", "")
    return values


class AdminWhoKeepsSaving:
    """Opens the offer's form in the admin before anything is issued, and presses Save again and again: every save
    writes back what stood there at the beginning.
    """

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self.client = Client()
        store = offer.merchant.stores.first()
        self.client.force_login(make_staff(store, role=Role.OWNER).user)
        self.path = f"/admin/merchants/offer/{offer.pk}/change/"
        self.saves = 0
        self.problem: str | None = None
        self._saved = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> "AdminWhoKeepsSaving":
        self._thread.start()
        assert self._saved.wait(timeout=60), self.problem
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=60)
        assert self.problem is None, self.problem
        assert self.saves > 1, "the admin did not save while the visits came"

    def _work(self) -> None:
        try:
            opened = filled_in(self.client.get(self.path).content)
            while not self._stop.is_set():
                answer = self.client.post(self.path, opened | {"title": f"Bun {self.saves}"})
                if answer.status_code != 302:
                    errors = BeautifulSoup(answer.content, "html.parser").select(".errorlist")
                    self.problem = f"{answer.status_code}: {[error.get_text() for error in errors]}"
                    return
                self.saves += 1
                self._saved.set()
        except Exception as problem:
            self.problem = repr(problem)
        finally:
            connections.close_all()


def test_sixty_four_visits_get_exactly_ten_coupons_while_an_admin_keeps_saving_the_offer(aino: Store) -> None:
    offer = make_offer(aino, cap=CAP)
    fence = make_fence(aino)
    visits = [make_visit(make_shopper(), fence) for _ in range(VISITS)]

    with AdminWhoKeepsSaving(offer) as admin:
        answers = crowd(VISITS, lambda number: begin(visits[number]))

    assert outcomes(answers) == {"coupon": CAP, "none": VISITS - CAP}
    assert Coupon.objects.count() == CAP
    budget = OfferBudget.objects.get()
    assert (budget.cap, budget.reserved, budget.redeemed) == (CAP, CAP, 0)
    told = Decision.objects.values_list("candidates", flat=True)
    reasons = Counter((one["outcome"], one["reason"]) for candidates in told for one in candidates)
    assert reasons == {("chosen", "best"): CAP, ("refused", "cap_reached"): VISITS - CAP}
    offer.refresh_from_db()
    assert offer.title == f"Bun {admin.saves - 1}"
    assert books.check_books() == []


def test_whoever_loses_the_last_place_gets_the_next_best_offer(aino: Store) -> None:
    make_offer(aino, title="ends tonight", cap=CAP, ends_at=NOON + timedelta(hours=8))
    make_offer(aino, title="plenty", cap=1000)
    fence = make_fence(aino)
    visits = [make_visit(make_shopper(), fence) for _ in range(VISITS)]
    answers = crowd(VISITS, lambda number: begin(visits[number]))
    assert Counter(coupon.title for coupon in answers) == {"ends tonight": CAP, "plenty": VISITS - CAP}
    assert books.check_books() == []


def test_sixteen_phones_of_one_shopper_get_one_coupon_of_a_limit_of_one(aino: Store) -> None:
    """A phone in each of sixteen stores of a chain, all walking in at the same moment."""
    make_offer(aino, cap=1000, per_shopper_limit=1)
    shopper = make_shopper()
    visits = [make_visit(shopper, make_fence(make_store())) for _ in range(PHONES)]
    answers = crowd(PHONES, lambda number: begin(visits[number]))
    assert outcomes(answers) == {"coupon": 1, "none": PHONES - 1}
    assert ShopperOfferCount.objects.get().issued == 1
    assert OfferBudget.objects.get().reserved == 1
    assert books.check_books() == []


def test_sixteen_that_count_at_once_count_to_the_limit(aino: Store) -> None:
    """Nobody has had any, so that all of them would write the first row."""
    offer, shopper = make_offer(aino), make_shopper()

    def one(_: int) -> bool:
        return counting.count_one(shopper_id=shopper.pk, offer_id=offer.pk, limit=3)

    assert Counter(crowd(PHONES, one)) == {True: 3, False: PHONES - 3}
    assert ShopperOfferCount.objects.get().issued == 3
    assert not counting.count_one(shopper_id=make_shopper().pk, offer_id=offer.pk, limit=0)


def test_sixteen_people_on_one_phone_take_five_seats_and_each_of_them_one(aino: Store) -> None:
    offer, device_id = make_offer(aino), uuid4()
    people = [make_shopper().pk for _ in range(PHONES)]
    marks = [device_limits.marks_of(device_id=device_id, shopper_id=one, now=NOON) for one in people]

    def one(number: int) -> bool:
        # Everybody comes twice, at the same moment.
        return device_limits.take_seat(marks=marks[number // 2], offer_id=offer.pk)

    answers = crowd(2 * PHONES, one)
    assert Counter(answers) == {True: 2 * device_limits.SEATS, False: 2 * (PHONES - device_limits.SEATS)}
    assert answers[::2] == answers[1::2]
    assert sorted(DeviceShare.objects.values_list("seat", flat=True)) == list(range(1, device_limits.SEATS + 1))


def test_sixteen_reports_of_one_visit_bring_one_coupon(aino: Store) -> None:
    make_offer(aino, cap=1000, per_shopper_limit=1000)
    visit = make_visit(make_shopper(), make_fence(aino))
    answers = crowd(PHONES, lambda _: begin(visit))
    assert outcomes(answers) == {"coupon": 1, "none": PHONES - 1}
    assert books.check_books() == []


def test_places_that_are_released_are_issued_again_and_never_two_for_one(aino: Store) -> None:
    offer = make_offer(aino, cap=CAP)
    for _ in range(CAP):
        make_coupon(offer, now=NOON - timedelta(hours=2))
    fence = make_fence(aino)
    visits = [make_visit(make_shopper(), fence) for _ in range(VISITS)]

    def one(number: int) -> object:
        return issuing.expire_due(now=NOON, limit=2) if number % 4 == 0 else begin(visits[number])

    answers = crowd(VISITS, one)

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert sum(answer for answer in answers if isinstance(answer, int)) == CAP
    budget = OfferBudget.objects.get()
    assert budget.reserved == sum(isinstance(answer, Coupon) for answer in answers) <= CAP
    assert books.check_books() == []


def test_reports_that_begin_two_visits_each_never_wait_for_each_other_in_a_circle(aino: Store) -> None:
    """Half of them come from the left, half from the right: the same two offers in both orders, and no deadlock. When
    the last place at one store is lost, the savepoint lets its rows go before the other's are asked for."""
    other = make_store()
    for store in (aino, other):
        offer = make_offer(store, title=f"at {store.name}", cap=CAP)
        Offer.objects.filter(pk=offer.pk).update(all_stores=False)
        offer.stores.set([store])
    fences = [make_fence(aino), make_fence(other)]
    pairs = []
    for number in range(VISITS):
        shopper = make_shopper()
        visits = [make_visit(shopper, fence) for fence in fences]
        pairs.append(visits if number % 2 else visits[::-1])

    def one(number: int) -> Coupon | None:
        with transaction.atomic():
            moments = [began(visit) for visit in pairs[number]]
            return deciding.decide(shopper=moments[0].visit.shopper, moments=moments, now=NOON).coupon

    answers = crowd(VISITS, one)

    assert outcomes(answers) == {"coupon": 2 * CAP, "none": VISITS - 2 * CAP}
    assert books.check_books() == []


def test_an_offer_that_is_paused_while_somebody_saves_its_form_stays_paused(aino: Store, requires_postgresql) -> None:
    """The form was read before the pause committed, and is written after: it may not bring the old state back."""
    offer = make_offer(aino, cap=CAP)
    client, path = Client(), f"/admin/merchants/offer/{offer.pk}/change/"
    client.force_login(make_staff(aino, role=Role.OWNER).user)
    opened = filled_in(client.get(path).content)

    with transaction.atomic():
        offers.pause(offer=offer, now=NOON)
        saving = Another(lambda: client.post(path, opened | {"title": "Bun of the day"}).status_code)
        saving.wait_until_waiting()
    assert saving.result() == 302

    offer.refresh_from_db()
    assert (offer.title, offer.state) == ("Bun of the day", OfferState.PAUSED)
    assert begin(make_visit(make_shopper(), make_fence(aino))) is None


# -- the twins


def test_twin_a_budget_that_is_read_and_then_written_is_exceeded(aino: Store) -> None:
    """The reservation as it is often written. All of them see the last place, and all of them take it."""
    offer = make_offer(aino, cap=CAP)
    OfferBudget.objects.update(reserved=CAP - 1)
    meeting = Meeting(PHONES)

    def one(_: int) -> bool:
        budget = OfferBudget.objects.get(offer=offer)
        if budget.reserved + budget.redeemed >= budget.cap:
            return False
        meeting.wait()
        OfferBudget.objects.filter(offer=offer).update(reserved=budget.reserved + 1)
        return True

    assert sum(crowd(PHONES, one)) == PHONES  # where one place was left
    assert OfferBudget.objects.get().reserved == CAP  # and the counter does not even notice


def test_twin_a_counter_raised_without_its_condition_runs_into_the_constraint(aino: Store) -> None:
    offer = make_offer(aino, cap=CAP)
    OfferBudget.objects.update(reserved=CAP - 1)
    meeting = Meeting(PHONES)

    def one(_: int) -> None:
        assert OfferBudget.objects.get(offer=offer).reserved == CAP - 1
        meeting.wait()
        OfferBudget.objects.filter(offer=offer).update(reserved=F("reserved") + 1)

    answers = crowd(PHONES, one)
    assert sum(isinstance(answer, IntegrityError) for answer in answers) == PHONES - 1
    assert OfferBudget.objects.get().reserved == CAP


def test_twin_an_admin_who_saves_the_counters_with_the_form_gives_places_away(aino: Store) -> None:
    """Were the counters among the fields of a form, whoever opens it and saves later would write back the old ones."""
    offer = make_offer(aino, cap=CAP)
    opened = OfferBudget.objects.get(offer=offer)
    for _ in range(CAP):
        assert budgets.reserve(offer_id=offer.pk)
    assert not budgets.reserve(offer_id=offer.pk)
    opened.save()  # every field, as a form does
    assert OfferBudget.objects.get().reserved == 0
    assert budgets.reserve(offer_id=offer.pk)  # the eleventh of ten


def test_twin_a_form_that_saves_every_field_undoes_a_pause(aino: Store) -> None:
    opened = make_offer(aino)
    offers.pause(offer=Offer.objects.get(pk=opened.pk), now=NOON)
    opened.title = "Bun of the day"
    opened.save()
    assert Offer.objects.get(pk=opened.pk).state == OfferState.LIVE


def test_twin_a_count_that_is_read_and_then_written_is_exceeded(aino: Store) -> None:
    offer = make_offer(aino, per_shopper_limit=1)
    shopper = make_shopper()
    count = ShopperOfferCount.objects.create(shopper=shopper, offer=offer)
    meeting = Meeting(PHONES)

    def one(_: int) -> bool:
        found = ShopperOfferCount.objects.get(pk=count.pk)
        if found.issued >= offer.per_shopper_limit:
            return False
        meeting.wait()
        found.issued += 1
        found.save()
        return True

    assert sum(crowd(PHONES, one)) == PHONES
    assert ShopperOfferCount.objects.get().issued == 1


def test_twin_a_first_row_without_its_condition_refuses_what_is_allowed(aino: Store) -> None:
    """Written only when there is none, the row of whoever was faster stands in the way of the others' second and
    third."""
    offer, shopper = make_offer(aino), make_shopper()
    meeting = Meeting(PHONES)

    def one(_: int) -> None:
        assert not ShopperOfferCount.objects.filter(shopper=shopper, offer=offer).exists()
        meeting.wait()
        ShopperOfferCount.objects.create(shopper=shopper, offer=offer, issued=1)

    answers = crowd(PHONES, one)
    assert sum(isinstance(answer, IntegrityError) for answer in answers) == PHONES - 1


def test_twin_of_people_who_look_for_a_free_seat_all_want_the_same(aino: Store) -> None:
    """Who looks first and then sits down on what was free is refused, though four more seats are."""
    offer, device_id = make_offer(aino), uuid4()
    people = [make_shopper().pk for _ in range(device_limits.SEATS)]
    meeting = Meeting(device_limits.SEATS)

    def one(number: int) -> None:
        marks = device_limits.marks_of(device_id=device_id, shopper_id=people[number], now=NOON)
        free = 1 + DeviceShare.objects.filter(device_mark=marks.device, offer=offer).count()
        meeting.wait()
        DeviceShare.objects.create(
            device_mark=marks.device, shopper_mark=marks.shopper, offer=offer, seat=free, ends_at=marks.ends_at
        )

    answers = crowd(device_limits.SEATS, one)
    assert sum(isinstance(answer, IntegrityError) for answer in answers) == device_limits.SEATS - 1
    assert DeviceShare.objects.count() == 1


def test_twin_two_budgets_locked_as_the_visits_come_wait_for_each_other(aino: Store, requires_postgresql) -> None:
    """One report reserves A then B, the other B then A: PostgreSQL has to end one of them."""
    first, second = make_offer(aino), make_offer(aino)
    meeting = Meeting(2)

    def one(number: int) -> None:
        mine, others = (first, second) if number else (second, first)
        with transaction.atomic():
            assert budgets.reserve(offer_id=mine.pk)
            meeting.wait()
            assert budgets.reserve(offer_id=others.pk)

    assert sorted(type(answer).__name__ for answer in crowd(2, one)) == ["NoneType", "OperationalError"]
