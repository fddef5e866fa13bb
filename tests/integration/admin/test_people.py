"""Users and staff members: who may let whom in."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from merchants.models import Role, StaffMember, Store, User
from tests import cast
from tests.integration.admin.forms import errors, page, signed_in

pytestmark = pytest.mark.django_db


def test_an_operator_brings_people_in_and_the_door_follows_the_role(operator: Client, store: Store) -> None:
    answer = operator.post(
        page("user", "add"),
        {
            "username": "eeva",
            "email": "eeva@example.org",
            "password1": "kahvila-42-pulla",
            "password2": "kahvila-42-pulla",
        },
    )
    assert answer.status_code == 302
    user = User.objects.get(username="eeva")
    typed = {"user": "eeva", "merchant": str(store.merchant.pk), "role": "manager", "stores": [str(store.pk)]}
    assert operator.post(page("staffmember", "add"), typed).status_code == 302
    user.refresh_from_db()
    assert user.is_staff
    member = StaffMember.objects.get()
    operator.post(page("staffmember", "change", member.pk), {"role": "cashier", "stores": [str(store.pk)]})
    user.refresh_from_db()
    assert not user.is_staff


def test_a_manager_or_cashier_has_at_least_one_store_and_of_that_merchant(operator: Client, store: Store) -> None:
    user = User.objects.create_user("eeva")
    foreign = cast.make_store(merchant_name="Bistro Bertil")
    typed = {"user": user.username, "merchant": str(store.merchant.pk), "role": "manager"}
    assert "at least one store" in errors(operator.post(page("staffmember", "add"), typed))["stores"][0]
    typed["stores"] = [str(foreign.pk)]
    assert errors(operator.post(page("staffmember", "add"), typed))["stores"] == ["A store of another merchant."]


def test_the_last_owner_stays_one(owner: Client, store: Store) -> None:
    member = StaffMember.objects.get(role=Role.OWNER)
    typed = {"role": "cashier", "stores": [str(store.pk)]}
    assert "only owner" in errors(owner.post(page("staffmember", "change", member.pk), typed))["role"][0]
    owner.post(page("staffmember", "changelist"), {"action": "archive", "_selected_action": [str(member.pk)]})
    member.refresh_from_db()
    assert member.archived_at is None


@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER])
def test_a_page_asks_once_who_its_reader_is(store: Store, role: Role) -> None:
    client = signed_in(cast.make_staff(store, role=role).user)
    cast.make_offer(store)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(page("offer", "changelist")).status_code == 200
    of_the_reader = [one["sql"] for one in asked if '"merchants_staffmember"."user_id" =' in one["sql"]]
    assert len(of_the_reader) == 1, of_the_reader


def test_who_has_left_reaches_nothing_with_the_next_page(store: Store) -> None:
    member = cast.make_staff(store, role=Role.MANAGER)
    client = signed_in(member.user)
    assert client.get(page("offer", "changelist")).status_code == 200
    StaffMember.objects.filter(pk=member.pk).update(archived_at=cast.NOON)
    assert client.get(page("offer", "changelist"))["location"].startswith("/admin/login/")
