"""Operators read what was decided: one row a moment, its candidates with their titles and reasons in words."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from geooffers.decisions.choosing import Outcome
from geooffers.decisions.models import Decision
from geooffers.decisions.reason_words import WORDS
from merchants.models import Store
from tests import cast
from tests.integration.admin.test_break_glass import say_why

pytestmark = pytest.mark.django_db


@pytest.fixture
def decision(store: Store) -> Decision:
    now = timezone.now()
    bun, soup = cast.make_offer(store, title="Bun <b>& tea</b>"), cast.make_offer(store, title="Soup", cap=0)
    decision = cast.make_decision(bun, shopper=cast.make_shopper(), now=now)
    decision.candidates.append({"offer": str(soup.pk), "outcome": "refused", "reason": "cap_reached", "score": None})
    decision.candidates[0]["score"] = 0.7153
    decision.left_out = 3
    decision.save()
    return decision


def test_a_decision_shows_its_candidates_in_words(operator: Client, decision: Decision) -> None:
    say_why(operator)
    page = operator.get(reverse("admin:decisions_decision_change", args=[decision.pk])).content.decode()
    assert "Bun &lt;b&gt;&amp; tea&lt;/b&gt;: chosen, 0.72" in page
    assert "Bun <b>" not in page
    assert f"Soup: refused. {WORDS['cap_reached']} <code" in page
    assert "And 3 more" in page
    listed = operator.get(reverse("admin:decisions_decision_changelist")).content.decode()
    assert decision.store.name in listed
    assert Outcome.CHOSEN in listed


def test_the_merchant_sees_no_decision(owner: Client, decision: Decision) -> None:
    for view, args in (("changelist", []), ("change", [decision.pk])):
        answer = owner.get(reverse(f"admin:decisions_decision_{view}", args=args))
        assert answer.status_code in (302, 403, 404)
        assert b"Bun" not in answer.content
