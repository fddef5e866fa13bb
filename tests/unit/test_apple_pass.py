"""An Apple pass is right for openssl, for passkit-generator and for a scanner: judges that we did not write."""

import hashlib
import json
import struct
from dataclasses import replace
from pathlib import Path

import pytest
import segno
import zxingcpp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from notifications.passes import apple, drawing
from notifications.passes.content import PassStore
from notifications.sandbox import apple_chain
from notifications.sandbox.apple_chain import AppleChain
from tests.passes import (
    MARKUP,
    NOON,
    keys_of,
    make_content,
    openssl_verify,
    passkit_complaints,
    unpack,
)


@pytest.fixture(scope="module")
def chain(tmp_path_factory) -> AppleChain:
    return apple_chain.load_chain(folder=tmp_path_factory.mktemp("sandbox"))


def make(chain, **changed):
    return unpack(apple.pkpass(content=make_content(**changed), keys=keys_of(chain), now=NOON))


def test_openssl_accepts_the_signature(chain, tmp_path):
    done = openssl_verify(make(chain), chain=chain, folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_openssl_refuses_a_changed_manifest(chain, tmp_path):
    files = make(chain)
    files["manifest.json"] = files["manifest.json"].replace(b"icon.png", b"icom.png")
    done = openssl_verify(files, chain=chain, folder=tmp_path)
    assert done.returncode != 0
    assert "digest failure" in done.stderr or "verification failure" in done.stderr


def test_openssl_refuses_a_signature_by_another_chain(chain, tmp_path):
    other = apple_chain.load_chain(folder=tmp_path / "other")
    assert openssl_verify(make(other), chain=chain, folder=tmp_path).returncode != 0


def test_a_manifest_of_many_lines_keeps_its_signature_because_it_is_signed_as_bytes(chain, tmp_path):
    """The twin signs without Binary: openssl then finds every line feed changed."""
    manifest = b'{\n  "pass.json": "0"\n}\n'
    keys = keys_of(chain)
    signed = {"manifest.json": manifest, "signature": apple.sign(manifest, keys=keys)}
    assert openssl_verify(signed, chain=chain, folder=tmp_path).returncode == 0
    as_text = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(manifest)
        .add_signer(keys.certificate, keys.key, hashes.SHA256())
        .add_certificate(keys.wwdr)
        .sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature])
    )
    assert openssl_verify({**signed, "signature": as_text}, chain=chain, folder=tmp_path).returncode != 0


def test_the_signature_says_when_it_was_made(chain):
    signing_time = bytes.fromhex("06092a864886f70d010905")  # 1.2.840.113549.1.9.5
    assert signing_time in make(chain)["signature"]


def test_the_manifest_lists_every_other_file_and_nothing_else(chain):
    files = make(chain)
    manifest = json.loads(files.pop("manifest.json"))
    del files["signature"]
    assert manifest == {name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, data in files.items()}
    assert {"pass.json", "icon.png", "icon@2x.png", "icon@3x.png", "fi.lproj/pass.strings"} <= manifest.keys()


def test_the_same_coupon_gives_the_same_bytes_but_for_the_signature(chain):
    first, second = make(chain), make(chain)
    assert {**first, "signature": b""} == {**second, "signature": b""}


def test_the_archive_is_stored_and_not_deflated(chain):
    pkpass = apple.pkpass(content=make_content(), keys=keys_of(chain), now=NOON)
    # In the local header of every entry: method 0, and the same size before and after.
    method, _, _, _, packed, size = struct.unpack("<HHHIII", pkpass[8:26])
    assert (method, packed) == (0, size)
    assert len(pkpass) > sum(len(data) for data in unpack(pkpass).values())


def test_passkit_generator_opens_the_pass_without_complaint(chain, tmp_path, node_packages):
    stores = tuple(PassStore(name=f"Store {number}", lat=60.0 + number, lon=25.0) for number in range(10))
    files = make(chain, stores=stores)
    assert len(json.loads(files["pass.json"])["locations"]) == 10
    assert passkit_complaints(files, chain=chain, folder=tmp_path, packages=node_packages) == []


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (lambda body: body["barcodes"][0].update(format="QR"), "barcodes"),
        (lambda body: body.update(backgroundColor="green"), "backgroundColor"),
        (lambda body: body.update(locations=[{"lat": 60}]), "locations"),
        (lambda body: body["coupon"]["primaryFields"][0].pop("value"), "coupon"),
    ],
)
def test_passkit_generator_does_complain_of_a_broken_pass(chain, tmp_path, node_packages, broken, complaint):
    files = make(chain)
    body = json.loads(files["pass.json"])
    broken(body)
    files["pass.json"] = json.dumps(body).encode()
    found = passkit_complaints(files, chain=chain, folder=tmp_path, packages=node_packages)
    assert complaint in " ".join(found)


def test_a_scanner_reads_the_code_from_the_pass(chain):
    barcode = json.loads(make(chain)["pass.json"])["barcodes"][0]
    assert barcode["format"] == "PKBarcodeFormatQR"
    symbol = segno.make(barcode["message"].encode(barcode["messageEncoding"]), micro=False)
    assert symbol.mode == "alphanumeric"  # the small symbol: capitals and digits only
    dots = bytes(0 if dark else 255 for row in symbol.matrix_iter(scale=4, border=4) for dark in row)
    width, height = symbol.symbol_size(scale=4, border=4)
    picture = memoryview(dots).cast("B", (height, width))
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == ["K7QM2F9XC0TDR"]


def test_markup_in_every_text_is_carried_as_text(chain):
    texts = ("merchant", "title", "text", "terms", "discount")
    stores = (PassStore(name=MARKUP, lat=60.0, lon=25.0),)
    body = json.loads(make(chain, **dict.fromkeys(texts, MARKUP), stores=stores)["pass.json"])
    fields = {field["key"]: field for group in body["coupon"].values() for field in group}
    assert body["organizationName"] == body["logoText"] == MARKUP
    assert (fields["discount"]["label"], fields["discount"]["value"]) == (MARKUP, MARKUP)
    assert fields["terms"]["value"] == fields["where"]["value"] == MARKUP
    assert fields["text"]["value"] == f"{MARKUP}\n{MARKUP}"
    assert not any("attributedValue" in field for field in fields.values())  # the one that is read as HTML


def test_quotes_and_backslashes_of_a_translation_do_not_end_it():
    assert apple.strings({'a "b"': "c\\\nd"}) == b'"a \\"b\\"" = "c\\\\\\nd";\n'


def test_a_used_coupon_is_voided_and_no_longer_shown_near_a_store(chain):
    open_one, used = (json.loads(make(chain, voided=voided)["pass.json"]) for voided in (False, True))
    assert (open_one["voided"], used["voided"]) == (False, True)
    assert "locations" in open_one
    assert "locations" not in used


def test_a_pass_takes_ten_stores_and_no_eleventh():
    ten = tuple(PassStore(name=str(number), lat=60.0, lon=25.0) for number in range(10))
    assert len(make_content(stores=ten).stores) == 10
    with pytest.raises(ValueError, match="at most 10"):
        make_content(stores=(*ten, ten[0]))


@pytest.mark.parametrize("colour", ["green", "#FFFFFF", "#fff", "#12345g", "rgb(1,2,3)"])
def test_a_colour_is_six_hexadecimal_digits(colour):
    with pytest.raises(ValueError, match="colour"):
        make_content(colour=colour)


@pytest.mark.parametrize("colour", ["#000000", "#1f6f5c", "#777777", "#ffd54a", "#ffffff"])
def test_the_text_is_readable_on_every_colour(colour):
    def luminance(value):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in value)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(drawing.rgb(each)) for each in (colour, drawing.readable_on(colour))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.0


def test_the_images_have_the_sizes_that_apple_names():
    def size(png):
        return struct.unpack(">II", png[16:24])

    images = drawing.images("#c2185b")
    assert [size(images[f"icon{scale}.png"]) for scale in ("", "@2x", "@3x")] == [(29, 29), (58, 58), (87, 87)]
    assert [size(images[f"strip{scale}.png"]) for scale in ("", "@3x")] == [(375, 144), (1125, 432)]
    assert sum(map(len, images.values())) < 100_000


def test_a_merchants_own_logo_replaces_ours(chain):
    logo = drawing.images("#ffd54a")["logo@3x.png"]
    files = make(chain, logo=logo)
    assert files["logo.png"] == logo
    assert "logo@2x.png" not in files
    with pytest.raises(ValueError, match="PNG"):
        make_content(logo=b"<svg onload=alert(1)>")


def test_the_content_cannot_be_changed():
    assert replace(make_content(), voided=True).voided
    with pytest.raises(AttributeError):
        make_content().voided = True


def test_the_chain_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path):
    first, second = (apple_chain.load_chain(folder=tmp_path / "sandbox") for _ in range(2))
    assert first == second
    assert (tmp_path / "sandbox" / "apple_pass.pem").stat().st_mode & 0o077 == 0
