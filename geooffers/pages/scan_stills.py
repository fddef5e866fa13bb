"""A still of the camera becomes the text of its code, for browsers that cannot read one. Nothing of it is stored.

What arrives is hostile until shown otherwise: its kind is looked at (not believed), its size in pixels is read from
the header before anything is unpacked, and only raster formats are opened.
"""

import io

import zxingcpp
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST
from PIL import Image

from geooffers.api import clock, errors, limits
from geooffers.coupons import codes
from merchants import access

MAX_BYTES = 2 * 1024 * 1024
MAX_PIXELS = 20_000_000
# A QR of a coupon fills a good part of the picture; beyond this more pixels only cost time.
ENOUGH_PIXELS_ASIDE = 1600
QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
FORMATS = ("JPEG", "PNG")
# The page sends one still a second at most.
STILLS = limits.Limit(name="stills", amount=120, per_s=60)


class TooLarge(Exception):
    """A still has at most 2 MB and 20 million pixels."""


class NotAPicture(Exception):
    """Send a JPEG or PNG picture."""


class Broken(Exception):
    """The picture is damaged."""


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """`{"code": "K7QM…"}`, or null; `other` tells that there was a code, but not one of a coupon."""
    member = access.staff_member_of(request.user)
    if member is None:
        return errors.problem_response(request, status=401, code="not_staff", detail="Sign in again.")
    try:
        limits.spend(request, STILLS, caller=f"staff:{member.pk}", now=clock.now())
        texts = texts_in(_body(request))
    except limits.TooManyRequests as refusal:
        return errors.refused(request, refusal)
    except TooLarge as refusal:
        return _refused(request, refusal, status=413, code="picture_too_large")
    except NotAPicture as refusal:
        return _refused(request, refusal, status=415, code="not_a_picture")
    except Broken as refusal:
        return _refused(request, refusal, status=422, code="picture_broken")
    of_coupons = [text for text in texts if _is_code(text)]
    response = JsonResponse({"code": of_coupons[0] if of_coupons else None, "other": bool(texts) and not of_coupons})
    response["Cache-Control"] = "no-store"
    return response


def texts_in(data: bytes) -> list[str]:
    """The texts of the QR codes in a picture."""
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)  # reads the header only
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge from error
    except (OSError, SyntaxError, ValueError) as error:
        raise NotAPicture from error
    if picture.width * picture.height > MAX_PIXELS:
        raise TooLarge
    try:
        # A JPEG is unpacked at an eighth to a half of its size where that is enough.
        picture.draft("L", (ENOUGH_PIXELS_ASIDE, ENOUGH_PIXELS_ASIDE))
        grey = picture.convert("L")
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Broken from error
    grey.thumbnail((ENOUGH_PIXELS_ASIDE, ENOUGH_PIXELS_ASIDE))
    return [found.text for found in zxingcpp.read_barcodes(grey, formats=QR)]


def _body(request: HttpRequest) -> bytes:
    """At most one byte more than allowed, whatever the length says."""
    data: bytes = request.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLarge
    return data


def _is_code(text: str) -> bool:
    try:
        codes.read(text)
    except codes.Unreadable:
        return False
    return True


def _refused(request: HttpRequest, refusal: Exception, *, status: int, code: str) -> HttpResponse:
    return errors.problem_response(request, status=status, code=code, detail=errors.sentence_of(type(refusal)))
