"""Writes with an Idempotency-Key: once, replayed, refused again afresh, taken over."""

from datetime import timedelta

import pytest
from django.db import connection

from geooffers.callers import replies
from geooffers.callers.models import StoredReply
from geooffers.shoppers.models import Purpose
from tests.cast import NOON, consent_text, make_device
from tests.phone import registered_phone

pytestmark = [pytest.mark.django_db, pytest.mark.both]
CALL = {"caller": "device:1", "key": "one", "fingerprint": b"f" * 32}


def done(number: int = 1) -> replies.Reply:
    return replies.Reply(status=201, body={"number": number})


def test_the_second_call_gets_the_first_answer_and_does_nothing() -> None:
    first = replies.once(**CALL, now=NOON, work=done)
    second = replies.once(**CALL, now=NOON, work=lambda: pytest.fail("done twice"))
    assert (first.status, first.body, first.replayed) == (201, {"number": 1}, False)
    assert (second.status, second.body, second.replayed) == (201, {"number": 1}, True)


def test_another_request_under_the_key_is_refused() -> None:
    replies.once(**CALL, now=NOON, work=done)
    with pytest.raises(replies.KeyReused):
        replies.once(**CALL | {"fingerprint": b"g" * 32}, now=NOON, work=done)


class Refused(Exception):
    pass


def refuse() -> replies.Reply:
    consent_text(Purpose.ANALYTICS).delete()
    raise Refused


def test_a_refusal_or_failure_is_not_kept_and_undoes_what_it_did() -> None:
    consent_text(Purpose.ANALYTICS)
    with pytest.raises(Refused):
        replies.once(**CALL, now=NOON, work=refuse)
    assert not StoredReply.objects.exists()
    assert consent_text(Purpose.ANALYTICS).pk is not None
    assert replies.once(**CALL, now=NOON, work=done).replayed is False


def in_flight(*, seconds_ago: int) -> None:
    StoredReply.objects.create(**CALL, created_at=NOON - timedelta(seconds=seconds_ago))


def test_a_request_that_is_still_running_makes_the_retry_wait() -> None:
    in_flight(seconds_ago=5)
    with pytest.raises(replies.InFlight):
        replies.once(**CALL, now=NOON, work=done)


def test_over_http_a_running_request_is_a_409_with_retry_after() -> None:
    phone = registered_phone("analytics")
    phone.give("marketing_push", key="one")
    StoredReply.objects.filter(key="one").update(status=None)
    answer = phone.give("marketing_push", key="one")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (409, "in_flight", "1")


def test_a_request_that_died_is_taken_over_after_a_minute() -> None:
    in_flight(seconds_ago=61)
    assert replies.once(**CALL, now=NOON, work=done).body == {"number": 1}
    assert StoredReply.objects.get().status == 201


def test_who_was_taken_over_undoes_its_work() -> None:
    """The first request was stopped for an hour, not dead. Meanwhile the second did the work."""

    def slow() -> replies.Reply:
        make_device()
        later = NOON + timedelta(hours=1)
        with connection.cursor() as cursor:  # what the other process commits
            cursor.execute("UPDATE callers_storedreply SET created_at = %s, status = 201", [later])
        return done(2)

    with pytest.raises(replies.InFlight):
        replies.once(**CALL, now=NOON, work=slow)
    from geooffers.shoppers.models import Device

    assert not Device.objects.exists()


def test_replies_hold_neither_codes_nor_tokens() -> None:
    phone = registered_phone("analytics", "marketing_push")
    kept = " ".join(str(row.body) for row in StoredReply.objects.all())
    assert "marketing_push" in kept
    assert phone.token not in kept
