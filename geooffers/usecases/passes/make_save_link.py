"""A coupon for Google Wallet: class and object are put there, then the link is signed over their ids."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geooffers.coupons import holdings, passes
from geooffers.coupons.models import Vendor
from geooffers.shoppers.models import Shopper
from geooffers.usecases.passes.make_pass import content_of
from notifications import wallet_credentials
from notifications.channels.google_wallet import WalletRefused
from notifications.passes import google

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SaveLink:
    address: str
    # It leads to the sandbox, and its signature is worth nothing to Google.
    self_made: bool


def make_save_link(*, shopper: Shopper, coupon_id: UUID, now: datetime) -> SaveLink:
    """1. The row of the pass, which knows the class it was first saved with.
    2. Google is told what is new, if anything is; no transaction is open, and five seconds are all it gets.
    3. What was told is remembered, and the link is signed.

    Asked again, it tells Google again only what has changed, so a repeated click costs nothing.
    """
    coupon = holdings.coupon_of(shopper=shopper, coupon_id=coupon_id)
    content = content_of(coupon=coupon, now=now)
    try:
        keys, client, address = (
            wallet_credentials.google(),
            wallet_credentials.google_wallet(),
            wallet_credentials.save_address(),
        )
        wallet_pass = passes.find_or_make(
            coupon=coupon,
            vendor=Vendor.GOOGLE,
            now=now,
            template=google.class_id(content=content, issuer=keys.issuer),
        )
        class_id = wallet_pass.template
        offer_object = google.offer_object(content=content, issuer=keys.issuer, class_id=class_id)
        digest = content.digest()
        if not passes.says_already(wallet_pass=wallet_pass, digest=digest):
            client.put(offer_class=google.offer_class(content=content, id=class_id), offer_object=offer_object)
            passes.remember(wallet_pass=wallet_pass, digest=digest, now=now)
    except (wallet_credentials.GoogleKeysUnusable, WalletRefused) as unusable:
        log.error("no Google pass can be made: %s", unusable)
        raise
    link = google.save_link(object_id=offer_object["id"], class_id=class_id, keys=keys, now=now, address=address)
    return SaveLink(address=link, self_made=keys.self_made)
