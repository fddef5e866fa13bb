"""Once end to end against the Firebase Auth emulator: what its accounts sign in with, this API takes.

The emulator is part of `firebase-tools` of npm (600 packages, so it is not one of .ci's); it needs no Java, no account
and no network. Where no `firebase` is on the path, or in FIREBASE_TOOLS, the test says so and is skipped.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import firebase_admin
import pytest
import requests

from geooffers.api.identity import id_tokens
from geooffers.shoppers.models import Device, Shopper
from tests import conftest
from tests.acceptance.identity.accounts import TokenChange
from tests.integration.api.test_over_the_wire import free_port
from tests.phone import registered_phone

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PROJECT = "demo-geooffers"  # the prefix keeps the emulator away from real projects
MISSING = "Firebase Auth emulator (npm install -g firebase-tools, or FIREBASE_TOOLS=…/node_modules/.bin/firebase)"


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[str]:
    """Its address, without a scheme."""
    firebase = os.environ.get("FIREBASE_TOOLS") or shutil.which("firebase")
    if not firebase or not shutil.which("node"):
        conftest._missing[MISSING] = conftest._missing.get(MISSING, 0) + 1
        pytest.skip(f"no {MISSING}")
    host, ports = "127.0.0.1", [free_port() for _ in range(3)]
    parts = dict(zip(("auth", "hub", "logging"), ({"host": host, "port": port} for port in ports), strict=True))
    emulators = {**parts, "ui": {"enabled": False}, "singleProjectMode": True}
    (tmp_path / "firebase.json").write_text(json.dumps({"emulators": emulators}))
    log = tmp_path / "emulator.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [firebase, "emulators:start", "--only", "auth", "--project", PROJECT],
            cwd=tmp_path,
            env={**os.environ, "CI": "1", "HOME": str(tmp_path)},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"{host}:{ports[0]}"
    try:
        _wait(address, process, log)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            requests.get(f"http://{address}/", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.3)
        else:
            return
    raise AssertionError(log.read_text())


def sign_up(address: str) -> dict[str, Any]:
    """As the app of somebody new does it."""
    answer = requests.post(
        f"http://{address}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any",
        json={"email": "aino@example.com", "password": "a-long-password-1", "returnSecureToken": True},
        timeout=20,
    )
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    return body


def forget_the_client() -> None:
    """It keeps for ever whom it believes."""
    firebase_admin.delete_app(id_tokens._app(PROJECT, ""))
    id_tokens._app.cache_clear()


def test_an_account_of_the_emulator_signs_in_and_without_it_its_token_is_worth_nothing(
    emulator: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FIREBASE_PROJECT, settings.SANDBOX, settings.SANDBOX_URL = PROJECT, False, ""
    account = sign_up(emulator)
    phone = registered_phone()

    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", emulator)
    signing_in = TokenChange(phone, "/sign-in", id_token=account["idToken"])
    answer = signing_in.send()
    assert answer.status_code == 200, answer.content
    assert Device.objects.get().shopper.firebase_uid == account["localId"]
    assert signing_in.send().json() == answer.json()

    # Its tokens are unsigned: a client that is not told to believe them refuses them.
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST")
    forget_the_client()
    refused = TokenChange(registered_phone(), "/sign-in", id_token=account["idToken"]).send()
    assert (refused.status_code, refused.json()["code"]) == (401, "id_token_invalid")
    assert Shopper.objects.filter(firebase_uid__isnull=False).count() == 1
