"""A phone renews its token: what is under way goes on, a lost answer locks nobody out, and the old one ends."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from geooffers.api.edge import clock
from geooffers.shoppers.identity.tokens import GRACE
from tests.acceptance.identity.accounts import TokenChange, device_of
from tests.phone import Phone, make_token, registered_phone

pytestmark = pytest.mark.django_db


class Renewal(TokenChange):
    def __init__(self, phone: Phone) -> None:
        super().__init__(phone, "/devices/me/token")

    def send(self) -> HttpResponse:
        """The phone stays with its old token: a test says when it begins to use the new one."""
        self.phone.token = self.old_token
        return self.phone.call("POST", self.path, self.body)


def code(answer: HttpResponse) -> Any:
    return answer.status_code if answer.status_code < 400 else (answer.status_code, answer.json()["code"])


def called(phone: Phone, token: str) -> Any:
    phone.token = token
    return code(phone.call("GET", "/consents"))


def test_the_new_token_is_good_at_once_and_its_first_use_ends_the_one_before() -> None:
    phone = registered_phone()
    renewal = Renewal(phone)
    assert code(renewal.send()) == 204
    assert called(phone, renewal.old_token) == 200, "a report that is under way"
    assert called(phone, renewal.new_token) == 200
    assert called(phone, renewal.old_token) == (401, "token_unknown")
    assert called(phone, renewal.new_token) == 200


def test_unused_the_new_token_leaves_the_one_before_ten_minutes() -> None:
    phone = registered_phone()
    renewal = Renewal(phone)
    renewed_at = timezone.now()
    with clock.set_to(renewed_at):
        assert code(renewal.send()) == 204
    with clock.set_to(renewed_at + GRACE - timedelta(seconds=1)):
        assert called(phone, renewal.old_token) == 200
    with clock.set_to(renewed_at + GRACE):
        assert called(phone, renewal.old_token) == (401, "token_unknown")
        assert called(phone, renewal.new_token) == 200


def test_a_renewal_whose_answer_was_lost_is_repeated_days_later() -> None:
    phone = registered_phone()
    renewal = Renewal(phone)
    renewed_at = timezone.now()
    for after in (timedelta(0), timedelta(minutes=1), timedelta(days=9)):
        with clock.set_to(renewed_at + after):
            assert code(renewal.send()) == 204
    with clock.set_to(renewed_at + timedelta(days=9)):
        assert called(phone, renewal.old_token) == (401, "token_unknown"), "a repeat gives no new grace"
    assert called(phone, renewal.new_token) == 200


def test_the_token_before_renews_nothing_else() -> None:
    phone = registered_phone()
    renewal = Renewal(phone)
    assert code(renewal.send()) == 204
    renewal.body["new_token"] = make_token()
    assert code(renewal.send()) == (401, "token_replaced")
    assert called(phone, renewal.new_token) == 200


@pytest.mark.parametrize("whose", ["another phone's", "its own before"])
def test_a_token_that_was_used_before_is_refused(whose: str) -> None:
    phone, other = registered_phone(), registered_phone()
    first = Renewal(phone)
    assert code(first.send()) == 204
    phone.token = first.new_token
    second = Renewal(phone)
    second.body["new_token"] = other.token if whose == "another phone's" else first.old_token
    assert code(second.send()) == (409, "token_taken")
    assert called(phone, first.new_token) == 200


def test_the_reporting_key_ends_with_the_token() -> None:
    phone = registered_phone("location_background")
    key = phone.call("GET", "/ingest/key").json()["reporting_key"]
    device = device_of(phone)
    renewal = Renewal(phone)
    assert code(renewal.send()) == 204
    phone.token = key
    assert code(phone.call("POST", "/ingest/overland", {"locations": []})) == (401, "token_unknown")
    phone.token = renewal.new_token
    renewed = phone.call("GET", "/ingest/key").json()["reporting_key"]
    assert renewed != key
    phone.token = renewed
    assert code(phone.call("POST", "/ingest/overland", {"locations": []})) == 200
    assert device_of(phone) == device
