"""A phone signs in: what it brings, what ends, and what a lost answer does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.utils import timezone

from geooffers.coupons.models import Coupon, CouponState, ShopperOfferCount
from geooffers.shoppers.models import ConsentReceipt, ConsentState, Shopper
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit
from merchants.models import Geofence, Offer
from notifications.messages import owing
from notifications.models import Delivery, Kind
from notifications.sandbox.keys import load_keys, mint_id_token
from tests import cast
from tests.acceptance.identity.accounts import SignIn, device_of, signed_in
from tests.forging import Forger
from tests.phone import Phone, make_token, registered_phone
from tests.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(load_keys(folder=Path(tmp_path_factory.mktemp("keys"))))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _at_the_sandbox(settings: Any, sandbox: RunningSandbox) -> None:
    settings.SANDBOX_URL = sandbox.url


def issue(shopper: Shopper, offer: Offer, *, visit: Visit | None = None, **changes: Any) -> Coupon:
    now = timezone.now()
    return Coupon.objects.create(
        shopper=shopper,
        offer=offer,
        visit=visit,
        code_key_id="k",
        code_lookup=uuid4().bytes * 2,
        issued_at=now,
        expires_at=now + timedelta(hours=1),
        **changes,
    )


def visit_of(phone: Phone, fence: Geofence, *, minutes_ago: int, **changes: Any) -> Visit:
    began_at = timezone.now() - timedelta(minutes=minutes_ago)
    device = device_of(phone)
    visit = Visit.objects.create(shopper=device.shopper, fence=fence, began_at=began_at, **changes)
    Presence.objects.create(visit=visit, device=device, since=began_at)
    return visit


def owe(phone: Phone, kind: Kind = Kind.COUPON_ISSUED) -> Delivery:
    phone.call("PUT", "/devices/me/push", {"kind": "fid", "address": f"fid-{phone.install_id}"})
    now = timezone.now()
    subject = uuid4()
    owing.owe(
        kind=kind, shopper=device_of(phone).shopper, subject=subject, expires_at=now + timedelta(hours=1), now=now
    )
    return Delivery.objects.get(message__subject=subject)


def consent_of(shopper: Shopper, purpose: str) -> bool | None:
    state = ConsentState.objects.filter(shopper=shopper, purpose=purpose).first()
    return state and state.given


def test_signing_in_changes_the_token_and_the_shopper(sandbox: RunningSandbox) -> None:
    phone = registered_phone()
    anonymous, old_token = device_of(phone).shopper, phone.token
    account = signed_in(sandbox, phone)
    assert (account.firebase_uid, account.ended_at) == ("aino", None)
    assert device_of(phone).shopper == account
    anonymous.refresh_from_db()
    assert anonymous.ended_at is not None
    assert phone.call("GET", "/consents").status_code == 200
    phone.token = old_token
    refused = phone.call("GET", "/consents")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_unknown")


def test_repeating_a_sign_in_whose_answer_was_lost_answers_the_same(sandbox: RunningSandbox) -> None:
    phone = registered_phone("marketing_push")
    call = SignIn(sandbox, phone, "aino")
    first, receipts = call.send(), ConsentReceipt.objects.count()
    second = call.send()
    assert first.json() == second.json()
    assert (second.status_code, ConsentReceipt.objects.count()) == (200, receipts)
    assert phone.call("GET", "/consents").status_code == 200


def test_the_token_before_is_good_for_nothing_else_than_the_same_sign_in(sandbox: RunningSandbox) -> None:
    phone = registered_phone()
    call = SignIn(sandbox, phone, "aino")
    assert call.send().status_code == 200
    call.body["new_token"] = make_token()
    refused = call.send()
    assert (refused.status_code, refused.json()["code"]) == (401, "token_replaced")
    phone.token = call.old_token
    assert phone.call("PUT", "/devices/me/push", {"kind": "fid", "address": "x"}).status_code == 401


def test_the_same_new_token_for_another_account_is_refused(sandbox: RunningSandbox) -> None:
    phone = registered_phone()
    call = SignIn(sandbox, phone, "aino")
    assert call.send().status_code == 200
    call.body["id_token"] = mint_id_token("bruno", keys=sandbox.keys, now=datetime.now(UTC))
    assert call.send().json()["code"] == "token_taken"
    assert device_of(phone).shopper.firebase_uid == "aino"


def test_a_new_token_that_is_another_phones_is_refused(sandbox: RunningSandbox) -> None:
    phone, other = registered_phone(), registered_phone()
    call = SignIn(sandbox, phone, "aino")
    call.body["new_token"] = other.token
    assert (call.send().status_code, Shopper.objects.filter(firebase_uid="aino").count()) == (409, 0)


def test_a_forged_id_token_is_refused_and_changes_nothing(sandbox: RunningSandbox) -> None:
    """Real firebase-admin, real HTTP for the certificates; test_id_tokens.py has what each of them is."""
    good = jwt.decode(
        mint_id_token("aino", keys=sandbox.keys, now=datetime.now(UTC)), options={"verify_signature": False}
    )
    forger = Forger(key=sandbox.keys.id_token, key_id=sandbox.keys.key_id, good=good)
    answers = {}
    for wrong, id_token in forger.forgeries():
        phone = registered_phone()
        call = SignIn(sandbox, phone, "aino")
        call.body["id_token"] = id_token
        refused = call.send()
        answers[wrong] = (refused.status_code, refused.json()["code"], refused["WWW-Authenticate"])
        assert id_token not in refused.content.decode()
        assert device_of(phone).shopper.is_anonymous
    assert set(answers.values()) == {(401, "id_token_invalid", "Bearer")}, answers
    assert len(answers) > 20
    assert not Shopper.objects.filter(firebase_uid__isnull=False).exists()


def test_an_expired_id_token_is_refused_as_such(sandbox: RunningSandbox) -> None:
    phone = registered_phone()
    call = SignIn(sandbox, phone, "aino")
    call.body["id_token"] = mint_id_token("aino", keys=sandbox.keys, now=datetime.now(UTC) - timedelta(hours=2))
    refused = call.send()
    assert (refused.status_code, refused.json()["code"]) == (401, "id_token_expired")
    assert device_of(phone).shopper.is_anonymous


def test_without_firebase_sign_in_is_off_and_the_device_works(settings: Any, sandbox: RunningSandbox) -> None:
    settings.FIREBASE_PROJECT = ""
    phone = registered_phone("analytics")
    refused = SignIn(sandbox, phone, "aino").send()
    assert (refused.status_code, refused.json()["code"]) == (501, "sign_in_off")


def test_open_coupons_decisions_and_counts_come_along_and_used_ones_stay(sandbox: RunningSandbox) -> None:
    first, second = registered_phone(), registered_phone()
    account = signed_in(sandbox, first)
    anonymous = device_of(second).shopper
    offer = cast.make_offer(cast.make_store(), per_shopper_limit=1)
    open_coupon = issue(anonymous, offer)
    used = issue(anonymous, offer, state=CouponState.REDEEMED, redeemed_at=timezone.now())
    decision = cast.make_decision(offer, shopper=anonymous)
    ShopperOfferCount.objects.create(shopper=anonymous, offer=offer, issued=2)
    ShopperOfferCount.objects.create(shopper=account, offer=offer, issued=1)
    other = cast.make_offer(cast.make_store())
    ShopperOfferCount.objects.create(shopper=anonymous, offer=other, issued=1)
    signed_in(sandbox, second)
    for row, holder in ((open_coupon, account), (used, anonymous), (decision, account)):
        row.refresh_from_db()
        assert row.shopper == holder
    assert set(ShopperOfferCount.objects.values_list("shopper", "offer", "issued")) == {
        (account.pk, offer.pk, 3),
        (account.pk, other.pk, 1),
    }


def test_open_visits_at_the_same_fence_are_joined_into_the_older_one(sandbox: RunningSandbox) -> None:
    first, second = registered_phone(), registered_phone()
    account = signed_in(sandbox, first)
    store = cast.make_store()
    here, there = cast.make_fence(store), cast.make_fence(store)
    offer, other_offer = cast.make_offer(store), cast.make_offer(store, title="Tea")
    older_mine = visit_of(second, here, minutes_ago=30)
    younger = visit_of(first, here, minutes_ago=10, dwelled_at=timezone.now())
    alone = visit_of(second, there, minutes_ago=5)
    anonymous = device_of(second).shopper
    kept = issue(anonymous, offer, visit=older_mine)
    twice = issue(account, offer, visit=younger)
    single = issue(account, other_offer, visit=younger)
    signed_in(sandbox, second)
    assert set(Visit.objects.filter(shopper=account, ended_at=None)) == {older_mine, alone}
    assert not Visit.objects.filter(pk=younger.pk).exists()
    older_mine.refresh_from_db()
    assert older_mine.dwelled_at is not None
    assert set(Presence.objects.values_list("visit", "device")) == {
        (older_mine.pk, device_of(first).pk),
        (older_mine.pk, device_of(second).pk),
        (alone.pk, device_of(second).pk),
    }
    visits = {coupon.pk: coupon.visit_id for coupon in Coupon.objects.filter(shopper=account)}
    assert visits == {kept.pk: older_mine.pk, twice.pk: None, single.pk: older_mine.pk}


def test_a_younger_visit_of_the_anonymous_goes_into_the_accounts_older_one(sandbox: RunningSandbox) -> None:
    first, second = registered_phone(), registered_phone()
    account = signed_in(sandbox, first)
    fence = cast.make_fence(cast.make_store())
    older, younger = visit_of(first, fence, minutes_ago=30), visit_of(second, fence, minutes_ago=1)
    ended = visit_of(second, cast.make_fence(cast.make_store()), minutes_ago=90)
    Visit.objects.filter(pk=ended.pk).update(ended_at=timezone.now(), end_reason=EndReason.LEFT)
    signed_in(sandbox, second)
    assert set(Visit.objects.filter(shopper=account)) == {older, ended}
    assert older.presences.count() == 2
    assert not Visit.objects.filter(pk=younger.pk).exists()


def test_the_phones_whereabouts_stay_known_under_a_new_version(sandbox: RunningSandbox) -> None:
    phone = registered_phone("location_foreground")
    DeviceState.objects.update(packed=b"whereabouts", version=4)
    signed_in(sandbox, phone)
    state = DeviceState.objects.get()
    assert (bytes(state.packed), state.version) == (b"whereabouts", 5)


@pytest.mark.parametrize(
    ("account_says", "anonymous_says", "result", "moved"),
    [
        (None, None, None, False),
        (None, True, True, True),
        (None, False, False, True),
        (True, False, True, False),
        (False, True, False, False),
        (True, None, True, False),
        (False, None, False, False),
    ],
)
def test_the_accounts_own_word_wins_and_silence_takes_the_anonymous_one(
    sandbox: RunningSandbox, account_says: bool | None, anonymous_says: bool | None, result: bool | None, moved: bool
) -> None:
    first, second = registered_phone(), registered_phone()
    account = signed_in(sandbox, first)
    for phone, says in ((first, account_says), (second, anonymous_says)):
        if says is not None:
            phone.give("marketing_push")
        if says is False:
            phone.withdraw("marketing_push")
    anonymous = device_of(second).shopper
    push = owe(second)
    signed_in(sandbox, second)
    assert consent_of(account, "marketing_push") is result
    assert consent_of(anonymous, "marketing_push") is None
    receipts = ConsentReceipt.objects.filter(shopper=account, source="sign_in")
    assert list(receipts.values_list("purpose", "given")) == ([("marketing_push", result)] if moved else [])
    push.refresh_from_db()
    assert (push.shopper, push.state) == (account, "ready" if result else "cancelled")


def test_location_consent_of_an_anonymous_phone_continues_with_the_account(sandbox: RunningSandbox) -> None:
    phone = registered_phone("location_foreground")
    account = signed_in(sandbox, phone)
    state = ConsentState.objects.get()
    assert (state.shopper, state.device, state.given) == (account, device_of(phone), True)
    receipt = ConsentReceipt.objects.get(source="sign_in")
    assert (receipt.shopper, receipt.device, receipt.purpose) == (account, device_of(phone), "location_foreground")
    assert phone.call("GET", "/consents").json()["items"][0]["given"] is True


def test_a_phone_of_another_account_brings_nothing_and_forgets(sandbox: RunningSandbox) -> None:
    phone = registered_phone("location_foreground", "marketing_push", "analytics")
    aino = signed_in(sandbox, phone, "aino")
    fence = cast.make_fence(cast.make_store())
    visit = visit_of(phone, fence, minutes_ago=3)
    coupon = issue(aino, cast.make_offer(cast.make_store()), visit=visit)
    DeviceState.objects.update(packed=b"whereabouts", last_fix_at=timezone.now())
    marketing, service = owe(phone), owe(phone, Kind.COUPON_REDEEMED)
    bruno = signed_in(sandbox, phone, "bruno")
    assert bruno != aino
    coupon.refresh_from_db()
    visit.refresh_from_db()
    assert (coupon.shopper, visit.shopper, visit.end_reason) == (aino, aino, EndReason.SIGNED_IN)
    assert bytes(DeviceState.objects.get().packed) == b""
    assert not Presence.objects.exists()
    assert device_of(phone).push_address == ""
    for push in (marketing, service):
        push.refresh_from_db()
        assert (push.state, push.reason) == ("cancelled", "device_changed_hands")
    ended = ConsentReceipt.objects.get(source="sign_out")
    assert (ended.shopper, ended.purpose, ended.given) == (aino, "location_foreground", False)
    assert consent_of(aino, "marketing_push") is True
    assert {item["given"] for item in phone.call("GET", "/consents").json()["items"]} == {False}
    aino.refresh_from_db()
    assert aino.ended_at is None


def test_signing_in_to_the_same_account_again_only_changes_the_token(sandbox: RunningSandbox) -> None:
    phone = registered_phone("location_foreground", "analytics")
    account = signed_in(sandbox, phone)
    receipts = ConsentReceipt.objects.count()
    DeviceState.objects.update(packed=b"whereabouts")
    assert signed_in(sandbox, phone) == account
    assert ConsentReceipt.objects.count() == receipts
    assert bytes(DeviceState.objects.get().packed) == b"whereabouts"
    assert phone.call("GET", "/consents").status_code == 200


@pytest.mark.parametrize("who", ["anonymous", "account"])
def test_a_pause_of_either_goes_on_for_all_phones_of_the_account(sandbox: RunningSandbox, who: str) -> None:
    at_home, new = registered_phone("location_foreground"), registered_phone("location_foreground")
    fence = cast.make_fence(cast.make_store())
    account = signed_in(sandbox, at_home)
    pausing, other = (new, at_home) if who == "anonymous" else (at_home, new)
    visit = visit_of(other, fence, minutes_ago=5)
    assert pausing.call("POST", "/consents/pause", {"pause": "day"}).status_code == 200
    assert signed_in(sandbox, new) == account
    visit.refresh_from_db()
    assert visit.end_reason == EndReason.PAUSED
    for phone in (at_home, new):
        assert phone.call("GET", "/consents").json()["pause"]["paused"] is True
    ends = set(ConsentState.objects.values_list("paused_until", flat=True))
    assert len(ends) == 1
    assert None not in ends


def test_a_pause_stays_with_who_paused_when_another_account_takes_the_phone(sandbox: RunningSandbox) -> None:
    phone = registered_phone("location_foreground")
    signed_in(sandbox, phone, "aino")
    assert phone.call("POST", "/consents/pause", {"pause": "day"}).status_code == 200
    signed_in(sandbox, phone, "pekka")
    assert phone.call("GET", "/consents").json()["pause"]["paused"] is False
