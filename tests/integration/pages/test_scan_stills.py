"""A still at the till is read, or refused before it can hurt."""

import io
import struct
import zlib
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest
import segno
from django.test import Client
from PIL import Image

from geooffers.api.edge import clock
from geooffers.coupons import codes
from geooffers.pages import scan_stills
from merchants.shops import image_child, image_files
from tests.cast import make_staff, make_store

CODE = str(codes.read_keys("k1:" + "11" * 32).code_for(coupon_id=UUID(int=7), key_id="k1"))


def photo(text: str = CODE, *, kind: str = "PNG", turned: float = 0, aside: int = 600) -> bytes:
    drawn = io.BytesIO()
    segno.make(text).save(drawn, kind="png", scale=8, border=4)
    scene = Image.new("L", (aside, aside), 120)
    scene.paste(Image.open(drawn).convert("L").rotate(turned, expand=True, fillcolor=120), (60, 80))
    saved = io.BytesIO()
    scene.save(saved, kind)
    return saved.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("turned", [0, 8, 90, 187])
def test_a_code_is_read_whichever_way_it_is_held(kind: str, turned: float) -> None:
    assert image_files.qr_texts_in(photo(kind=kind, turned=turned)) == [CODE]


def test_a_code_is_read_in_a_picture_of_nearly_twenty_million_pixels() -> None:
    scene = Image.open(io.BytesIO(photo())).resize((4400, 4400))
    saved = io.BytesIO()
    scene.save(saved, "JPEG")
    assert image_files.qr_texts_in(saved.getvalue()) == [CODE]


@pytest.mark.parametrize("size", [(4473, 4473), (12_000, 12_000), (65_000, 65_000), (2_000_000_000, 2)])
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(image_child.TooManyPixels):
        image_files.qr_texts_in(png_that_claims(*size))


def empty(kind: str) -> bytes:
    saved = io.BytesIO()
    Image.new("L", (80, 80), 255).save(saved, kind)
    return saved.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        empty("GIF"),
        empty("TIFF"),
    ],
    ids=["empty", "text", "svg", "pdf", "eps", "gif", "tiff"],
)
def test_what_is_no_raster_picture_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(image_child.NotAnImage):
        image_files.qr_texts_in(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_no_damage_breaks_the_reader(kind: str) -> None:
    whole = photo(kind=kind)
    dice = np.random.default_rng(7)
    outcomes = set()
    for _ in range(150):
        damaged = bytearray(whole[: int(dice.integers(8, len(whole) + 1))])
        for at in dice.integers(0, len(damaged), int(dice.integers(0, 6))):
            damaged[at] = int(dice.integers(0, 256))
        try:
            outcomes.add(type(image_child.qr_texts(bytes(damaged))))
        except image_child.ImageRefused as refusal:
            outcomes.add(type(refusal))
    assert image_child.DamagedImage in outcomes


@pytest.fixture
def cashier(client: Client, db: None) -> Client:
    client.force_login(make_staff(make_store()).user)
    return client


def send(client: Client, data: bytes) -> dict[str, object]:
    answer = client.post("/scan/still", data, content_type="image/jpeg")
    return {"status": answer.status_code, **answer.json()}


def test_a_cashier_sends_a_still_and_gets_the_code(cashier: Client) -> None:
    assert send(cashier, photo()) == {"status": 200, "code": CODE, "other": False}
    assert send(cashier, photo("https://example.com/")) == {"status": 200, "code": None, "other": True}
    assert send(cashier, empty("PNG")) == {"status": 200, "code": None, "other": False}


def test_refusals_have_a_status_and_a_code(cashier: Client) -> None:
    heavy = photo() + b"\0" * image_files.MAX_BYTES
    for data, status, code in (
        (heavy, 413, "image_too_large"),
        (png_that_claims(9000, 9000), 413, "image_too_large"),
        (empty("GIF"), 415, "image_type"),
        (photo(kind="JPEG")[:900], 422, "image_damaged"),
    ):
        refused = send(cashier, data)
        assert (refused["status"], refused["code"]) == (status, code)


def test_exactly_two_megabytes_are_taken(cashier: Client) -> None:
    still = photo(kind="JPEG")  # some cameras fill their files up
    assert send(cashier, still + b"\0" * (image_files.MAX_BYTES - len(still)))["code"] == CODE
    assert send(cashier, still + b"\0" * (image_files.MAX_BYTES - len(still) + 1))["status"] == 413


def test_nobody_but_staff_sends_stills(client: Client, db: None) -> None:
    assert send(client, photo()) | {"request_id": ""} == {
        "status": 401,
        "type": "urn:geooffers:problem:not_staff",
        "title": "Unauthorized",
        "detail": "Sign in again.",
        "code": "not_staff",
        "field": None,
        "hint": "",
        "request_id": "",
    }


def test_a_page_of_somebody_else_cannot_send_stills(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff(make_store()).user)
    assert client.post("/scan/still", photo(), content_type="image/jpeg").status_code == 403


def test_stills_are_limited(cashier: Client) -> None:
    nothing = empty("PNG")
    with clock.set_to(datetime(2026, 6, 2, 12, 0, 1, tzinfo=UTC)):
        for _ in range(scan_stills.STILLS.amount):
            assert send(cashier, nothing)["status"] == 200
        refused = cashier.post("/scan/still", nothing, content_type="image/png")
        assert refused.status_code == 429
        assert refused["Retry-After"] == "59"
