"""Passes of erased shoppers end at the vendor, too. The row of the pass is the queue: told, it goes."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from geooffers.coupons import passes
from geooffers.coupons.models import WalletPass
from geooffers.usecases.passes.make_pass import content_of
from notifications import wallet_credentials
from notifications.channels import google_wallet
from notifications.passes import google

log = logging.getLogger(__name__)

# A save link that is being made while its shopper is erased tells Google for so long, and must not have the last word.
AFTER = timedelta(seconds=2 * google_wallet.DEADLINE_S)


def void_passes(*, now: datetime, limit: int) -> int:
    """How many were voided. What the vendor does not take now waits behind the others for the next round."""
    owed = passes.to_void(since_before=now - AFTER, limit=limit)
    if not owed:
        return 0
    try:
        keys, client = wallet_credentials.google(), wallet_credentials.google_wallet()
    except (wallet_credentials.GoogleKeysUnusable, wallet_credentials.WalletNotConfigured) as unusable:
        log.error("%d wallet passes of erased shoppers wait to be voided: %s", len(owed), unusable)
        return 0
    voided = 0
    for wallet_pass in owed:
        try:
            _tell(wallet_pass, keys=keys, client=client, now=now)
        except google_wallet.WalletUnavailable:
            log.warning("Google Wallet does not answer; %d passes wait to be voided", len(owed) - voided)
            break
        except google_wallet.WalletRefused as refused:
            log.error("a wallet pass of an erased shopper cannot be voided: %s", refused)
            passes.try_again_later(wallet_pass=wallet_pass, now=now)
            continue
        passes.voided(wallet_pass=wallet_pass)
        voided += 1
    return voided


def _tell(
    wallet_pass: WalletPass, *, keys: google.GoogleKeys, client: google_wallet.GoogleWallet, now: datetime
) -> None:
    """As a used one, with no stores to be near to. What a PATCH does not name stays, so the code is written over."""
    content = content_of(coupon=wallet_pass.coupon, now=now)
    void = replace(content, voided=True, code=None, code_in_groups=None, stores=())
    body = google.offer_object(content=void, issuer=keys.issuer, class_id=wallet_pass.template)
    body["barcode"] = {"type": "QR_CODE", "value": "void"}
    client.put(offer_class=google.offer_class(content=void, id=wallet_pass.template), offer_object=body)
