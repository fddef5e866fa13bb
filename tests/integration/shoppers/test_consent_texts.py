"""The words of consents: drafted, published, never changed, and what a new meaning does to consents given before."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from geooffers.shoppers.consents import consents, texts
from geooffers.shoppers.models import ConsentState, ConsentText, Purpose
from merchants.models import Role, User
from tests.cast import NOON, make_device, make_staff, make_store
from tests.integration.notifications.test_deliveries import claim, owe, the_push
from tests.phone import Phone, registered_phone
from tests.walker import Walker, fix

pytestmark = [pytest.mark.django_db, pytest.mark.both]
PUSHES = Purpose.MARKETING_PUSH


def draft(*, purpose: Purpose = PUSHES, language: str = "en", renews: bool = False) -> ConsentText:
    return ConsentText.objects.create(
        purpose=purpose, language=language, body=f"New words about {purpose}.", renews=renews
    )


def published(now: datetime = NOON, **of_draft: object) -> ConsentText:
    return texts.publish(drafts=[draft(**of_draft)], now=now)[0]


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator", password="a-long-password-1"))
    return client


# -- published, never changed


@pytest.mark.parametrize(
    "change",
    [
        {"body": "Something else."},
        {"version": 7},
        {"purpose": "analytics"},
        {"language": "sv"},
        {"renews": True},
        {"published_at": NOON + timedelta(days=1)},
    ],
)
def test_the_database_refuses_to_change_a_published_text(change: dict[str, object]) -> None:
    text = published()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        ConsentText.objects.filter(pk=text.pk).update(**change)
    text.refresh_from_db()
    assert text.body == "New words about marketing_push."


def test_that_a_text_is_outdated_is_written_once() -> None:
    text = published()
    ConsentText.objects.filter(pk=text.pk).update(outdated_at=NOON)
    for other in (None, NOON + timedelta(days=1)):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            ConsentText.objects.filter(pk=text.pk).update(outdated_at=other)


def test_a_draft_is_changed_at_will_and_nobody_is_shown_it() -> None:
    text = draft()
    ConsentText.objects.filter(pk=text.pk).update(body="Better words.", renews=True)
    assert text not in texts.current_texts()
    with pytest.raises(texts.UnknownText):
        texts.find_text(purpose=PUSHES, language="en", version=2)


def test_versions_follow_each_other_within_a_language() -> None:
    assert [published().version, published().version, published(language="sv").version] == [2, 3, 1]
    with pytest.raises(texts.NotADraft):
        texts.publish(drafts=[ConsentText.objects.get(purpose=PUSHES, language="sv")], now=NOON)


# -- a rewording and a new meaning


def test_a_consent_holds_through_a_rewording() -> None:
    device = make_device()
    published()
    owe(device.shopper)
    assert len(claim()) == 1


def test_a_new_meaning_makes_consents_to_all_older_texts_of_its_purpose_count_no_more() -> None:
    device = make_device()
    published(renews=True, language="de")
    states = ConsentState.objects.filter(shopper=device.shopper)
    assert not states.filter(consents.counts(now=NOON), purpose=PUSHES).exists()
    assert states.filter(consents.counts(now=NOON)).count() == 3
    assert states.get(purpose=PUSHES).given
    owe(device.shopper)
    assert claim() == []
    assert the_push().reason == "no_consent"
    assert texts.languages_left_behind(purpose=PUSHES) == ["en", "fi"]


def test_the_same_new_meaning_is_published_in_several_languages_together() -> None:
    english, german = draft(renews=True), draft(language="de")
    texts.publish(drafts=[english, german], now=NOON)
    assert {text.language for text in texts.current_texts() if text.purpose == PUSHES} == {"en", "de"}
    assert ConsentText.objects.get(pk=german.pk).renews
    assert texts.languages_left_behind(purpose=PUSHES) == ["fi"]
    # A translation that comes later says the same: what was agreed to in English holds.
    published(language="fi")
    assert {text.language for text in texts.current_texts() if text.purpose == PUSHES} == {"en", "de", "fi"}


def test_a_report_is_refused_by_its_one_query_once_location_means_something_new() -> None:
    walker = Walker()
    walker.be_at((60.3, 25.0), NOON)
    for purpose in (Purpose.LOCATION_FOREGROUND, Purpose.LOCATION_BACKGROUND):
        published(purpose=purpose, renews=True)
    with CaptureQueriesContext(connection) as asked:
        refused = walker.send(fix(NOON, (60.3, 25.0)), now=NOON)
    assert (refused.status_code, refused.json()["code"], len(asked)) == (403, "consent_missing", 1)


# -- over HTTP


def of(phone: Phone, purpose: str = "marketing_push", **headers: str) -> dict[str, object]:
    items = phone.call("GET", "/consents", headers=headers).json()["items"]
    return next(item for item in items if item["purpose"] == purpose)


def test_the_settings_page_says_that_a_consent_is_outdated_and_shows_the_new_words() -> None:
    phone = registered_phone("marketing_push")
    before = of(phone)
    assert (before["given"], before["outdated"], before["in_force"]) == (True, False, True)
    assert before["text"]["version"] == 1
    published(renews=True, now=timezone.now())
    after = of(phone)
    assert (after["given"], after["version"], after["outdated"], after["in_force"]) == (True, 1, True, False)
    assert (after["text"]["version"], after["text"]["body"]) == (2, "New words about marketing_push.")
    old = phone.give("marketing_push")
    assert (old.status_code, old.json()["code"]) == (409, "consent_text_outdated")
    body = {"purpose": "marketing_push", "language": "en", "version": 2}
    given = phone.call("POST", "/consents", body, headers={"Idempotency-Key": "new"})
    assert (given.status_code, given.json()["in_force"]) == (200, True)
    assert of(phone)["outdated"] is False


def test_a_text_that_was_only_reworded_may_still_be_agreed_to() -> None:
    published()
    phone = registered_phone("marketing_push")
    assert (of(phone)["version"], of(phone)["text"]["version"], of(phone)["in_force"]) == (1, 2, True)


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("", "sv, fi;q=0.4, de;q=0.2", "fi"),
        ("?locale=fi", "de", "fi"),
        ("?locale=pt-PT", "pt-BR", "pt-BR"),
        ("?locale=ja", "x" * 900, "en"),
        ("", "de;q=0, fi;q=0.1", "fi"),
    ],
)
def test_the_words_are_in_the_best_language_there_is(query: str, header: str, language: str) -> None:
    published(language="pt-BR")
    phone = registered_phone()
    headers = {"Accept-Language": header} if header else {}
    answer = phone.call("GET", f"/consents{query}", headers=headers)
    assert answer.status_code == 200, answer.content
    shown = {item["purpose"]: item["text"]["language"] for item in answer.json()["items"]}
    assert shown["marketing_push"] == language
    assert len(shown) == 4


def test_where_no_language_has_the_new_meaning_but_one_that_one_is_shown() -> None:
    published(renews=True, language="fi")
    phone = registered_phone()
    assert of(phone, **{"Accept-Language": "de"})["text"]["language"] == "fi"
    assert of(phone, "analytics", **{"Accept-Language": "de"})["text"]["language"] == "de"


def test_a_locale_that_is_none_is_refused() -> None:
    answer = registered_phone().call("GET", "/consents?locale=en_GB.utf8")
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "format", "locale")


# -- in the operators' admin


def page(name: str, *args: object) -> str:
    return reverse(f"admin:shoppers_consenttext_{name}", args=args)


def form(**changes: str) -> dict[str, str]:
    return {"purpose": "marketing_push", "language": "en", "body": "New words.", **changes}


def test_an_operator_drafts_edits_and_publishes(operator: Client) -> None:
    assert operator.post(page("add"), form()).status_code == 302
    text = ConsentText.objects.get(published_at=None)
    assert operator.post(page("change", text.pk), form(body="Better words.")).status_code == 302
    shown = operator.get(page("change", text.pk)).content.decode()
    assert "Version 1: Send me a notification" in shown
    button = {"shoppers_consenttext_save_and_publish": "1"}
    answer = operator.post(page("change", text.pk), form(body="Best words.", renews="on") | button, follow=True)
    assert "Older consents to marketing_push do not count any more." in answer.content.decode()
    text.refresh_from_db()
    assert (text.version, text.body, text.renews, text.outdated_at) == (2, "Best words.", True, None)
    assert text.published_at is not None


def test_a_published_text_is_only_read(operator: Client) -> None:
    text = ConsentText.objects.get(purpose=PUSHES, language="en")
    assert "Send me a notification" in operator.get(page("change", text.pk)).content.decode()
    assert operator.post(page("change", text.pk), form()).status_code == 403
    assert operator.post(page("delete", text.pk), {"post": "yes"}).status_code == 403


def test_drafts_of_several_languages_are_published_together(operator: Client) -> None:
    chosen = [draft(renews=True), draft(language="de"), draft(language="fi")]
    data = {"action": "publish_together", "_selected_action": [text.pk for text in chosen]}
    assert operator.post(page("changelist"), data).status_code == 302
    assert ConsentText.objects.filter(published_at__isnull=False, outdated_at=None, purpose=PUSHES).count() == 3
    again = operator.post(page("changelist"), data, follow=True)
    assert "There was no draft among them." in again.content.decode()


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"language": "english please"}, "language", "Write a language as"),
        ({"body": ""}, "body", "required"),
        ({"body": "I agree\u202e to nothing"}, "body", "cannot be seen"),
        ({"body": "x" * 4001}, "body", "at most 4000"),
        ({"purpose": "everything"}, "purpose", "not one of the available choices"),
    ],
)
def test_a_draft_is_refused_at_the_field_that_is_wrong(
    operator: Client, changes: dict[str, str], field: str, says: str
) -> None:
    answer = operator.post(page("add"), form(**changes))
    assert says in " ".join(answer.context["adminform"].form.errors[field])
    assert not ConsentText.objects.filter(published_at=None).exists()


def test_a_second_draft_of_a_purpose_and_language_is_refused(operator: Client) -> None:
    draft()
    answer = operator.post(page("add"), form())
    assert "There is a draft of this purpose and language already" in answer.content.decode()


def test_nobody_but_operators_opens_the_texts() -> None:
    client = Client()
    store = make_store()
    client.force_login(make_staff(store, role=Role.OWNER).user)
    assert client.get(page("changelist")).status_code == 403
