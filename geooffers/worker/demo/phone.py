"""A shopper's phone as an app developer would write it: it knows the REST API and nothing else."""

import base64
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx


class CallFailed(Exception):
    """The API answered something else than the story needs."""


def make_token() -> str:
    """256 random bits, made by the phone, so that a lost reply locks nobody out."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


@dataclass
class Phone:
    """One installation. `address` is what Firebase would call its installation id."""

    api_url: str
    address: str
    token: str = field(default_factory=make_token)
    install_id: str = field(default_factory=lambda: str(uuid4()))

    def register(self, *, language: str = "en") -> Any:
        return self.call(
            "POST",
            "/devices",
            {
                "install_id": self.install_id,
                "token": self.token,
                "platform": "android",
                "language": language,
                "app_version": "demo 1",
                "push": {"kind": "fid", "address": self.address},
            },
        )

    def consent_texts(self, *, language: str = "en") -> list[dict[str, Any]]:
        texts = self.call("GET", "/consent-texts")["items"]
        return [text for text in texts if text["language"] == language]

    def give(self, text: dict[str, Any]) -> Any:
        shown = {key: text[key] for key in ("purpose", "language", "version")}
        return self.call("POST", "/consents", shown, idempotency_key=str(uuid4()))

    def withdraw(self, purpose: str) -> Any:
        return self.call("POST", "/consents/withdraw", {"purpose": purpose})

    def report(self, *, lat: float, lon: float, at: datetime) -> httpx.Response:
        """One position, as it comes: a refusal is part of the story too."""
        fix = {
            "uuid": str(uuid4()),
            "recorded_at": at.isoformat(),
            "lat": round(lat, 7),
            "lon": round(lon, 7),
            "accuracy_m": 8,
            "background": False,
        }
        return send(self.api_url, self.token, "POST", "/positions", {"fixes": [fix]})

    def coupon(self, coupon_id: str) -> Any:
        return self.call("GET", f"/coupons/{coupon_id}")

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, idempotency_key: str | None = None
    ) -> Any:
        """The parsed answer of a 2xx; CallFailed with the answer otherwise."""
        answer = send(self.api_url, self.token, method, path, body, idempotency_key=idempotency_key)
        if not answer.is_success:
            raise CallFailed(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json() if answer.content else None


def send(
    api_url: str,
    token: str,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    idempotency_key: str | None = None,
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    return httpx.request(method, f"{api_url}/api/v1{path}", json=body, headers=headers, timeout=15)
