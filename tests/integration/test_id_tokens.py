"""Whose account an ID token names, checked by the real firebase-admin against the sandbox's certificates over HTTP."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from geooffers.api import id_tokens
from notifications.sandbox.keys import PROJECT, SandboxKeys, load_keys, mint_id_token
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


def signed(keys: SandboxKeys, *, algorithm: str = "RS256", key: object = None, **claims: object) -> str:
    """What mint_id_token makes, with one thing wrong."""
    good = jwt.decode(mint_id_token("aino", keys=keys, now=now()), options={"verify_signature": False})
    return jwt.encode({**good, **claims}, key or keys.id_token, algorithm=algorithm, headers={"kid": keys.key_id})


def b64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_good_token_names_its_account(sandbox: RunningSandbox) -> None:
    assert id_tokens.uid_of(id_token=mint_id_token("aino", keys=sandbox.keys, now=now())) == "aino"


def forged(keys: SandboxKeys) -> str:
    return signed(keys, key=rsa.generate_private_key(public_exponent=65537, key_size=2048))


def unsigned(keys: SandboxKeys) -> str:
    good = mint_id_token("aino", keys=keys, now=now())
    return f"{b64({'alg': 'none', 'kid': keys.key_id})}.{good.split('.')[1]}."


def signed_with_the_public_key(keys: SandboxKeys) -> str:
    """HS256 with the public key as the secret: the mistake of verifiers that believe the header. PyJWT will not make
    one, so it is made by hand."""
    import hashlib
    import hmac

    public = keys.id_token.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = b64({"alg": "HS256", "kid": keys.key_id, "typ": "JWT"})
    body = mint_id_token("aino", keys=keys, now=now()).split(".")[1]
    mac = hmac.new(public, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def for_another_project(keys: SandboxKeys) -> str:
    return mint_id_token("aino", keys=keys, now=now(), project="another")


def with_a_changed_account(keys: SandboxKeys) -> str:
    head, _, signature = mint_id_token("aino", keys=keys, now=now()).split(".")
    body = jwt.decode(mint_id_token("aino", keys=keys, now=now()), options={"verify_signature": False})
    return f"{head}.{b64({**body, 'sub': 'somebody else'})}.{signature}"


@pytest.mark.parametrize(
    "make",
    [
        forged,
        unsigned,
        signed_with_the_public_key,
        for_another_project,
        with_a_changed_account,
        lambda keys: signed(keys, iss="https://securetoken.google.com/another"),
        lambda keys: signed(keys, aud="another"),
        lambda keys: signed(keys, sub=""),
        lambda keys: signed(keys, sub="x" * 129),
        lambda keys: signed(keys, iat=int(now().timestamp()) + 600, exp=int(now().timestamp()) + 4200),
        lambda keys: "garbage",
        lambda keys: "a.b.c",
        lambda keys: f"{b64([1])}.{b64([2])}.x",
        lambda keys: f"{b64({'alg': 'RS256', 'kid': 'x'})}.{b64('text')}.x",
        lambda keys: f"{base64.urlsafe_b64encode(b'[' * 5000).decode()}.e30.x",
    ],
)
def test_a_token_that_firebase_did_not_make_for_us_is_refused(sandbox: RunningSandbox, make) -> None:
    with pytest.raises(id_tokens.IdTokenInvalid):
        id_tokens.uid_of(id_token=make(sandbox.keys))


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
