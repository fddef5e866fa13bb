"""A wrong certificate is refused with a sentence that names the setting and the fault."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509 import load_pem_x509_certificate

from notifications.passes import apple
from notifications.passes.apple_keys import AppleKeysUnusable, read_apple_keys
from notifications.sandbox import apple_chain
from tests.passes import NOON, make_content


def make_chain(**changed):
    end = b"-----END CERTIFICATE-----\n"
    certificate, intermediate, root, key = apple_chain.make_chain(now=NOON, **changed).split(end)
    return {"certificate": certificate + end, "wwdr": intermediate + end, "key": key}, root + end


@pytest.fixture(scope="module")
def files():
    return make_chain()[0]


@pytest.fixture(scope="module")
def others():
    return make_chain()[0]


def test_type_and_team_are_read_from_the_certificate(files):
    keys = read_apple_keys(**files)
    assert (keys.pass_type_id, keys.team_id) == ("pass.sandbox.geooffers", "SANDBOX000")
    assert read_apple_keys(**files, pass_type_id="pass.sandbox.geooffers", team_id="SANDBOX000") == keys


def test_der_files_are_read_as_well(files):
    der = {
        name: load_pem_x509_certificate(files[name]).public_bytes(serialization.Encoding.DER)
        for name in ("certificate", "wwdr")
    }
    assert read_apple_keys(**{**files, **der}) == read_apple_keys(**files)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"certificate": b"not a certificate"}, "CERTIFICATE: this is no certificate"),
        ({"certificate": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "CERTIFICATE: this is no"),
        ({"certificate": b""}, "CERTIFICATE: this is no certificate"),
        ({"wwdr": b"<html>"}, "WWDR: this is no certificate"),
        ({"key": b"secret"}, "KEY: this is no private key"),
        ({"pass_type_id": "pass.other"}, "TYPE_ID: it says pass.other, the certificate"),
        ({"team_id": "OTHER00000"}, "TEAM_ID: it says OTHER00000"),
    ],
)
def test_what_is_wrong_is_said(files, changed, sentence):
    with pytest.raises(AppleKeysUnusable, match=sentence):
        read_apple_keys(**{**files, **changed})


def test_a_key_of_another_certificate_is_refused(files, others):
    with pytest.raises(AppleKeysUnusable, match="KEY: this is not the key"):
        read_apple_keys(**{**files, "key": others["key"]})


def test_an_intermediate_that_did_not_issue_the_certificate_is_refused(files, others):
    # By name it is the same: only the signature tells.
    with pytest.raises(AppleKeysUnusable, match=r"WWDR: the certificate in \S+ was not issued by this one"):
        read_apple_keys(**{**files, "wwdr": others["wwdr"]})


def test_a_certificate_of_another_kind_is_refused(files):
    """A root names neither pass type nor team."""
    _, root = make_chain()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(AppleKeysUnusable, match="KEY: this is not the key"):
        read_apple_keys(certificate=root, key=pem, wwdr=root)
    with pytest.raises(AppleKeysUnusable, match="names no pass type id"):
        read_apple_keys(**make_chain(pass_type_id="")[0])


def test_a_key_with_a_passphrase_is_refused(files):
    key = serialization.load_pem_private_key(files["key"], password=None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"long enough"),
    )
    with pytest.raises(AppleKeysUnusable, match="KEY: the key has a passphrase"):
        read_apple_keys(**{**files, "key": locked})


def test_a_key_that_cannot_sign_passes_is_refused(files):
    key = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(AppleKeysUnusable, match="KEY: a pass is signed with an RSA or EC key"):
        read_apple_keys(**{**files, "key": key})


def test_a_certificate_expires_while_the_process_runs():
    keys = read_apple_keys(**make_chain(lifetime=timedelta(days=10))[0])
    assert apple.pkpass(content=make_content(), keys=keys, now=NOON + timedelta(days=9))
    with pytest.raises(AppleKeysUnusable, match="CERTIFICATE: expired on 2026-06-12"):
        apple.pkpass(content=make_content(), keys=keys, now=NOON + timedelta(days=11))
    with pytest.raises(AppleKeysUnusable, match="CERTIFICATE: valid from 2026-06-01"):
        apple.pkpass(content=make_content(), keys=keys, now=NOON - timedelta(days=2))


def test_the_key_is_not_shown_by_a_traceback(files):
    assert "PRIVATE" not in repr(read_apple_keys(**files))
    assert "RSAPrivateKey" not in repr(read_apple_keys(**files))
