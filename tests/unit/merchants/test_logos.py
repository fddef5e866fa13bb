"""Which images become a logo, what is left of them, what is refused, and what a hostile one can do: end its process."""

import io
import random
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps, PngImagePlugin

from merchants.shops import image_child, image_files
from merchants.shops.image_child import (
    DamagedImage,
    ImageRefused,
    MovingImage,
    NotAnImage,
    TooManyBytes,
    TooManyPixels,
    TooMuchWork,
)
from tests.images import chunk, chunks_of, endless_steps, picture, saved

CANARY = "Senaatintori-60.1695-24.9525"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
PNG, JPEG, WEBP = saved(picture()), saved(picture(), "JPEG"), saved(picture(), "WEBP")
GOOD = {"png": PNG, "jpeg": JPEG, "webp": WEBP}


def opened(raw: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(image_child.logo(raw)))
    image.load()
    return image


def two_frames(kind: str) -> bytes:
    return saved(picture(), kind, save_all=True, append_images=[picture().rotate(180)], duration=100)


# --- what is taken -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", GOOD)
def test_png_jpeg_and_webp_become_a_png_that_looks_the_same(kind: str) -> None:
    image = opened(GOOD[kind])
    assert (image.format, image.size) == ("PNG", (120, 80))
    for at in ((20, 20), (100, 20), (20, 60), (100, 60)):
        seen, meant = image.convert("RGB").getpixel(at), picture().getpixel(at)
        assert all(abs(a - b) < 12 for a, b in zip(seen, meant, strict=True)), at


@pytest.mark.parametrize(
    ("size", "fitted"),
    [((1000, 1000), (480, 480)), ((3000, 1500), (480, 240)), ((30, 5000), (3, 480)), ((40, 30), (40, 30))],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_it_fits_into_the_square_and_is_never_enlarged(size, fitted, kind) -> None:
    image = opened(saved(picture(size=size), kind))
    assert image.size == pytest.approx(fitted, abs=1)
    assert max(image.size) <= 480
    assert image.convert("RGB").getpixel((0, 0))[0] > 200, "the red quarter is where it was"


def test_what_shines_through_still_does_at_every_size() -> None:
    for side in (100, 2000):
        clear = picture("RGBA", (side, side))
        clear.paste((0, 0, 0, 0), (0, 0, side // 2, side // 2))
        for kind in ("PNG", "WEBP"):
            image = opened(saved(clear, kind))
            assert image.mode == "RGBA"
            assert (image.getpixel((5, 5))[3], image.getpixel((image.width - 5, 5))[3]) == (0, 255)
    assert opened(PNG).mode == "RGB", "and where nothing does, nothing is stored for it"


def test_palettes_bits_greys_and_printers_colours_are_understood() -> None:
    palette = picture("P")
    palette.info["transparency"] = palette.getpixel((5, 5))
    assert opened(saved(palette)).getpixel((5, 5))[3] == 0
    assert opened(saved(Image.new("1", (9, 9), 1))).getpixel((4, 4)) == (255, 255, 255)
    assert opened(saved(Image.new("LA", (9, 9), (200, 77)))).getpixel((4, 4)) == (200, 200, 200, 77)
    sixteen_bits = opened(saved(Image.new("I;16", (9, 9), 128 * 257)))
    assert sixteen_bits.getpixel((4, 4)) == (128, 128, 128)
    cmyk = opened(saved(picture("CMYK"), "JPEG"))
    assert cmyk.getpixel((20, 20))[0] > 240
    assert cmyk.getpixel((20, 20))[1] < 15


@pytest.mark.parametrize("way", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_image_taken_with_a_tilted_camera_stands_upright(way: int, kind: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = way
    raw = saved(picture(), kind, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(raw))).convert("RGB")
    image = opened(raw).convert("RGB")
    assert image.size == upright.size
    for at in ((20, 20), (60, 20), (20, 60), (60, 60)):
        assert all(abs(a - b) < 12 for a, b in zip(image.getpixel(at), upright.getpixel(at), strict=True)), at


def with_secrets(kind: str) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = CANARY
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (60.0, 10.0, 10.2)
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = CANARY.encode()
    how = {"exif": exif, "icc_profile": CANARY.encode() * 9}
    if kind == "PNG":
        how["pnginfo"] = PngImagePlugin.PngInfo()
        how["pnginfo"].add_text("Comment", CANARY)
        how["pnginfo"].add_text("XML:com.adobe.xmp", f"<x>{CANARY}</x>")
    else:
        how["xmp"] = f"<x>{CANARY}</x>".encode()
    if kind == "JPEG":
        how["comment"] = CANARY
    return saved(picture(), kind, **how)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_where_and_with_what_it_was_taken_does_not_come_along(kind: str) -> None:
    raw = with_secrets(kind)
    assert CANARY.encode() in raw
    assert dict(Image.open(io.BytesIO(raw)).getexif().get_ifd(ExifTags.IFD.GPSInfo)), "there was a place in it"
    png = image_child.logo(raw)
    assert set(chunks_of(png)) == {b"IHDR", b"IDAT", b"IEND"}
    assert opened(raw).info == {}
    assert CANARY.encode() not in png


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        SVG,
        b'<?xml version="1.0"?>' + SVG,
        saved(picture("P"), "GIF"),
        b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)//",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"\0\0\0\x20ftypavif\0\0\0\0avifmif1",
        saved(picture(), "TIFF"),
        saved(picture(), "BMP"),
        saved(picture(), "PDF"),
        b"<html><script>alert(1)</script>",
        b"PK\x03\x04" + PNG,
        b"\n" + PNG,
        b"RIFF\x04\0\0\0WAVE",
        b"\xff\xd8",
        b"",
    ],
)
def test_what_is_no_png_jpeg_or_webp_is_refused_whatever_it_is_called(raw: bytes) -> None:
    with pytest.raises(NotAnImage) as refused:
        image_child.logo(raw)
    assert refused.value.code == "image_type"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_moving_image_is_refused(kind: str) -> None:
    with pytest.raises(MovingImage):
        image_child.logo(two_frames(kind))


def test_ten_thousand_frames_are_refused_without_looking_at_them() -> None:
    frames = chunk(b"acTL", struct.pack(">II", 10_000, 0)) + chunk(b"fcTL", bytes(26)) * 10_000
    with pytest.raises((MovingImage, DamagedImage)):
        image_files.logo_of(PNG[:33] + frames + PNG[33:])


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("tail", [b"PK\x03\x04 a whole archive", b"<script>alert(1)</script>", SVG, bytes(500), JPEG])
def test_of_a_file_that_is_something_else_too_only_the_image_is_left(kind: str, tail: bytes) -> None:
    assert image_child.logo(GOOD[kind] + tail) == image_child.logo(GOOD[kind])


def test_a_script_inside_the_image_s_own_comment_is_left_behind() -> None:
    script = b"*/=1;alert(document.domain)//"
    commented = JPEG[:2] + b"\xff\xfe" + struct.pack(">H", len(script) + 2) + script + JPEG[2:]
    assert script not in image_child.logo(commented)
    assert image_child.logo(commented) == image_child.logo(JPEG)


def test_of_the_two_pictures_of_a_camera_the_first_is_taken() -> None:
    both = saved(picture(), "MPO", save_all=True, append_images=[Image.new("RGB", (60, 60), "black")])
    assert image_child.logo(both) == image_child.logo(JPEG)


def test_more_than_two_megabytes_are_refused() -> None:
    filled = PNG[:-12] + chunk(b"teSt", bytes(image_files.MAX_BYTES - len(PNG) - 12)) + PNG[-12:]
    assert len(filled) == image_files.MAX_BYTES
    assert image_files.logo_of(filled) == image_files.logo_of(PNG)
    with pytest.raises(TooManyBytes) as refused:
        image_files.logo_of(filled + b"\0")
    assert refused.value.code == "image_too_large"


def declaring(kind: str, width: int, height: int) -> bytes:
    """A good image whose header says another size."""
    if kind == "PNG":
        return PNG[:8] + chunk(b"IHDR", struct.pack(">II", width, height) + PNG[24:29]) + PNG[33:]
    if kind == "JPEG":
        at = JPEG.index(b"\xff\xc0") + 5
        return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 :]
    at = WEBP.index(b"\x9d\x01\x2a") + 3
    return WEBP[:at] + struct.pack("<HH", width, height) + WEBP[at + 4 :]


@pytest.mark.parametrize(("kind", "side"), [("PNG", 4473), ("JPEG", 4473), ("WEBP", 2829), ("PNG", 2**31 - 1)])
def test_too_many_pixels_are_refused_by_the_header_alone(kind: str, side: int) -> None:
    with pytest.raises(TooManyPixels) as refused:
        image_child.opened(declaring(kind, side, side))
    assert refused.value.code == "image_too_large"
    if side < 2**31 - 1:
        assert image_child.opened(declaring(kind, side - 1, side - 1)).width == side - 1, "one less is taken"


@pytest.mark.parametrize("inner", [(2829, 2829), (60, 40)])
def test_neither_the_canvas_nor_the_picture_of_a_webp_may_be_too_large(inner: tuple[int, int]) -> None:
    body = declaring("WEBP", *inner)[12:]
    canvas = (20, 20) if inner[0] > 60 else (5000, 5000)
    sides = b"".join((side - 1).to_bytes(3, "little") for side in canvas)
    whole = b"WEBPVP8X" + struct.pack("<II", 10, 0) + sides + body
    with pytest.raises((TooManyPixels, DamagedImage)):  # the decoder itself wants the two to be of one size
        image_files.logo_of(b"RIFF" + struct.pack("<I", len(whole)) + whole)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_image_without_a_pixel_is_refused(kind: str) -> None:
    with pytest.raises(DamagedImage):
        image_child.logo(declaring(kind, 0, 80))


def test_packed_texts_are_left_behind_or_refused() -> None:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1_000_000), 9))
    assert image_child.logo(PNG[:33] + bomb * 3 + PNG[33:]) == image_child.logo(PNG)
    with pytest.raises(DamagedImage):
        image_child.logo(PNG[:33] + bomb * 100 + PNG[33:])


@pytest.mark.parametrize("kind", GOOD)
def test_a_file_cut_short_anywhere_is_refused_unless_all_its_pixels_are_there(kind: str) -> None:
    whole, refused = GOOD[kind], 0
    for length in range(len(whole)):
        try:
            assert image_child.logo(whole[:length]) == image_child.logo(whole), length
        except ImageRefused:
            refused += 1
    assert refused > len(whole) - 24, "the end mark and a checksum may be gone"


@given(kind=st.sampled_from(sorted(GOOD)), seed=st.integers(0, 2**32))
def test_a_damaged_file_is_drawn_or_refused_and_nothing_else_happens(kind: str, seed: int) -> None:
    chance, raw = random.Random(seed), bytearray(GOOD[kind])
    for _ in range(chance.randint(1, 6)):
        raw[chance.randrange(len(raw))] = chance.choice([0, 1, 0xFF, chance.randrange(256)])
    try:
        png = image_child.logo(bytes(raw))
    except ImageRefused:
        return
    assert set(chunks_of(png)) <= {b"IHDR", b"IDAT", b"IEND"}


def test_each_refusal_has_a_sentence_of_its_own_for_people() -> None:
    family = ImageRefused.__subclasses__()
    assert len({each.__doc__ for each in family}) == len(family) == 6
    assert set(image_child.REFUSALS) == set(family) - {TooManyBytes}, "that one is refused without a process"
    assert all(each.__doc__.endswith(".") for each in family)


# --- a process of its own ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", GOOD)
def test_the_process_makes_what_its_code_makes(kind: str) -> None:
    assert image_files.logo_of(GOOD[kind]) == image_child.logo(GOOD[kind])


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (SVG, NotAnImage),
        (two_frames("PNG"), MovingImage),
        (PNG[:60], DamagedImage),
        (saved(Image.new("1", (9000, 9000)), optimize=True), TooManyPixels),
        (declaring("PNG", 2**31 - 1, 2**31 - 1), TooManyPixels),
    ],
)
def test_each_refusal_of_the_process_is_told(raw: bytes, refusal: type[ImageRefused]) -> None:
    with pytest.raises(refusal):
        image_files.logo_of(raw)


def test_an_image_that_takes_too_long_ends_its_process_and_is_refused(monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    monkeypatch.setattr(image_files, "CPU_S", 1)
    with pytest.raises(TooMuchWork) as refused:
        image_files.logo_of(endless_steps())
    assert refused.value.code == "image_too_large"
    assert "an image ended the process that decodes it" in caplog.text
    assert image_files.logo_of(PNG), "and the next one is drawn"


@pytest.mark.parametrize(
    ("mode", "side", "kind", "how"), [("RGBA", 4472, "PNG", {}), ("RGBA", 2828, "WEBP", {"lossless": True})]
)
def test_the_largest_that_is_taken_is_drawn_and_with_less_memory_refused(
    mode: str, side: int, kind: str, how: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    largest = saved(Image.new(mode, (side, side)), kind, **how)
    assert image_files.logo_of(largest)
    monkeypatch.setattr(image_files, "MEMORY_MB", 150)
    with pytest.raises(TooMuchWork):
        image_files.logo_of(largest)


def test_the_largest_jpeg_that_is_taken_is_drawn() -> None:
    for colours in ("RGB", "CMYK"):
        assert image_files.logo_of(saved(Image.new(colours, (4472, 4472)), "JPEG", progressive=True, subsampling=0))


def test_a_process_that_does_not_begin_is_no_refusal_of_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files.image_child, "__file__", "/nowhere/image_child.py")
    with pytest.raises(RuntimeError, match="does not run"):
        image_files.logo_of(PNG)


@pytest.mark.parametrize("killed_by", ["SIGKILL", "SIGSEGV"])
def test_whatever_kills_the_process_kills_no_more(killed_by: str, tmp_path: Path, monkeypatch, caplog) -> None:
    """As the kernel does for want of memory, and a hole in a decoder."""
    dying = tmp_path / "dying.py"
    dying.write_text(f"import os, signal\nos.kill(os.getpid(), signal.{killed_by})\n")
    monkeypatch.setattr(image_files.image_child, "__file__", str(dying))
    with pytest.raises(TooMuchWork):
        image_files.logo_of(PNG)
