"""With what an Apple pass is signed: a Pass Type ID certificate, its key, and Apple's intermediate that issued it.

Each fault has its own sentence, which names the setting whose file is at fault: a pass that Wallet refuses says
nothing at all.
"""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

CERTIFICATE, KEY, WWDR = "GEOOFFERS_APPLE_PASS_CERTIFICATE", "GEOOFFERS_APPLE_PASS_KEY", "GEOOFFERS_APPLE_PASS_WWDR"
TYPE_ID, TEAM_ID = "GEOOFFERS_APPLE_PASS_TYPE_ID", "GEOOFFERS_APPLE_PASS_TEAM_ID"
SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class AppleKeysUnusable(Exception):
    """The certificate, key or intermediate for Apple passes is wrong."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class AppleKeys:
    certificate: x509.Certificate
    key: SigningKey = field(repr=False, compare=False)  # the certificate tells two apart
    wwdr: x509.Certificate
    pass_type_id: str
    team_id: str
    # Made on this machine for the sandbox: a phone refuses its passes.
    self_made: bool = False

    def refuse_unless_valid(self, *, now: datetime) -> None:
        """At every use: a certificate expires while the process that loaded it runs."""
        for setting, certificate in ((CERTIFICATE, self.certificate), (WWDR, self.wwdr)):
            if now < certificate.not_valid_before_utc:
                raise AppleKeysUnusable(f"{setting}: valid from {certificate.not_valid_before_utc:%Y-%m-%d} only.")
            if now > certificate.not_valid_after_utc:
                raise AppleKeysUnusable(f"{setting}: expired on {certificate.not_valid_after_utc:%Y-%m-%d}.")


def read_apple_keys(
    *, certificate: bytes, key: bytes, wwdr: bytes, pass_type_id: str = "", team_id: str = "", self_made: bool = False
) -> AppleKeys:
    """From the contents of the three files, PEM or DER. Pass type and team stand in the certificate; when they are
    given as well, they must say the same."""
    leaf = _certificate(certificate, CERTIFICATE)
    issuer = _certificate(wwdr, WWDR)
    signing_key = _key(key)
    if signing_key.public_key() != leaf.public_key():
        raise AppleKeysUnusable(f"{KEY}: this is not the key of the certificate in {CERTIFICATE}.")
    try:
        leaf.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise AppleKeysUnusable(
            f"{WWDR}: the certificate in {CERTIFICATE} was not issued by this one, but by "
            f"{leaf.issuer.rfc4514_string()}."
        ) from error
    return AppleKeys(
        certificate=leaf,
        key=signing_key,
        wwdr=issuer,
        pass_type_id=_subject(leaf, NameOID.USER_ID, TYPE_ID, pass_type_id, "pass type id (UID)"),
        team_id=_subject(leaf, NameOID.ORGANIZATIONAL_UNIT_NAME, TEAM_ID, team_id, "team id (OU)"),
        self_made=self_made,
    )


def _certificate(content: bytes, setting: str) -> x509.Certificate:
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError as error:
        raise AppleKeysUnusable(f"{setting}: this is no certificate, neither PEM nor DER.") from error


def _key(content: bytes) -> SigningKey:
    try:
        if b"-----BEGIN" in content:
            key = serialization.load_pem_private_key(content, password=None)
        else:
            key = serialization.load_der_private_key(content, password=None)
    except TypeError as error:
        raise AppleKeysUnusable(f"{KEY}: the key has a passphrase; store it without.") from error
    except ValueError as error:
        raise AppleKeysUnusable(f"{KEY}: this is no private key, neither PEM nor DER.") from error
    if not isinstance(key, SigningKey):
        raise AppleKeysUnusable(f"{KEY}: a pass is signed with an RSA or EC key.")
    return key


def _subject(certificate: x509.Certificate, oid: x509.ObjectIdentifier, setting: str, expected: str, what: str) -> str:
    found = [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(oid)]
    if len(found) != 1 or not found[0]:
        raise AppleKeysUnusable(f"{CERTIFICATE}: the certificate names no {what}; is it a Pass Type ID certificate?")
    if expected and expected != found[0]:
        raise AppleKeysUnusable(f"{setting}: it says {expected}, the certificate in {CERTIFICATE} {found[0]}.")
    return found[0]
