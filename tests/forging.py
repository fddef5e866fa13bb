"""Tokens that a verifier must refuse, each with one thing wrong, made with keys of our own."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def b64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@dataclass(frozen=True, kw_only=True)
class Forger:
    """`good` is what a true token claims; `key` is the one whose public half the verifier has."""

    key: rsa.RSAPrivateKey
    key_id: str
    good: dict[str, Any]

    def signed(
        self, *, key: rsa.RSAPrivateKey | None = None, algorithm: str = "RS256", headers: Any = None, **claims: object
    ) -> str:
        """A true token, but for what is given here. A claim that is None is left out."""
        body = {name: value for name, value in {**self.good, **claims}.items() if value is not None}
        return jwt.encode(body, key or self.key, algorithm=algorithm, headers={"kid": self.key_id, **(headers or {})})

    def by_hand(self, head: object, body: object, secret: bytes | None = None) -> str:
        """PyJWT will not make these."""
        text = f"{b64(head)}.{b64(body)}"
        if secret is None:
            return f"{text}."
        mac = hmac.digest(secret, text.encode(), hashlib.sha256)
        return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    def forgeries(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it, and the token."""
        anothers = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        now = int(datetime.now(UTC).timestamp())
        yield "signed by another", self.signed(key=anothers)
        yield "signed by another whose key is linked", self.signed(key=anothers, headers={"jku": "https://a.example/k"})
        yield "an unknown key id", self.signed(headers={"kid": "unknown"})
        yield "alg none", self.by_hand({"alg": "none", "typ": "JWT", "kid": self.key_id}, self.good)
        yield "alg None", self.by_hand({"alg": "None", "typ": "JWT", "kid": self.key_id}, self.good)
        yield "alg none without a key id", self.by_hand({"alg": "none", "typ": "JWT"}, self.good)
        for name, public in self._public().items():
            head = {"alg": "HS256", "typ": "JWT", "kid": self.key_id}
            yield f"HS256 with the public key ({name})", self.by_hand(head, self.good, public)
        head, _, signature = self.signed().split(".")
        yield "changed after signing", f"{head}.{b64({**self.good, 'sub': 'somebody else'})}.{signature}"
        yield "RS512", self.signed(algorithm="RS512")
        yield "another audience", self.signed(aud="another")
        yield "another issuer", self.signed(iss="https://another.example/")
        yield "no issuer", self.signed(iss=None)
        yield "no subject", self.signed(sub=None)
        yield "an empty subject", self.signed(sub="")
        yield "from the future", self.signed(iat=now + 600, nbf=now + 600, exp=now + 4200)
        yield "oversized", self.signed(more="x" * 100_000)
        yield "garbage", "garbage"
        yield "three letters", "a.b.c"
        yield "parts that are not objects", f"{b64([1])}.{b64([2])}.x"
        yield "claims that are not an object", f"{b64({'alg': 'RS256', 'kid': self.key_id, 'typ': 'JWT'})}.{b64(1)}.x"
        yield "a deep header", f"{base64.urlsafe_b64encode(b'[' * 5000).decode()}.e30.x"

    def _public(self) -> dict[str, bytes]:
        public = self.key.public_key()
        formats = serialization.PublicFormat
        return {
            "PEM": public.public_bytes(serialization.Encoding.PEM, formats.SubjectPublicKeyInfo),
            "DER": public.public_bytes(serialization.Encoding.DER, formats.SubjectPublicKeyInfo),
        }
