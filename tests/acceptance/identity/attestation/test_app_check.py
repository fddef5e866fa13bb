"""Apps vouch for themselves by Firebase App Check: the real client, with keys and counting served over real HTTP."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from django.http import HttpResponse

from geooffers.api.identity import app_check
from geooffers.usecases.identity.attest_device import BELIEVED_FOR
from notifications.sandbox.keys import PROJECT, load_keys, mint_app_check_token, mint_id_token
from tests.acceptance.identity.accounts import SignIn, device_of
from tests.acceptance.identity.attestation.walks import walk_in
from tests.cast import NOON, make_coupon, make_offer, make_store
from tests.forging import Forger
from tests.phone import Phone, registered_phone
from tests.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _required(settings: Any) -> None:
    settings.APP_CHECK = "require"


def token(sandbox: RunningSandbox, **changes: Any) -> str:
    return mint_app_check_token(keys=sandbox.keys, now=changes.pop("now", datetime.now(UTC)), **changes)


def forger(sandbox: RunningSandbox) -> Forger:
    good = jwt.decode(token(sandbox), options={"verify_signature": False})
    return Forger(key=sandbox.keys.id_token, key_id=sandbox.keys.key_id, good=good)


def vouch(phone: Phone, shown: str | None) -> Any:
    return outcome(
        phone.call("PUT", "/devices/me/app-check", headers={} if shown is None else {app_check.HEADER: shown})
    )


def outcome(answer: HttpResponse) -> Any:
    return answer.status_code if answer.status_code < 400 else (answer.status_code, answer.json()["code"])


def unvouched_phone(settings: Any) -> Phone:
    settings.APP_CHECK = "off"
    phone = registered_phone()
    settings.APP_CHECK = "require"
    return phone


def register(sandbox: RunningSandbox, shown: str | None) -> tuple[Phone, Any]:
    phone = Phone()
    headers = {} if shown is None else {app_check.HEADER: shown}
    body = {"install_id": phone.install_id, "token": phone.token, "platform": "android"}
    return phone, outcome(phone.call("POST", "/devices", body, headers=headers))


def test_a_forged_token_is_refused(settings: Any, sandbox: RunningSandbox) -> None:
    phone = unvouched_phone(settings)
    assert vouch(phone, forger(sandbox).signed()) == 204
    tokens = dict(forger(sandbox).forgeries())
    tokens["expired"] = token(sandbox, now=datetime.now(UTC) - timedelta(hours=2))
    tokens["of another project"] = token(sandbox, project="another")
    tokens["an ID token"] = mint_id_token("aino", keys=sandbox.keys, now=datetime.now(UTC))
    tokens["an audience that is no list"] = forger(sandbox).signed(aud=f"projects/{PROJECT}")
    tokens["a header with a comma"] = "a,b"
    answers = {wrong: vouch(phone, shown) for wrong, shown in tokens.items()}
    assert {wrong: answer for wrong, answer in answers.items() if answer != (401, "app_check_invalid")} == {}
    assert len(answers) > 20
    assert vouch(phone, None) == (401, "app_check_missing")


@pytest.mark.parametrize(
    ("setting", "missing"), [("off", 201), ("score", 201), ("require", (401, "app_check_missing"))]
)
def test_registering_asks_as_the_setting_says(
    settings: Any, sandbox: RunningSandbox, setting: str, missing: Any
) -> None:
    settings.APP_CHECK = setting
    assert register(sandbox, None)[1] == missing
    bad = 201 if setting == "off" else (401, "app_check_invalid")
    assert register(sandbox, "garbage")[1] == bad
    phone, answer = register(sandbox, token(sandbox))
    assert answer == 201
    assert (device_of(phone).attested_at is not None) is (setting != "off")


def test_signing_in_asks_too(settings: Any, sandbox: RunningSandbox) -> None:
    phone = unvouched_phone(settings)
    signing_in = SignIn(sandbox, phone, "aino")
    assert outcome(signing_in.send()) == (401, "app_check_missing")
    answer = phone.call("POST", "/sign-in", signing_in.body, headers={app_check.HEADER: token(sandbox)})
    assert answer.status_code == 200, answer.content
    assert device_of(phone).attested_at is not None


@pytest.mark.parametrize("what", ["", "/pass.pkpass", "/google-save-link"])
def test_a_code_is_fetched_once_with_each_token(settings: Any, sandbox: RunningSandbox, what: str) -> None:
    phone = unvouched_phone(settings)
    coupon = make_coupon(make_offer(make_store()), shopper=device_of(phone).shopper, now=datetime.now(UTC))
    method = "POST" if "save-link" in what else "GET"

    def fetch(shown: str | None) -> HttpResponse:
        headers = {} if shown is None else {app_check.HEADER: shown}
        return phone.call(method, f"/coupons/{coupon.pk}{what}", headers=headers)

    assert outcome(fetch(None)) == (401, "app_check_missing")
    shown = token(sandbox)
    first = fetch(shown)
    assert first.status_code == 200, first.content
    assert outcome(fetch(shown)) == (401, "app_check_used")
    assert fetch(token(sandbox)).status_code == 200
    assert phone.call("GET", "/coupons").status_code == 200, "the list shows no codes"


def test_a_coupon_without_a_code_any_more_needs_no_token(settings: Any, sandbox: RunningSandbox) -> None:
    phone = unvouched_phone(settings)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    coupon = make_coupon(make_offer(make_store()), shopper=device_of(phone).shopper, now=long_ago)
    assert phone.call("GET", f"/coupons/{coupon.pk}").json()["code"] is None


@pytest.mark.parametrize("consume", [False, True])
def test_when_firebase_cannot_be_reached_the_phone_is_asked_to_come_back(
    settings: Any, sandbox: RunningSandbox, consume: bool
) -> None:
    phone = unvouched_phone(settings)
    coupon = make_coupon(make_offer(make_store()), shopper=device_of(phone).shopper, now=datetime.now(UTC))
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    if consume:
        # Its keys are known still; only the counting is not there.
        app_check.app_check._get_app_check_service(
            app_check._app(PROJECT, settings.SANDBOX_URL)
        )._jwks_client = app_check.PyJWKClient(f"{sandbox.url}/v1/jwks")
    path = f"/coupons/{coupon.pk}" if consume else "/devices/me/app-check"
    answer = phone.call("GET" if consume else "PUT", path, headers={app_check.HEADER: token(sandbox)})
    assert outcome(answer) == (503, "app_check_unreachable")
    assert answer["Retry-After"] == "5"


def test_outside_the_sandbox_keys_and_counting_are_googles(settings: Any, tmp_path: Path) -> None:
    account = load_keys(folder=tmp_path / "keys").service_account_info(token_uri="https://oauth2.googleapis.com/token")
    settings.GOOGLE_APPLICATION_CREDENTIALS = str(tmp_path / "account.json")
    (tmp_path / "account.json").write_text(json.dumps(account))
    service = app_check.app_check._get_app_check_service(app_check._app("a-project", ""))
    assert service._jwks_client.uri == "https://firebaseappcheck.googleapis.com/v1/jwks"
    assert service._VERIFY_URL_FORMAT.startswith("https://firebaseappcheck.googleapis.com/v1beta/projects/")


# -- scored with what the fixes say


@pytest.mark.parametrize(
    ("setting", "vouched", "frozen", "pushes"),
    [
        ("off", False, True, 1),
        ("score", True, True, 1),
        ("score", False, False, 1),
        ("score", False, True, 0),
        ("require", False, True, 0),
    ],
)
def test_an_app_that_does_not_vouch_is_one_sign_more_and_never_the_only_one(
    settings: Any, setting: str, vouched: bool, frozen: bool, pushes: int
) -> None:
    settings.APP_CHECK = setting
    assert walk_in(frozen=frozen, **{"attested_at": NOON - BELIEVED_FOR / 2} if vouched else {}) == (1, pushes)


def test_the_sandbox_counts_for_its_own_account_alone(sandbox: RunningSandbox) -> None:
    address = f"{sandbox.url}/v1beta/projects/{PROJECT}:verifyAppCheckToken"
    assert requests.post(address, json={"app_check_token": "x"}, timeout=10).status_code == 401
