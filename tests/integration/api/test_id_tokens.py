"""Whose account an ID token names, checked by the real firebase-admin against the sandbox's certificates over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from geooffers.api.identity import id_tokens
from notifications.sandbox.keys import PROJECT, SandboxKeys, load_keys, mint_id_token
from tests.forging import Forger
from tests.running_sandbox import RunningSandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(load_keys(folder=Path(tmp_path_factory.mktemp("keys"))))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _at_the_sandbox(settings, sandbox: RunningSandbox) -> None:
    settings.SANDBOX_URL = sandbox.url


def now() -> datetime:
    return datetime.now(UTC)


def forger(keys: SandboxKeys) -> Forger:
    good = jwt.decode(mint_id_token("aino", keys=keys, now=now()), options={"verify_signature": False})
    return Forger(key=keys.id_token, key_id=keys.key_id, good=good)


def test_a_good_token_names_its_account(sandbox: RunningSandbox) -> None:
    assert id_tokens.uid_of(id_token=mint_id_token("aino", keys=sandbox.keys, now=now())) == "aino"


def test_a_token_that_firebase_did_not_make_for_us_is_refused(sandbox: RunningSandbox) -> None:
    tokens = dict(forger(sandbox.keys).forgeries())
    tokens["for another project"] = mint_id_token("aino", keys=sandbox.keys, now=now(), project="another")
    tokens["a subject that is too long"] = forger(sandbox.keys).signed(sub="x" * 129)
    tokens["a session cookie"] = forger(sandbox.keys).signed(iss=f"https://session.firebase.google.com/{PROJECT}")
    tokens["an App Check token"] = forger(sandbox.keys).signed(
        iss="https://firebaseappcheck.googleapis.com/1", aud=["projects/1", f"projects/{PROJECT}"]
    )
    assert id_tokens.uid_of(id_token=forger(sandbox.keys).signed()) == "aino"
    passed = []
    for wrong, token in tokens.items():
        try:
            passed.append((wrong, id_tokens.uid_of(id_token=token)))
        except id_tokens.IdTokenInvalid:
            continue
    assert passed == []
    assert len(tokens) > 20


def test_an_expired_token_says_so(sandbox: RunningSandbox) -> None:
    old = mint_id_token("aino", keys=sandbox.keys, now=now() - timedelta(hours=2))
    with pytest.raises(id_tokens.IdTokenExpired):
        id_tokens.uid_of(id_token=old)


def test_without_a_firebase_project_nobody_signs_in(settings, sandbox: RunningSandbox) -> None:
    settings.FIREBASE_PROJECT = ""
    with pytest.raises(id_tokens.SignInOff):
        id_tokens.uid_of(id_token=mint_id_token("aino", keys=sandbox.keys, now=now()))


def test_without_certificates_the_phone_is_asked_to_come_back(settings, sandbox: RunningSandbox) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    with pytest.raises(id_tokens.CertificatesUnreachable):
        id_tokens.uid_of(id_token=mint_id_token("aino", keys=sandbox.keys, now=now()))


def test_outside_the_sandbox_certificates_are_googles() -> None:
    app = id_tokens._app(PROJECT, "")
    verifier = id_tokens.auth._get_client(app)._token_verifier.id_token_verifier
    assert verifier.cert_url.startswith("https://www.googleapis.com/")
