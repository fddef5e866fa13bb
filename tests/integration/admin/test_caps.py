"""The cap in the form of an offer: what it refuses, and that a save writes nothing else."""

import re

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from merchants.models import Offer, OfferBudget, OfferState, Role, Store, User
from merchants.offers import budgets
from tests import cast
from tests.acceptance.tenants.admin_walk import form_data
from tests.integration.admin.forms import errors, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def live_offer(store: Store) -> Offer:
    offer = cast.make_offer(store, cap=100)
    Offer.objects.filter(pk=offer.pk).update(schedule=[], discount_kind="percent")
    return offer


def save_offer(client: Client, offer: Offer, **changed: object):
    """The form as the browser shows it, with some fields changed."""
    address = page("offer", "change", offer.pk)
    return client.post(address, {**form_data(client.get(address).content.decode()), **changed})


def test_the_form_of_an_offer_saves_as_it_was_shown(owner: Client, live_offer: Offer) -> None:
    before = Offer.objects.values().get(pk=live_offer.pk)
    assert save_offer(owner, live_offer).status_code == 302
    assert Offer.objects.values().get(pk=live_offer.pk) == before


@pytest.mark.parametrize("reserved", [0, 1, 19])
def test_trying_caps_tells_nothing_about_fewer_than_twenty(owner: Client, live_offer: Offer, reserved: int) -> None:
    OfferBudget.objects.filter(offer=live_offer).update(reserved=reserved, redeemed=5)
    found = errors(save_offer(owner, live_offer, cap="24"))["cap"]
    assert found == [
        "Not below 25: 5 are redeemed, and fewer than 20 coupons are open. To stop issuing now, pause or end the offer."
    ]
    assert save_offer(owner, live_offer, cap="25").status_code == 302
    assert OfferBudget.objects.get(offer=live_offer).cap == 25


def test_a_cap_below_what_is_used_is_refused_with_the_figures(owner: Client, live_offer: Offer) -> None:
    OfferBudget.objects.filter(offer=live_offer).update(reserved=31, redeemed=5)
    found = errors(save_offer(owner, live_offer, cap="35"))["cap"]
    assert "Not below 36: 5 are redeemed, and 31 coupons are open." in found[0]


@pytest.mark.parametrize(("reserved", "shown"), [(0, "fewer than 20"), (19, "fewer than 20"), (20, "20")])
def test_what_is_reserved_is_shown_from_twenty_up(owner: Client, live_offer: Offer, reserved: int, shown: str) -> None:
    OfferBudget.objects.filter(offer=live_offer).update(reserved=reserved)
    answer = owner.get(page("offer", "change", live_offer.pk))
    form = answer.context["adminform"]
    texts = re.sub("<[^>]*>", " ", answer.content.decode())
    assert re.search(rf"Coupons open\s+{shown}\s", texts), form


def test_a_form_never_writes_the_counters(owner: Client, live_offer: Offer) -> None:
    typed = {"reserved": "0", "redeemed": "0", "budget-0-reserved": "0", "title": "New title"}
    budgets.reserve(offer_id=live_offer.pk)
    assert save_offer(owner, live_offer, **typed).status_code == 302
    assert OfferBudget.objects.get(offer=live_offer).reserved == 1


def test_a_save_does_not_bring_back_a_state_that_changed_meanwhile(owner: Client, live_offer: Offer) -> None:
    request = RequestFactory().post("/")
    request.user = User.objects.get(staff_member__role=Role.OWNER)
    as_loaded = Offer.objects.get(pk=live_offer.pk)
    Offer.objects.filter(pk=live_offer.pk).update(state=OfferState.ENDED)
    offer_page = admin.site.get_model_admin(Offer)
    form = type("Form", (), {"changed_data": ["title"], "cleaned_data": {}})()
    as_loaded.title = "Renamed"
    offer_page.save_model(request, as_loaded, form, change=True)
    kept = Offer.objects.get(pk=live_offer.pk)
    assert (kept.title, kept.state) == ("Renamed", OfferState.ENDED)
    # The twin: a plain save of what was loaded makes the ended offer live again.
    as_loaded.save()
    assert Offer.objects.get(pk=live_offer.pk).state == OfferState.LIVE
