"""The page "Simulated visit": for one's own fences, at a moment of one's choice, every step in words."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from geooffers.api.edge import clock
from geooffers.coupons.models import Coupon
from geooffers.decisions.models import Decision
from geooffers.shoppers.models import Shopper
from geooffers.visits.models import Visit
from merchants.live_fences import live_fences
from merchants.models import FenceState, FenceTuning, Geofence, Merchant, OfferState, Role, Store, Trade, User
from notifications.models import Delivery
from tests.cast import make_fence, make_offer, make_staff, make_store

pytestmark = pytest.mark.django_db

PAGE = "/admin/simulated-visit/"


@pytest.fixture
def store() -> Store:
    return make_store()


@pytest.fixture
def fence(store: Store) -> Geofence:
    now = timezone.now()
    window = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=200)}
    make_offer(store, title="Free bun", **window)
    make_offer(store, title="Paused soup", state=OfferState.PAUSED, **window)
    fence = make_fence(store, tuning=FenceTuning.WALK_IN)
    live_fences.matcher().refresh()
    return fence


@pytest.fixture
def owner(client: Client, store: Store) -> Client:
    client.force_login(make_staff(store, role=Role.OWNER).user)
    return client


def text_of(client: Client, data: dict[str, object] | None = None) -> str:
    answer = client.get(PAGE) if data is None else client.post(PAGE, data)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_it_stands_in_the_menu(owner: Client) -> None:
    assert f'href="{PAGE}"' in owner.get("/admin/").content.decode()


def test_every_step_is_told(owner: Client, fence: Geofence) -> None:
    page = text_of(owner, {"fence": fence.pk, "manner": "on_foot"})
    assert "A visit, and “Free bun”: pushed to the phone." in page
    assert "<p>Far outside</p>" in page
    assert "Surely inside" in page
    assert "A walk leads to one fix inside with a certainty of 80% or more" in page
    assert "It became the coupon." in page
    assert "The merchant paused it." in page
    assert "With any coffee, today." in page
    assert "2 fixes are clearly outside" in page
    assert "<svg viewBox=" in page
    for model in (Shopper, Visit, Decision, Coupon, Delivery):
        assert model.objects.count() == 0


def test_why_there_is_no_push_is_told(owner: Client, fence: Geofence, store: Store) -> None:
    Merchant.objects.filter(pk=store.merchant_id).update(trade=Trade.HEALTH)
    page = text_of(owner, {"fence": fence.pk, "manner": "on_foot"})
    assert "A visit, and “Free bun”: shown in the app, not pushed." in page
    assert "No push: a shop of this trade may not push to who is there." in page


def test_no_visit_is_explained_as_well(owner: Client, fence: Geofence) -> None:
    page = text_of(owner, {"fence": fence.pk, "manner": "drives_by"})
    assert "No visit: whoever passes like this is not there." in page
    assert "who drives by has not walked in" in page


def test_the_moment_is_one_on_the_stores_own_clock(owner: Client, fence: Geofence, store: Store) -> None:
    Store.objects.filter(pk=store.pk).update(time_zone="Asia/Tokyo")
    noon = (timezone.now() + timedelta(days=3)).strftime("%Y-%m-%dT12:00")
    page = text_of(owner, {"fence": fence.pk, "manner": "on_foot", "at": noon})
    assert "<time>12:00:00</time>" in page
    assert "Asia/Tokyo" in page


@pytest.mark.parametrize("at", ["1999-01-01T12:00", "2999-01-01T12:00", "noon"])
def test_a_moment_that_is_none_or_far_away_is_refused(owner: Client, fence: Geofence, at: str) -> None:
    page = text_of(owner, {"fence": fence.pk, "manner": "on_foot", "at": at})
    assert "Choose a moment" in page or "Enter a valid date" in page
    assert "<svg viewBox=" not in page


@pytest.mark.parametrize("wrong", [{}, {"fence": "x"}, {"fence": "-1", "manner": "fly"}, {"fence": "1e9"}])
def test_what_is_not_in_the_form_is_refused(owner: Client, fence: Geofence, wrong: dict[str, object]) -> None:
    assert "<svg viewBox=" not in text_of(owner, wrong)


def test_foreign_waiting_and_archived_fences_are_no_choice(owner: Client, fence: Geofence, store: Store) -> None:
    foreign = make_fence(make_store(merchant_name="Bistro Bertil"))
    other = make_fence(store, radius_m=70)
    for one, state in ((foreign, FenceState.LIVE), (other, FenceState.WAITING), (other, FenceState.ARCHIVED)):
        Geofence.objects.filter(pk=one.pk).update(state=state)
        page = text_of(owner, {"fence": one.pk, "manner": "on_foot"})
        assert "Select a valid choice" in page
        assert "Bertil" not in page


def test_a_manager_walks_into_their_own_stores_alone(client: Client, fence: Geofence, store: Store) -> None:
    elsewhere = make_fence(make_store(), radius_m=90)
    client.force_login(make_staff(store, role=Role.MANAGER).user)
    page = text_of(client, {"fence": fence.pk, "manner": "on_foot"})
    assert "A visit" in page
    assert elsewhere.name not in page
    assert "Select a valid choice" in text_of(client, {"fence": elsewhere.pk, "manner": "on_foot"})


def test_a_neighbour_at_the_same_place_does_not_show(owner: Client, fence: Geofence) -> None:
    now = timezone.now()
    theirs = make_store(merchant_name="Bistro Bertil")
    make_fence(theirs)
    make_offer(theirs, title="Soup of theirs", starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=9))
    live_fences.matcher().refresh()
    page = text_of(owner, {"fence": fence.pk, "manner": "on_foot"})
    assert "A visit" in page
    assert "Bertil" not in page
    assert "Soup of theirs" not in page


def test_an_operator_walks_into_anybodys(client: Client, fence: Geofence) -> None:
    client.force_login(User.objects.create_superuser("operator", password="a-long-password-1"))
    assert "A visit" in text_of(client, {"fence": fence.pk, "manner": "on_foot"})


@pytest.mark.parametrize("role", [Role.CASHIER, None])
def test_cashiers_and_strangers_are_sent_to_sign_in(client: Client, fence: Geofence, role: Role | None) -> None:
    if role is not None:
        client.force_login(make_staff(fence.store, role=role).user)
    for answer in (client.get(PAGE), client.post(PAGE, {"fence": fence.pk, "manner": "on_foot"})):
        assert answer.status_code == 302
        assert "/admin/login/" in answer["Location"]


def test_a_second_fence_of_ones_own_at_the_same_place_shows_too(owner: Client, fence: Geofence, store: Store) -> None:
    wide = make_fence(store, radius_m=400)
    Geofence.objects.filter(pk=wide.pk).update(name="the block")
    live_fences.matcher().refresh()
    page = text_of(owner, {"fence": fence.pk, "manner": "on_foot"})
    assert "the block: surely inside" in page
    assert f"{fence.name}: " in page
    assert "<title>the block</title>" in page


def test_without_a_live_fence_it_says_what_to_do(owner: Client) -> None:
    assert "You have no live fence yet." in text_of(owner)


def test_markup_in_a_text_is_shown_as_text(owner: Client, fence: Geofence) -> None:
    Geofence.objects.filter(pk=fence.pk).update(name="<script>alert(1)</script>")
    page = text_of(owner, {"fence": fence.pk, "manner": "on_foot"})
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_walks_are_limited(owner: Client, fence: Geofence) -> None:
    asked = {"fence": fence.pk, "manner": "drives_by"}
    # Within one window, however slow the machine is.
    with clock.set_to(timezone.now()):
        pages = [text_of(owner, asked) for _ in range(21)]
    assert "try again in" in pages[-1]
    assert "No visit" in pages[0]
