"""A stand-in for Apple's certificates: root, intermediate and pass certificate, made on this machine.

A pass signed with them is right in every way but one: no phone trusts its root, so Wallet refuses it. It is for
looking at, and for the tests. The keys of root and intermediate are thrown away once they have signed.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from notifications.sandbox import keys

PASS_TYPE_ID, TEAM_ID = "pass.sandbox.geooffers", "SANDBOX000"
# Not from today: stories are told at their own times, and their passes are signed then.
SINCE, LIFETIME = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=50 * 365)
_END = b"-----END CERTIFICATE-----\n"


@dataclass(frozen=True, kw_only=True)
class AppleChain:
    """All in PEM."""

    key: bytes = field(repr=False)
    certificate: bytes
    intermediate: bytes
    root: bytes


def load_chain(*, folder: Path) -> AppleChain:
    """Read the chain, or make it. One file, so that nobody reads a key of one chain and a certificate of another."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "apple_pass.pem"
    if not path.exists():
        keys.write_once(path, make_chain(now=SINCE))
    certificate, intermediate, root, key = (part + _END for part in path.read_bytes().split(_END))
    return AppleChain(key=key.removesuffix(_END), certificate=certificate, intermediate=intermediate, root=root)


def make_chain(
    *, now: datetime, lifetime: timedelta = LIFETIME, pass_type_id: str = PASS_TYPE_ID, team_id: str = TEAM_ID
) -> bytes:
    """Pass certificate, intermediate, root, then the key of the first. `now` is when they begin."""
    root_key, intermediate_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3))
    root_name = _name("Geooffers sandbox root")
    intermediate_name = _name("Geooffers sandbox intermediate")
    pass_name = x509.Name(
        [
            x509.NameAttribute(NameOID.USER_ID, pass_type_id),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Pass Type ID: {pass_type_id}"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, team_id),
        ]
    )
    until = now + lifetime
    made = (
        _signed(pass_name, key, issuer=intermediate_name, by=intermediate_key, since=now, until=until, is_ca=False),
        _signed(intermediate_name, intermediate_key, issuer=root_name, by=root_key, since=now, until=until),
        _signed(root_name, root_key, issuer=root_name, by=root_key, since=now, until=until),
    )
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in made) + keys.pem(key)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _signed(
    name: x509.Name,
    key: rsa.RSAPrivateKey,
    *,
    issuer: x509.Name,
    by: rsa.RSAPrivateKey,
    since: datetime,
    until: datetime,
    is_ca: bool = True,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since - timedelta(days=1))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(by, hashes.SHA256())
    )
