"""How a coupon looks in a phone's two wallets, from the same PassContent that the passes are made of."""

import base64
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import segno

from notifications import wallet_credentials
from notifications.passes import drawing
from notifications.passes.apple_keys import AppleKeysUnusable
from notifications.passes.content import PassContent


def face_of(content: PassContent, *, now: datetime) -> dict[str, Any]:
    """Texts as they are: the page writes them as text. The images are those inside the Apple pass."""
    images = drawing.images(content.colour)
    return {
        "merchant": content.merchant,
        "title": content.title,
        "text": content.text,
        "terms": content.terms,
        "discount": content.discount,
        "code": content.code_in_groups,
        "expires_at": content.expires_at.isoformat(),
        "stores": [store.name for store in content.stores],
        "voided": content.voided,
        "colour": content.colour,
        "ink": drawing.readable_on(content.colour),
        "images": {
            "logo": _png(content.logo or images["logo@3x.png"]),
            "strip": _png(images["strip@3x.png"]),
        },
        "apple": _keys(lambda: wallet_credentials.apple(now=now).self_made),
        "google": _keys(lambda: wallet_credentials.google().self_made),
    }


def qr_svg(code: str) -> bytes:
    """Black on white with a quiet zone of four modules: what scanners ask for, in a dark page too."""
    out = io.BytesIO()
    drawn = segno.make_qr(code, error="m")
    drawn.save(out, kind="svg", border=4, scale=8, dark="#000", light="#fff", xmldecl=False)
    return out.getvalue()


def _keys(self_made: Callable[[], bool]) -> dict[str, Any]:
    """Whether that wallet's passes can be made here. What is wrong with a key is said on the page, and stops nothing
    else."""
    try:
        return {"ready": True, "self_made": self_made(), "wrong": ""}
    except (AppleKeysUnusable, wallet_credentials.GoogleKeysUnusable, wallet_credentials.WalletNotConfigured) as wrong:
        return {"ready": False, "self_made": False, "wrong": str(wrong)}


def _png(image: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(image).decode()}"
