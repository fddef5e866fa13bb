"""A coupon for Google Wallet: class and object are put there, then the link is signed over their ids."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from geooffers.coupons import holdings, passes
from geooffers.coupons.models import Coupon, Vendor, WalletPass
from geooffers.shoppers.models import Shopper
from geooffers.usecases.passes import update_pass
from geooffers.usecases.passes.make_pass import content_of
from notifications import wallet_credentials
from notifications.channels.google_wallet import WalletRefused
from notifications.deliveries import settling
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
        keys, address = wallet_credentials.google(), wallet_credentials.save_address()
        wallet_pass = passes.find_or_make(
            coupon=coupon,
            vendor=Vendor.GOOGLE,
            now=now,
            template=google.class_id(content=content, issuer=keys.issuer),
        )
        if not passes.says_already(wallet_pass=wallet_pass, digest=content.digest()):
            _tell_google(coupon=coupon, wallet_pass=wallet_pass, keys=keys, now=now)
    except (wallet_credentials.GoogleKeysUnusable, WalletRefused) as unusable:
        log.error("no Google pass can be made: %s", unusable)
        raise
    link = google.save_link(
        object_id=google.object_id(serial=wallet_pass.serial, issuer=keys.issuer),
        class_id=wallet_pass.template,
        keys=keys,
        now=now,
        address=address,
    )
    return SaveLink(address=link, self_made=keys.self_made)


def _tell_google(*, coupon: Coupon, wallet_pass: WalletPass, keys: google.GoogleKeys, now: datetime) -> None:
    """The till may redeem the coupon at this very moment, and Google may get that update before this one.

    So an update is owed first, for when we are done in any case; then the coupon is read again, and told. An update
    that was owed once more meanwhile stays owed, and so does ours should Google not answer, or we die.
    """
    client = wallet_credentials.google_wallet()
    with transaction.atomic():
        passes.lock_coupon(coupon=coupon)
        (owed,) = update_pass.owe_update(coupon=coupon, now=now, after_a_save=True)
    update = update_pass.update_of(coupon_id=coupon.pk, serial=wallet_pass.serial, now=now)
    if update.content is None:
        raise holdings.NoSuchCoupon
    class_id = wallet_pass.template
    client.put(
        offer_class=google.offer_class(content=update.content, id=class_id),
        offer_object=google.offer_object(content=update.content, issuer=keys.issuer, class_id=class_id),
    )
    update_pass.remember(update=update, now=now)
    settling.settle_told(delivery=owed, reason="told_at_the_click", now=now)
