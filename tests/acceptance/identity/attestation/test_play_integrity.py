"""Phones show Google Play's verdict: decoded by a look-alike of Google's over real HTTP, with keys of our own."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.http import HttpResponse

from geooffers.api.identity import play_integrity
from geooffers.shoppers.models import Device, Integrity
from geooffers.usecases.identity.attest_device import BELIEVED_FOR
from notifications.sandbox.keys import load_keys, mint_integrity_token
from tests.acceptance.identity.accounts import device_of
from tests.acceptance.identity.attestation.walks import walk_in
from tests.cast import NOON
from tests.phone import Phone, registered_phone
from tests.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db

PACKAGE = "com.example.offers"
CHALLENGE, SHOW = "/devices/me/integrity-challenge", "/devices/me/integrity"


@pytest.fixture(autouse=True)
def _asked_for(settings: Any) -> None:
    settings.PLAY_INTEGRITY_PACKAGE = PACKAGE


def challenge(phone: Phone) -> str:
    answer = phone.call("POST", CHALLENGE)
    assert answer.status_code == 200, answer.content
    return answer.json()["challenge"]


def token(sandbox: RunningSandbox, request_hash: str, **changes: Any) -> str:
    given = {"keys": sandbox.keys, "now": datetime.now(UTC), "package": PACKAGE, "request_hash": request_hash}
    return mint_integrity_token(**given | changes)


def show(phone: Phone, shown: str) -> Any:
    return outcome(phone.call("PUT", SHOW, {"kind": "play_integrity", "token": shown}))


def outcome(answer: HttpResponse) -> Any:
    body = answer.json()
    return body["verdict"] if answer.status_code == 200 else (answer.status_code, body["code"])


def said(**changes: Any) -> dict[str, Any]:
    """Google's payload with other values in its parts."""
    parts = {"app": "appIntegrity", "phone": "deviceIntegrity", "request": "requestDetails"}
    return {parts[part]: change for part, change in changes.items()}


@pytest.mark.parametrize(
    ("google", "verdict"),
    [
        (said(), "passed"),
        (said(phone={"deviceRecognitionVerdict": ["MEETS_BASIC_INTEGRITY", "MEETS_STRONG_INTEGRITY"]}), "passed"),
        (said(phone={"deviceRecognitionVerdict": []}), "failed"),
        (said(phone={"deviceRecognitionVerdict": None}), "failed"),
        (said(phone={"deviceRecognitionVerdict": ["MEETS_VIRTUAL_INTEGRITY"]}), "failed"),
        (said(app={"appRecognitionVerdict": "UNRECOGNIZED_VERSION"}), "failed"),
        (said(phone={"deviceRecognitionVerdict": ["MEETS_BASIC_INTEGRITY"]}), "unknown"),
        (said(app={"appRecognitionVerdict": "UNEVALUATED"}), "unknown"),
    ],
)
def test_what_google_says_comes_to_one_of_three_words(
    sandbox: RunningSandbox, google: dict[str, Any], verdict: str
) -> None:
    phone = registered_phone()
    assert show(phone, token(sandbox, challenge(phone), changes=google)) == verdict
    device = device_of(phone)
    assert (device.integrity or "unknown") == verdict
    assert device.integrity_at is not None


def test_a_token_that_is_not_the_answer_to_this_phone_s_challenge_is_refused(sandbox: RunningSandbox) -> None:
    phone, another = registered_phone(), registered_phone()
    asked = challenge(phone)
    now = datetime.now(UTC)
    second, _, _ = asked.partition(".")
    of_today = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
    tokens = {
        "another phone's challenge": token(sandbox, challenge(another)),
        "a made-up challenge": token(sandbox, f"{second}.{of_today}"),
        "a moved challenge": token(sandbox, asked.replace(second, str(int(second) - 1))),
        "no challenge": token(sandbox, ""),
        "a challenge of no time": token(sandbox, f"x.{of_today}"),
        "a challenge of no possible time": token(sandbox, f"{10**30}.{of_today}"),
        "another app's": token(sandbox, asked, package="com.example.other"),
        "another app inside": token(sandbox, asked, changes=said(app={"packageName": "com.example.other"})),
        "another app asked": token(sandbox, asked, changes=said(request={"requestPackageName": "com.example.other"})),
        "long ago": token(sandbox, asked, now=now - timedelta(hours=1)),
        "in the future": token(sandbox, asked, now=now + timedelta(hours=1)),
        "levels that are none": token(sandbox, asked, changes=said(phone={"deviceRecognitionVerdict": 7})),
        "no time": token(sandbox, asked, changes=said(request={"timestampMillis": None})),
        "forged": token(sandbox, asked)[:-4] + "AAAA",
        "garbage": "a.b.c",
    }
    answers = {wrong: show(phone, shown) for wrong, shown in tokens.items()}
    assert {wrong: answer for wrong, answer in answers.items() if answer != (401, "integrity_invalid")} == {}
    assert device_of(phone).integrity_at is None
    assert show(phone, token(sandbox, asked)) == "passed", "it was not used up"


def test_a_challenge_is_good_for_ten_minutes() -> None:
    device, now = Device(), datetime(2026, 3, 1, 12, tzinfo=UTC)
    asked = play_integrity.challenge(device_id=device.pk, now=now)

    def judged(after: timedelta) -> Integrity | None:
        at = now + after
        payload = {
            "requestDetails": {
                "requestHash": asked, "requestPackageName": PACKAGE, "timestampMillis": at.timestamp() * 1000
            },
            "appIntegrity": {"appRecognitionVerdict": "PLAY_RECOGNIZED"},
            "deviceIntegrity": {"deviceRecognitionVerdict": ["MEETS_DEVICE_INTEGRITY"]},
        }  # fmt: skip
        return play_integrity.judged(payload, package=PACKAGE, device_id=device.pk, now=at).integrity

    assert judged(timedelta(0)) is judged(timedelta(minutes=10)) is Integrity.PASSED
    with pytest.raises(play_integrity.IntegrityInvalid):
        judged(timedelta(minutes=10, seconds=1))


def test_a_token_counts_once_and_an_older_one_does_not_undo_a_newer(sandbox: RunningSandbox) -> None:
    phone = registered_phone()
    asked, now = challenge(phone), datetime.now(UTC)
    sound = token(sandbox, asked, now=now - timedelta(seconds=2))
    unsound = token(sandbox, asked, now=now, changes=said(phone={"deviceRecognitionVerdict": []}))
    assert show(phone, unsound) == "failed"
    assert show(phone, unsound) == (401, "integrity_used")
    assert show(phone, sound) == (401, "integrity_used")
    assert device_of(phone).integrity == Integrity.FAILED


def test_a_token_that_is_too_long_or_no_token_is_not_sent_on(sandbox: RunningSandbox) -> None:
    phone = registered_phone()
    for wrong in ("a" * (play_integrity.MOST_CHARACTERS + 1), "", "a b", 7):
        answer = phone.call("PUT", SHOW, {"kind": "play_integrity", "token": wrong})
        assert answer.status_code == 422
    answer = phone.call("PUT", SHOW, {"kind": "safety_net", "token": "a"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("gateway", (503, "integrity_unreachable")),
        ("html", (503, "integrity_unreachable")),
        ("strange", (503, "integrity_unreachable")),
        ("reset", (503, "integrity_unreachable")),
    ],
)
def test_while_google_has_trouble_nothing_is_known_and_nothing_lost(
    sandbox: RunningSandbox, fault: str, expected: Any
) -> None:
    phone = registered_phone()
    asked = challenge(phone)
    sandbox.order({"kind": fault, "endpoint": "integrity", "times": 5})
    answer = phone.call("PUT", SHOW, {"kind": "play_integrity", "token": token(sandbox, asked)})
    assert outcome(answer) == expected
    assert answer["Retry-After"] == "5"
    sandbox.order()
    assert show(phone, token(sandbox, asked)) == "passed"


@pytest.mark.parametrize("content", [None, "{}", '{"type": "external_account"}', "no JSON"])
def test_a_service_account_that_cannot_be_used_is_no_fault_of_the_token(
    settings: Any, tmp_path: Path, content: str | None
) -> None:
    phone = registered_phone()
    settings.SANDBOX_URL, settings.PLAY_INTEGRITY_CREDENTIALS = "", str(tmp_path / "account.json")
    if content is not None:
        (tmp_path / "account.json").write_text(content)
    play_integrity._session.cache_clear()
    assert show(phone, "a.b.c") == (502, "integrity_refused")


def test_where_it_is_not_asked_for_there_is_nothing_to_show(settings: Any) -> None:
    settings.PLAY_INTEGRITY_PACKAGE = ""
    phone = registered_phone()
    assert outcome(phone.call("POST", CHALLENGE)) == (409, "integrity_off")
    assert show(phone, "a") == (409, "integrity_off")


# -- scored with what the fixes say


LATELY, LONG_AGO = NOON - BELIEVED_FOR / 2, NOON - BELIEVED_FOR


@pytest.mark.parametrize(
    ("verdict", "at", "frozen", "pushes"),
    [
        ("failed", LATELY, False, 1),
        ("failed", LATELY, True, 0),
        ("failed", LONG_AGO, True, 1),
        ("passed", LATELY, True, 1),
        ("", LATELY, True, 1),
    ],
)
def test_a_phone_that_fails_is_one_sign_more_and_never_the_only_one(
    verdict: str, at: datetime, frozen: bool, pushes: int
) -> None:
    assert walk_in(frozen=frozen, integrity=verdict, integrity_at=at) == (1, pushes)


@pytest.mark.parametrize(("verdict", "pushes"), [("passed", 1), ("", 0), ("failed", 0)])
def test_a_phone_that_passes_needs_no_app_check_token_to_be_vouched_for(
    settings: Any, verdict: str, pushes: int
) -> None:
    settings.APP_CHECK = "score"
    assert walk_in(frozen=True, integrity=verdict, integrity_at=LATELY) == (1, pushes)


def test_both_doubts_are_too_many(settings: Any) -> None:
    settings.APP_CHECK = "score"
    assert walk_in(frozen=False, integrity="failed", integrity_at=LATELY) == (1, 0)


def test_a_verdict_counts_while_it_is_asked_for(settings: Any) -> None:
    settings.PLAY_INTEGRITY_PACKAGE = ""
    assert walk_in(frozen=True, integrity="failed", integrity_at=LATELY) == (1, 1)


def test_the_sandbox_decodes_for_its_own_account_alone(sandbox: RunningSandbox) -> None:
    address = f"{sandbox.url}/v1/{PACKAGE}:decodeIntegrityToken"
    assert requests.post(address, json={"integrityToken": "x"}, timeout=10).status_code == 401


def test_outside_the_sandbox_google_is_asked(settings: Any, tmp_path: Path) -> None:
    account = load_keys(folder=tmp_path / "keys").service_account_info(token_uri="https://oauth2.googleapis.com/token")
    settings.PLAY_INTEGRITY_CREDENTIALS = str(tmp_path / "account.json")
    (tmp_path / "account.json").write_text(json.dumps(account))
    session = play_integrity._session("")
    assert tuple(session.credentials.scopes) == play_integrity.SCOPES
    assert play_integrity.GOOGLE == "https://playintegrity.googleapis.com"
