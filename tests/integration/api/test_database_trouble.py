"""A database that cannot answer just now is a 503 with Retry-After and changes nothing; it is no mistake of ours."""

import sqlite3

import psycopg
import pytest
from django.db import connection

from geooffers.shoppers.models import ConsentReceipt
from tests.integration.api.test_bad_input import assert_problem
from tests.phone import registered_phone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


class Holder:
    """Another program that holds the table of consents."""

    def __enter__(self) -> "Holder":
        settings = connection.settings_dict
        if connection.vendor == "sqlite":
            self.other: sqlite3.Connection | psycopg.Connection = sqlite3.connect(
                settings["NAME"], isolation_level=None
            )
            self.other.execute("BEGIN IMMEDIATE")
            self._patience("PRAGMA busy_timeout = 100")
        else:
            self.other = psycopg.connect(connection.connection.info.dsn)
            self.other.execute("LOCK TABLE shoppers_consentstate IN ACCESS EXCLUSIVE MODE")
            self._patience("SET lock_timeout = '100ms'")
        return self

    def __exit__(self, *error: object) -> None:
        self.other.rollback()
        self.other.close()
        self._patience("PRAGMA busy_timeout = 20000" if connection.vendor == "sqlite" else "SET lock_timeout = 0")

    @staticmethod
    def _patience(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_held_database_is_answered_with_when_to_try_again() -> None:
    phone = registered_phone()
    with Holder():
        answer = phone.call("POST", "/consents/withdraw", {"purpose": "analytics"})
    assert_problem(answer, 503, "unavailable")
    assert answer["Retry-After"] == "5"
    assert not ConsentReceipt.objects.filter(given=False).exists()
    assert phone.call("POST", "/consents/withdraw", {"purpose": "analytics"}).status_code == 200
