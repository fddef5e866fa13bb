"""Which languages a caller asks for: `?locale=`, then Accept-Language, then what the app registered with."""

import re

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from geooffers.shoppers.models import LANGUAGE_TAG, Shopper

_TAG = re.compile(LANGUAGE_TAG)


def asked_for(request: HttpRequest, *, shopper: Shopper, locale: str | None = None) -> list[str]:
    """Best first, and never empty."""
    heard = [tag for tag, weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")) if weight > 0]
    told = [locale] if locale is not None else []
    return [*told, *(tag for tag in heard if _TAG.match(tag)), shopper.language]


def spoken_now(request: HttpRequest, *, shopper: Shopper) -> str:
    """For a receipt."""
    return asked_for(request, shopper=shopper)[0]
