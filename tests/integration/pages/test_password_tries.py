"""Guessing passwords at the admin's door ends in a wait, by address and by name; a person who knows theirs gets in."""

import pytest
from django.core import mail
from django.test import Client

from geooffers.pages import password_tries
from merchants.models import Role
from tests import cast

pytestmark = pytest.mark.django_db


def sign_in(client: Client, name: str, password: str, *, address: str = "198.51.100.7") -> int:
    typed = {"username": name, "password": password, "next": "/admin/"}
    return client.post("/admin/login/", typed, REMOTE_ADDR=address).status_code


def test_an_address_that_guesses_is_stopped_whatever_the_names() -> None:
    client = Client()
    amount = password_tries.BY_ADDRESS.amount
    tried = [sign_in(client, f"name-{number}", "wrong") for number in range(amount + 1)]
    assert tried == [200] * amount + [429]
    assert sign_in(client, "somebody", "wrong", address="198.51.100.8") == 200


def test_a_name_that_is_guessed_from_many_addresses_is_stopped() -> None:
    client = Client()
    amount = password_tries.BY_NAME.amount
    tried = [sign_in(client, "Owner", "wrong", address=f"198.51.100.{number}") for number in range(amount + 1)]
    assert tried == [200] * amount + [429]
    # Spelt otherwise it is the same name.
    assert sign_in(client, " owner", "wrong", address="203.0.113.5") == 429


def test_who_knows_the_password_gets_in_and_who_waits_is_told_how_long() -> None:
    owner = cast.make_staff(cast.make_store(), role=Role.OWNER, username="aino")
    client = Client()
    assert sign_in(client, owner.user.username, "a-long-password-1") == 302
    for _ in range(password_tries.BY_NAME.amount):
        sign_in(Client(), "mallory", "wrong")
    answer = Client().post("/admin/login/", {"username": "mallory", "password": "x"}, REMOTE_ADDR="198.51.100.7")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 600
    assert "then try again" in answer.content.decode()


def test_mails_about_a_forgotten_password_are_limited() -> None:
    owner = cast.make_staff(cast.make_store(), role=Role.OWNER)
    owner.user.email = "aino@example.com"
    owner.user.save()
    amount = password_tries.MAILS_BY_NAME.amount
    answers = [
        Client()
        .post("/admin/forgotten/", {"email": "aino@example.com"}, REMOTE_ADDR=f"198.51.100.{number}")
        .status_code
        for number in range(amount + 1)
    ]
    assert answers == [302] * amount + [429]
    assert len(mail.outbox) == amount
