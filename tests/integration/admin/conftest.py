"""A store, and those who work at its admin, signed in."""

import pytest
from django.test import Client

from merchants.models import Role, Store, User
from tests import cast
from tests.integration.admin.forms import signed_in


@pytest.fixture
def store() -> Store:
    return cast.make_store()


@pytest.fixture
def owner(store: Store) -> Client:
    return signed_in(cast.make_staff(store, role=Role.OWNER).user)


@pytest.fixture
def manager(store: Store) -> Client:
    return signed_in(cast.make_staff(store, role=Role.MANAGER).user)


@pytest.fixture
def operator() -> Client:
    return signed_in(User.objects.create_superuser("operator"))
