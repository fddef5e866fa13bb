"""A coupon as a pass of Google Wallet: an offer class (the promise), an offer object (the coupon), and a save link.

The link carries ids only. A class and an object inside it make it longer than the 1,800 characters that every browser
keeps, so both are inserted over REST before the link is followed.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from notifications.passes import words
from notifications.passes.content import PassContent

SAVE_ADDRESS = "https://pay.google.com/gp/v/save"
LONGEST_LINK = 1_800


class LinkTooLong(Exception):
    """Browsers cut links of this length."""


@dataclass(frozen=True, kw_only=True)
class GoogleKeys:
    """Who signs. The key is a loaded object: PyJWT takes a hundred times as long with PEM text."""

    issuer: str
    email: str
    key: rsa.RSAPrivateKey = field(repr=False)
    self_made: bool = False


def class_id(*, content: PassContent, issuer: str) -> str:
    """Named by what it says: coupons of one promise share a class, and a class never changes under a saved coupon."""
    said = json.dumps(_class_body(content), sort_keys=True).encode()
    return f"{issuer}.offer-{hashlib.sha256(said).hexdigest()[:32]}"


def object_id(*, serial: UUID, issuer: str) -> str:
    return f"{issuer}.coupon-{serial}"


def offer_class(*, content: PassContent, id: str) -> dict[str, Any]:
    return {"id": id, **_class_body(content)}


def offer_object(*, content: PassContent, issuer: str, class_id: str) -> dict[str, Any]:
    stores = "\n".join(store.name for store in content.stores)
    modules = [{"id": "where", "localizedHeader": _localized(content, words.WHERE), "body": stores}]
    body: dict[str, Any] = {
        "id": object_id(serial=content.serial, issuer=issuer),
        "classId": class_id,
        "state": _state(content),
        "validTimeInterval": {"end": {"date": content.expires_at.isoformat(timespec="seconds")}},
        # Not `locations`: those no longer make a notice. What is used up or over keeps quiet near its stores.
        "merchantLocations": [
            {"latitude": store.lat, "longitude": store.lon} for store in content.nearby if content.code
        ],
        "textModulesData": [module for module in modules if module["body"]],
    }
    if content.code:
        body["barcode"] = {"type": "QR_CODE", "value": content.code, "alternateText": content.code_in_groups}
    return body


def _state(content: PassContent) -> str:
    if content.voided:
        return "COMPLETED"
    return "ACTIVE" if content.code else "EXPIRED"


def save_link(*, object_id: str, class_id: str, keys: GoogleKeys, now: datetime, address: str = SAVE_ADDRESS) -> str:
    claims = {
        "iss": keys.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(now.timestamp()),
        "origins": [],
        "payload": {"offerObjects": [{"id": object_id, "classId": class_id}]},
    }
    link = f"{address}/{jwt.encode(claims, keys.key, algorithm='RS256')}"
    if len(link) >= LONGEST_LINK:
        raise LinkTooLong(f"{len(link)} characters")
    return link


def _class_body(content: PassContent) -> dict[str, Any]:
    body: dict[str, Any] = {
        "issuerName": content.merchant,
        "provider": content.merchant,
        "title": content.title,
        "shortTitle": content.discount,
        "localizedShortTitle": _localized(content, content.discount),
        "details": content.text,
        "finePrint": content.terms,
        "redemptionChannel": "INSTORE",
        # The only status a new class may ask for; Google approves it by itself.
        "reviewStatus": "UNDER_REVIEW",
        "hexBackgroundColor": content.colour,
        "titleImage": _image(content.logo_url, of=content.merchant) if content.logo_url else None,
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
    }
    return {name: value for name, value in body.items() if value}


def _image(url: str, *, of: str) -> dict[str, Any]:
    return {"sourceUri": {"uri": url}, "contentDescription": {"defaultValue": {"language": "en", "value": of}}}


def _localized(content: PassContent, english: str) -> dict[str, Any]:
    translated = [
        {"language": language, "value": translations[english]}
        for language, translations in sorted(content.languages.items())
        if english in translations and language != "en"
    ]
    return {"defaultValue": {"language": "en", "value": english}, "translatedValues": translated}
