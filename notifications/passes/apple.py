"""A coupon as a pass of Apple Wallet: a signed archive of pass.json, images and strings.

The same content and keys give the same bytes but for the signature, which says when it was made.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from notifications.passes import drawing, words
from notifications.passes.apple_keys import AppleKeys
from notifications.passes.content import PassContent

MEDIA_TYPE = "application/vnd.apple.pkpass"


def pkpass(*, content: PassContent, keys: AppleKeys, now: datetime) -> bytes:
    """Raises AppleKeysUnusable when the certificate is not valid now."""
    keys.refuse_unless_valid(now=now)
    files = pass_files(content=content, keys=keys)
    manifest = manifest_of(files)
    return _archive({**files, "manifest.json": manifest, "signature": sign(manifest, keys=keys)})


def pass_files(*, content: PassContent, keys: AppleKeys) -> dict[str, bytes]:
    """Everything that the manifest lists."""
    body = pass_json(content=content, pass_type_id=keys.pass_type_id, team_id=keys.team_id)
    files = {"pass.json": _json(body), **drawing.images(content.colour)}
    if content.logo is not None:
        # One size for all screens: Wallet scales it, and a merchant gives us only one.
        files = {name: data for name, data in files.items() if not name.startswith("logo")}
        files["logo.png"] = content.logo
    for language, translations in content.languages.items():
        files[f"{language}.lproj/pass.strings"] = strings(translations)
    return files


def pass_json(*, content: PassContent, pass_type_id: str, team_id: str) -> dict[str, Any]:
    """Labels are the English words that the .strings files translate. Only plain `value`s: an `attributedValue` would
    be read as HTML."""
    ink = drawing.readable_on(content.colour)
    stores = "\n".join(store.name for store in content.stores)
    back: list[dict[str, str]] = [
        {"key": "text", "label": words.OFFER, "value": f"{content.title}\n{content.text}"},
        {"key": "terms", "label": words.TERMS, "value": content.terms},
        {"key": "where", "label": words.WHERE, "value": stores},
        {"key": "code", "label": words.CODE, "value": content.code_in_groups or ""},
    ]
    body: dict[str, Any] = {
        "formatVersion": 1,
        "passTypeIdentifier": pass_type_id,
        "teamIdentifier": team_id,
        "serialNumber": str(content.serial),
        "organizationName": content.merchant,
        "description": f"{content.merchant}: {content.title}",
        "logoText": content.merchant,
        "backgroundColor": _rgb(content.colour),
        "foregroundColor": _rgb(ink),
        "labelColor": _rgb(ink),
        "expirationDate": content.expires_at.isoformat(timespec="seconds"),
        "voided": content.voided,
        # The first showing of the code uses it up, so a pass is not passed on.
        "sharingProhibited": True,
        "coupon": {
            "primaryFields": [{"key": "discount", "label": content.title, "value": content.discount}],
            "auxiliaryFields": [
                {
                    "key": "expires",
                    "label": words.VALID_UNTIL,
                    "value": content.expires_at.isoformat(timespec="seconds"),
                    "dateStyle": "PKDateStyleMedium",
                    "timeStyle": "PKDateStyleShort",
                }
            ],
            "backFields": [field for field in back if field["value"]],
        },
    }
    if content.code:
        body["barcodes"] = [
            {
                "format": "PKBarcodeFormatQR",
                "message": content.code,
                "messageEncoding": "iso-8859-1",
                "altText": content.code_in_groups,
            }
        ]
    if content.nearby and not content.voided:
        # What is shown on the lock screen near a store. A used coupon keeps quiet.
        body["locations"] = [
            {
                "latitude": store.lat,
                "longitude": store.lon,
                "relevantText": f"{store.name}: {content.title}",
            }
            for store in content.nearby
        ]
    return body


def strings(translations: Mapping[str, str]) -> bytes:
    """Apple's .strings format, sorted."""
    lines = [f"{_quoted(key)} = {_quoted(value)};\n" for key, value in sorted(translations.items())]
    return "".join(lines).encode()


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """Apple names SHA-1 here; what protects the pass is the SHA-256 signature over this list."""
    return _json({name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, data in files.items()})


def sign(manifest: bytes, *, keys: AppleKeys) -> bytes:
    """PKCS#7, detached, DER. Signed attributes stay on: Wallet wants the signing time.

    Binary: without it every line feed is signed as CRLF, and the signature fits a manifest only while it is one line.
    """
    return (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(manifest)
        .add_signer(keys.certificate, keys.key, hashes.SHA256())
        .add_certificate(keys.wwdr)
        .sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])
    )


def _archive(files: Mapping[str, bytes]) -> bytes:
    """Stored, not deflated (images do not shrink, and Wallet is said to refuse it), and nothing that tells the day."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*drawing.rgb(colour))
