"""Who gets to the till's page, and how signing in there is refused."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from geooffers.api.edge import clock
from geooffers.pages import scan_sign_in
from merchants.models import Merchant, Role, StaffMember, User
from tests.cast import make_staff, make_store

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password-1"


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: str):
    return client.post("/scan/sign-in", {"username": username, "password": password, **more})


@pytest.fixture
def cashier() -> StaffMember:
    return make_staff(make_store(), username="cashier")


def test_without_a_session_the_page_leads_to_its_own_sign_in(client: Client) -> None:
    answer = client.get("/scan")
    assert answer.status_code == 302
    assert answer["Location"] == "/scan/sign-in?next=/scan"


@pytest.mark.parametrize("role", list(Role))
def test_all_kinds_of_staff_sign_in_and_see_their_store(client: Client, role: Role) -> None:
    store = make_store()
    member = make_staff(store, role=role)
    answer = sign_in(client, member.user.username, next="/scan")
    assert answer["Location"] == "/scan"
    page = client.get("/scan")
    assert store.name in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert "csrftoken" in client.cookies


def test_nobody_is_led_to_another_site(client: Client, cashier: StaffMember) -> None:
    for elsewhere in ("https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"):
        assert sign_in(client, "cashier", next=elsewhere)["Location"] == "/scan"


def test_the_page_names_open_stores_of_this_person_only(client: Client, cashier: StaffMember) -> None:
    not_theirs = make_store()
    closed = make_store()
    closed.archived_at = timezone.now()
    closed.save()
    cashier.stores.add(closed)
    client.force_login(cashier.user)
    page = client.get("/scan").content.decode()
    assert str(cashier.stores.first().pk) in page
    assert str(not_theirs.pk) not in page
    assert str(closed.pk) not in page


def refused_people() -> dict[str, User]:
    left = make_staff(make_store(merchant_name="Left"))
    left.archived_at = timezone.now()
    left.save()
    closed = make_staff(make_store(merchant_name="Closed"))
    Merchant.objects.filter(name="Closed").update(archived_at=timezone.now())
    asleep = make_staff(make_store(merchant_name="Asleep")).user
    asleep.is_active = False
    asleep.save()
    operator = User.objects.create_superuser("root", password=PASSWORD)
    return {"left": left.user, "closed": closed.user, "asleep": asleep, "operator": operator}


@pytest.mark.parametrize("who", ["left", "closed", "asleep", "operator"])
def test_who_is_not_of_a_shop_gets_the_words_of_a_wrong_password(
    client: Client, cashier: StaffMember, who: str
) -> None:
    refused = sign_in(client, refused_people()[who].username).content.decode()
    wrong = sign_in(Client(), "cashier", "not the password").content.decode()
    words = "Name and password do not fit, or the account belongs to no shop."
    assert words in refused
    assert words in wrong
    assert "_auth_user_id" not in client.session


def test_an_operator_who_is_signed_in_already_is_told_that_this_is_for_staff(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", password=PASSWORD))
    page = client.get("/scan").content.decode()
    assert "This account belongs to no shop" in page
    assert "scan.js" not in page


def test_staff_without_a_store_are_told_whom_to_ask(client: Client, cashier: StaffMember) -> None:
    cashier.stores.clear()
    client.force_login(cashier.user)
    assert "No store to scan at" in client.get("/scan").content.decode()


def test_guessing_passwords_is_stopped_before_the_right_one(client: Client, cashier: StaffMember) -> None:
    with clock.set_to(datetime(2026, 6, 2, 12, 0, 1, tzinfo=UTC)):
        for _ in range(scan_sign_in.TILL_SIGN_INS.amount):
            assert sign_in(client, "nobody", "wrong").status_code == 200
        refused = sign_in(client, "cashier")
        assert refused.status_code == 429
        assert refused["Retry-After"] == "599"
        assert "Wait 10 minutes" in refused.content.decode()
        assert "_auth_user_id" not in client.session
    with clock.set_to(datetime(2026, 6, 2, 12, 10, 0, tzinfo=UTC)):
        assert sign_in(client, "cashier").status_code == 302


def test_a_forged_sign_in_is_refused(cashier: StaffMember) -> None:
    assert sign_in(Client(enforce_csrf_checks=True), "cashier").status_code == 403


def test_what_was_typed_as_a_name_is_shown_as_text(client: Client) -> None:
    page = sign_in(client, '"><img src=x onerror=alert(1)>', "wrong").content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_page_is_served_under_the_strict_policy(client: Client, cashier: StaffMember) -> None:
    client.force_login(cashier.user)
    policy = client.get("/scan")["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy
