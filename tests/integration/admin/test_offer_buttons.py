"""The buttons on the page of an offer."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from merchants.models import OfferState, Role, Store, User
from tests import cast
from tests.integration.admin.forms import page

pytestmark = pytest.mark.django_db


def test_buttons_move_an_offer_and_are_posts_with_a_token(owner: Client, store: Store) -> None:
    offer = cast.make_offer(store, state=OfferState.DRAFT, ends_at=cast.NOON.replace(year=2090))
    for button, state in (("publish", "live"), ("pause", "paused"), ("publish", "live"), ("end", "ended")):
        assert owner.get(page("offer", button, offer.pk)).status_code == 405
        assert f"/{button}/" in owner.get(page("offer", "change", offer.pk)).content.decode()
        owner.post(page("offer", button, offer.pk))
        offer.refresh_from_db()
        assert offer.state == state
    assert LogEntry.objects.filter(object_id=str(offer.pk)).count() == 4
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(staff_member__role=Role.OWNER))
    assert strict.post(page("offer", "publish", offer.pk)).status_code == 403
    # Ended is for good: nothing to press, nothing to edit.
    assert "/publish/" not in owner.get(page("offer", "change", offer.pk)).content.decode()
    answer = owner.post(page("offer", "publish", offer.pk), follow=True)
    assert "You may look at this, but not change it." in answer.content.decode()


def test_publishing_what_is_over_is_refused_in_words(owner: Client, store: Store) -> None:
    offer = cast.make_offer(store, state=OfferState.DRAFT, starts_at=cast.NOON.replace(year=2020), ends_at=cast.NOON)
    answer = owner.post(page("offer", "publish", offer.pk), follow=True)
    assert "It ended 2026-06-02 12:00 UTC." in answer.content.decode()
    offer.refresh_from_db()
    assert offer.state == OfferState.DRAFT
