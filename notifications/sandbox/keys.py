"""The sandbox's own keys: a service account for the sender, and one that signs ID tokens for shoppers.

They are made on first use, never leave the machine and are worth nothing to Google. Only the private keys are on
disk, readable by their owner alone; all else is derived from them, whatever port the sandbox takes.
"""

import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

PROJECT = "geooffers-sandbox"
TOKEN_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class SandboxKeys:
    service_account: rsa.RSAPrivateKey
    id_token: rsa.RSAPrivateKey

    @property
    def client_email(self) -> str:
        return f"push@{PROJECT}.iam.gserviceaccount.com"

    @property
    def key_id(self) -> str:
        return sha256(_public_der(self.id_token)).hexdigest()[:40]

    def service_account_info(self, *, token_uri: str) -> dict[str, str]:
        """What Google calls a service account file, for a token endpoint of our own."""
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": sha256(_public_der(self.service_account)).hexdigest()[:40],
            "private_key": pem(self.service_account).decode(),
            "client_email": self.client_email,
            "client_id": "1",
            "token_uri": token_uri,
        }

    def key_set(self) -> dict[str, Any]:
        """As Google publishes the keys of App Check tokens."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self.id_token.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self.key_id, "alg": "RS256", "use": "sig"}]}

    def certificates(self, *, now: datetime) -> dict[str, str]:
        """Key id to certificate, as Google publishes them for the verifiers of ID tokens."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"securetoken.{PROJECT}")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.id_token.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .sign(self.id_token, hashes.SHA256())
        )
        return {self.key_id: certificate.public_bytes(serialization.Encoding.PEM).decode()}


def load_keys(*, folder: Path) -> SandboxKeys:
    """Read the keys, or make them. Web, worker and sandbox may all come first: one of them wins, all read the same."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SandboxKeys(
        service_account=_load(folder / "service_account.pem"),
        id_token=_load(folder / "id_token.pem"),
    )


def mint_id_token(
    uid: str, *, keys: SandboxKeys, now: datetime, project: str = PROJECT, claims: dict[str, Any] | None = None
) -> str:
    """An ID token such as Firebase Authentication would hand to the app of a signed-in shopper."""
    body = {
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "sub": uid,
        "user_id": uid,
        "auth_time": int(now.timestamp()),
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFETIME).timestamp()),
        **(claims or {}),
    }
    return jwt.encode(body, keys.id_token, algorithm="RS256", headers={"kid": keys.key_id})


def mint_app_check_token(
    *, keys: SandboxKeys, now: datetime, project: str = PROJECT, claims: dict[str, Any] | None = None
) -> str:
    """An App Check token such as Firebase would hand to the app; another one each time."""
    body = {
        "iss": "https://firebaseappcheck.googleapis.com/1",
        "aud": ["projects/1", f"projects/{project}"],
        "sub": "1:1:android:5a17d0",
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFETIME).timestamp()),
        "jti": secrets.token_urlsafe(12),
        **(claims or {}),
    }
    return jwt.encode(body, keys.id_token, algorithm="RS256", headers={"kid": keys.key_id})


def mint_integrity_token(
    *,
    keys: SandboxKeys,
    now: datetime,
    request_hash: str,
    package: str,
    changes: dict[str, dict[str, Any]] | None = None,
) -> str:
    """What Play would hand to an app on a genuine phone. `changes` are merged into the parts of Google's payload."""
    payload: dict[str, dict[str, Any]] = {
        "requestDetails": {
            "requestPackageName": package,
            "requestHash": request_hash,
            "timestampMillis": str(int(now.timestamp() * 1000)),
        },
        "appIntegrity": {"appRecognitionVerdict": "PLAY_RECOGNIZED", "packageName": package, "versionCode": "42"},
        "deviceIntegrity": {"deviceRecognitionVerdict": ["MEETS_DEVICE_INTEGRITY"]},
        "accountDetails": {"appLicensingVerdict": "LICENSED"},
    }
    for part, change in (changes or {}).items():
        payload[part] = {**payload[part], **change}
    return jwt.encode({"aud": package, "payload": payload}, keys.id_token, algorithm="RS256")


def _load(path: Path) -> rsa.RSAPrivateKey:
    if not path.exists():
        write_once(path, pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path} is not an RSA key")
    return key


def write_once(path: Path, content: bytes) -> None:
    # Written aside and then linked: a reader never sees half a key, and the second of two makers gives way.
    handle, draft = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        os.unlink(draft)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_der(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
