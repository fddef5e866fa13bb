"""Who may scan: an API key with the scope, or a signed-in member of staff whose browser shows the CSRF token."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from merchants.models import ApiKey, Merchant, Store
from merchants.people import keys
from tests.cast import make_staff, make_store
from tests.phone import JSON, registered_phone

pytestmark = [pytest.mark.django_db, pytest.mark.both]
SCAN = b'{"code": "0000-0000-00012"}'


@pytest.fixture
def store() -> Store:
    return make_store()


def scan(client: Client, **headers: str) -> HttpResponse:
    return client.generic("POST", "/api/v1/lookups", SCAN, content_type=JSON, headers=headers)


def refused(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# Whoever gets past the door hears what is wrong with the code.
INSIDE = {"bad_check_symbol", "malformed_code", "unknown_code"}


def a_key(store: Store, *scopes: str) -> tuple[ApiKey, dict[str, str]]:
    row, key = keys.make_key(store=store, name="till", scopes=scopes or [keys.COUPONS_LOOKUP])
    return row, {"Authorization": f"Bearer {key}"}


def test_a_key_with_the_scope_gets_in(store: Store) -> None:
    _, header = a_key(store)
    assert refused(scan(Client(), **header))[1] in INSIDE


def test_a_key_without_the_scope_does_not(store: Store) -> None:
    _, header = a_key(store, keys.COUPONS_REDEEM)
    assert refused(scan(Client(), **header)) == (403, "scope_missing")


def test_a_revoked_key_does_not(store: Store) -> None:
    row, header = a_key(store)
    keys.revoke(key=row, now=timezone.now())
    assert refused(scan(Client(), **header)) == (401, "key_revoked")


def test_the_key_of_an_archived_merchant_is_nobodys(store: Store) -> None:
    _, header = a_key(store)
    Merchant.objects.update(archived_at=timezone.now())
    assert refused(scan(Client(), **header)) == (401, "token_unknown")


def test_a_phone_is_no_till_and_a_till_no_phone(store: Store) -> None:
    phone = registered_phone()
    _, header = a_key(store)
    assert refused(scan(Client(), Authorization=f"Bearer {phone.token}")) == (401, "token_unknown")
    assert refused(phone.call("GET", "/consents", headers=header)) == (401, "token_unknown")


def test_nobody_does_not_get_in() -> None:
    assert refused(scan(Client())) == (401, "not_staff")


def browser(store: Store) -> tuple[Client, dict[str, str]]:
    """A cashier's, signed in; and the header with its CSRF token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff(store).user)
    client.get("/admin/login/")
    return client, {"X-CSRFToken": client.cookies["csrftoken"].value}


def test_a_signed_in_cashier_with_the_csrf_token_gets_in(store: Store) -> None:
    client, header = browser(store)
    assert refused(scan(client, **header))[1] in INSIDE


@pytest.mark.parametrize("header", [{}, {"X-CSRFToken": "x" * 64}, {"X-CSRFToken": ""}])
def test_without_the_csrf_token_another_page_may_have_sent_it(store: Store, header: dict[str, str]) -> None:
    client, _ = browser(store)
    assert refused(scan(client, **header)) == (403, "csrf_failed")


@pytest.mark.parametrize("gone", ["member", "merchant", "user"])
def test_who_has_left_does_not_get_in(store: Store, gone: str) -> None:
    client, header = browser(store)
    member = store.merchant.staff.get()
    if gone == "user":
        member.user.is_active = False
        member.user.save()
    else:
        row = member if gone == "member" else member.merchant
        row.archived_at = timezone.now()
        row.save()
    assert refused(scan(client, **header)) == (401, "not_staff")


def test_a_session_opens_no_door_of_phones(store: Store) -> None:
    client, _ = browser(store)
    assert refused(client.get("/api/v1/consents")) == (401, "token_missing")
