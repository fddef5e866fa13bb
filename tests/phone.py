"""A phone as the API sees it: it makes its own token and speaks HTTP."""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client

JSON = "application/json"


def make_token() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


class Phone:
    """Every call shows the phone's token. `address` is where it calls from."""

    def __init__(self, *, token: str | None = None, address: str = "203.0.113.7") -> None:
        self.install_id = str(uuid4())
        self.token = token or make_token()
        self.client = Client(REMOTE_ADDR=address, raise_request_exception=False)

    def call(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """`body` as JSON; bytes go as they are."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            method,
            f"/api/v1{path}",
            data,
            content_type=JSON,
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
        )

    def register(self, **changes: Any) -> HttpResponse:
        body = {"install_id": self.install_id, "token": self.token, "platform": "android", **changes}
        return self.client.generic("POST", "/api/v1/devices", json.dumps(body), content_type=JSON)

    def give(self, purpose: str, *, key: str | None = None) -> HttpResponse:
        body = {"purpose": purpose, "language": "en", "version": 1}
        return self.call("POST", "/consents", body, headers={"Idempotency-Key": key or uuid4().hex})

    def withdraw(self, purpose: str) -> HttpResponse:
        return self.call("POST", "/consents/withdraw", {"purpose": purpose})


def registered_phone(*purposes: str) -> Phone:
    """A phone that has registered and given consent to `purposes`, all over HTTP."""
    phone = Phone()
    assert phone.register().status_code == 201
    for purpose in purposes:
        assert phone.give(purpose).status_code == 200
    return phone
