"""The door of the admin, and the way back in for who forgot the password."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from merchants.models import Role, Store, User
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", list(Role))
def test_owners_and_managers_sign_in_to_the_admin_and_cashiers_get_the_words_of_a_wrong_password(
    store: Store, role: Role
) -> None:
    user = cast.make_staff(store, role=role).user
    answer = Client().post("/admin/login/", {"username": user.username, "password": "a-long-password-1"})
    if role == Role.CASHIER:
        wrong = Client().post("/admin/login/", {"username": user.username, "password": "wrong"})
        assert errors_of_login(answer) == errors_of_login(wrong) != []
    else:
        assert answer.status_code == 302


def errors_of_login(answer) -> list[str]:
    return list(answer.context["form"].non_field_errors())


def test_a_forgotten_password_is_set_by_mail_and_a_stranger_learns_nothing(store: Store, mailoutbox) -> None:
    user = cast.make_staff(store, role=Role.OWNER).user
    User.objects.filter(pk=user.pk).update(email="aino@example.org")
    client = Client()
    assert reverse("admin_password_reset") in client.get("/admin/login/").content.decode()
    known = client.post(reverse("admin_password_reset"), {"email": "aino@example.org"}, follow=True)
    stranger = client.post(reverse("admin_password_reset"), {"email": "nobody@example.org"}, follow=True)
    assert re.sub("nonce.*?>", "", known.content.decode()) == re.sub("nonce.*?>", "", stranger.content.decode())
    assert len(mailoutbox) == 1
    link = re.search(r"http://testserver(/\S+)", mailoutbox[0].body)[1]
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    new = {"new_password1": "kahvila-42-pulla", "new_password2": "kahvila-42-pulla"}
    assert client.post(address, new, follow=True).status_code == 200
    user.refresh_from_db()
    assert user.check_password("kahvila-42-pulla")
    assert "has been used" in client.get(link, follow=True).content.decode()
