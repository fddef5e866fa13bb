"""What the form of an offer refuses, at which field and why; and what it keeps as it was typed."""

import html
import re
from decimal import Decimal

import pytest
from django.test import Client

from merchants.models import Offer, OfferState, Store
from tests import cast
from tests.integration.admin.forms import errors, offer_data, page

pytestmark = pytest.mark.django_db


def test_an_owner_writes_an_offer_in_their_own_time(owner: Client, store: Store) -> None:
    answer = owner.post(page("offer", "add"), offer_data())
    assert answer.status_code == 302
    offer = Offer.objects.get()
    assert (offer.merchant, offer.state, offer.budget.cap) == (store.merchant, OfferState.DRAFT, 100)
    assert offer.starts_at.isoformat() == "2026-06-01T06:00:00+00:00", "nine in Helsinki"
    assert offer.schedule == [{"days": [1, 2, 3, 4, 5], "opens": "11:00", "closes": "14:00"}]


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"ends_at_0": "2026-05-01"}, "ends_at", "after it starts"),
        ({"ends_at_0": "2100-01-01"}, "ends_at", "three years"),
        ({"ends_at_0": "9999-12-31"}, "ends_at", "between 2000 and 2100"),
        ({"starts_at_0": "0001-01-01"}, "starts_at", "between 2000 and 2100"),
        ({"starts_at_0": "soon"}, "starts_at", "valid date"),
        ({"schedule": "Mon 25:00-26:00"}, "schedule", "Line 1: there is no time 25:00"),
        ({"schedule": "Mon 09:00-10:00\nNoday 9:00-10:00"}, "schedule", "Line 2: cannot read “noday”"),
        ({"schedule": "whenever"}, "schedule", "write days, then times"),
        ({"schedule": "Mon 9-10"}, "schedule", "write 11:00-14:00"),
        ({"discount_value": "-1"}, "discount_value", "More than nothing"),
        ({"discount_value": "101"}, "discount_value", "At most 100"),
        ({"discount_value": "0.1+0.2"}, "discount_value", "Enter a number"),
        ({"discount_value": "1e30"}, "discount_value", "no more than"),
        ({"discount_value": "NaN"}, "discount_value", "Enter a number"),
        ({"discount_value": "0.005"}, "discount_value", "decimal places"),
        ({"discount_kind": "amount"}, "currency", "Three letters"),
        ({"discount_kind": "amount", "currency": "E1R"}, "currency", "Three letters"),
        ({"cap": "0"}, "cap", "greater than or equal to 1"),
        ({"cap": "99999999999"}, "cap", "less than or equal to"),
        ({"title": "\u200d\u200d"}, "title", "Nothing of this text can be seen"),
        ({"title": "\u3164"}, "title", "Nothing of this text can be seen"),
        ({"title": "🎉" * 10_000}, "title", "at most 60 characters"),
        ({"title": ""}, "title", "required"),
        ({"coupon_lifetime_s": "1"}, "coupon_lifetime_s", "greater than or equal to 300"),
        ({"all_stores": None}, "stores", "at least one store"),
        ({"trigger": "teleported"}, "trigger", "valid choice"),
    ],
)
def test_an_offer_is_refused_at_the_field_that_is_wrong(
    owner: Client, changed: dict[str, object], field: str, says: str
) -> None:
    found = errors(owner.post(page("offer", "add"), offer_data(**changed)))
    assert list(found) == [field]
    assert says in " ".join(found[field])
    assert not Offer.objects.exists()
    assert owner.post(page("offer", "add"), offer_data()).status_code == 302, "refused for that reason alone"


def test_full_width_digits_are_kept_as_plain_ones(owner: Client) -> None:
    typed = offer_data(discount_value="１０", cap="５０", schedule="Ｍｏｎ １１：００－１４：００")
    assert owner.post(page("offer", "add"), typed).status_code == 302
    offer = Offer.objects.get()
    assert (offer.discount_value, offer.budget.cap) == (Decimal(10), 50)
    assert offer.schedule[0]["opens"] == "11:00"


@pytest.mark.parametrize(
    "typed", ["{user.__class__}", "{% debug %}", "{{7*7}}", "<img src=x onerror=alert(1)>", "${jndi:ldap://x}"]
)
def test_placeholders_and_tags_are_kept_as_typed_and_shown_escaped(owner: Client, typed: str) -> None:
    assert owner.post(page("offer", "add"), offer_data(title=typed, terms=typed)).status_code == 302
    offer = Offer.objects.get()
    assert (offer.title, offer.terms) == (typed, typed)
    for address in (page("offer", "changelist"), page("offer", "change", offer.pk), page("offer", "history", offer.pk)):
        shown = owner.get(address).content.decode()
        assert "<img src=x" not in shown
        assert html.escape(typed) in shown or "history" in address


def test_control_and_direction_characters_are_dropped_and_marks_are_three_at_most(owner: Client) -> None:
    title = "Bun\u202e\u2066 for\x07 e" + "\u0301\u0317" * 25 + "ach"
    assert owner.post(page("offer", "add"), offer_data(title=title)).status_code == 302
    kept = Offer.objects.get().title
    assert kept.startswith("Bun for ")
    assert not set(kept) & set("\u202e\u2066\x07")
    assert len(re.findall("[\u0300-\u036f]", kept)) <= 3


def test_a_free_item_has_no_value_and_no_currency(owner: Client) -> None:
    typed = offer_data(discount_kind="free_item", discount_value="5", currency="eur")
    assert owner.post(page("offer", "add"), typed).status_code == 302
    offer = Offer.objects.get()
    assert (offer.discount_value, offer.currency) == (0, "")


def test_a_manager_writes_offers_for_their_own_stores_only(manager: Client, store: Store) -> None:
    sister = cast.make_store()
    found = errors(manager.post(page("offer", "add"), offer_data(stores=[str(sister.pk)])))
    assert "not one of the available choices" in found["stores"][0]
    # "all stores" is not theirs to choose: it is no field of their form.
    found = errors(manager.post(page("offer", "add"), offer_data()))
    assert found == {"stores": ["Choose at least one store."]}
    assert manager.post(page("offer", "add"), offer_data(stores=[str(store.pk)])).status_code == 302
    offer = Offer.objects.get()
    assert (offer.all_stores, list(offer.stores.all())) == (False, [store])


def test_a_manager_reads_an_offer_of_the_whole_merchant_and_changes_nothing(manager: Client, store: Store) -> None:
    offer = cast.make_offer(store)
    assert manager.get(page("offer", "change", offer.pk)).status_code == 200
    assert manager.post(page("offer", "change", offer.pk), offer_data(title="mine now")).status_code == 403
    manager.post(page("offer", "end", offer.pk))
    manager.post(page("offer", "changelist"), {"action": "archive", "_selected_action": [str(offer.pk)]})
    offer.refresh_from_db()
    assert (offer.title, offer.state, offer.archived_at) == ("Free cardamom bun", OfferState.LIVE, None)


def test_who_may_only_read_sees_the_schedule_in_words(manager: Client, store: Store) -> None:
    offer = cast.make_offer(store)
    Offer.objects.filter(pk=offer.pk).update(schedule=[{"days": [1, 2], "opens": "22:00", "closes": "02:00"}])
    assert "Mon-Tue 22:00-02:00" in manager.get(page("offer", "change", offer.pk)).content.decode()


def test_what_was_typed_comes_back_escaped_in_the_refusal(owner: Client) -> None:
    answer = owner.post(page("offer", "add"), offer_data(schedule="<img src=x onerror=alert(1)> 9:00-10:00"))
    assert "cannot read" in errors(answer)["schedule"][0]
    assert "<img src=x" not in answer.content.decode()
