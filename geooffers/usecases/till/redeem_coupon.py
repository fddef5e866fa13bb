"""A scan at the till becomes a redemption. docs/redemption.md draws this walk; update that page too."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from geooffers.coupons import codes
from geooffers.redemptions import redeeming
from geooffers.redemptions.redeeming import Redeemed
from geooffers.usecases.passes import update_pass
from merchants.people import access
from notifications.messages import cancelling, owing
from notifications.models import Kind

# A phone that was off learns of it from the coupon list; a day later nobody needs the message.
WORTH_TELLING_FOR = timedelta(days=1)


def redeem_coupon(
    *, text: str, scanned_by: access.Scanner, store_id: UUID | None, nonce: str, now: datetime
) -> Redeemed:
    """1. What was scanned is read; a wrong check symbol ends here, before any query.
    2. May this person or key scan here?
    3. One transaction: the coupon is locked, judged, redeemed; ledger and budget move; the shopper's phones are owed
       a silent message, an unsent push about the coupon is called back, and a pass that Google holds is owed an update.
    4. A refusal rolled that back, and is then written down for itself.
    """
    code = codes.read(text)
    store = access.store_for_scanner(scanned_by, store_id=store_id)
    try:
        with transaction.atomic():
            redeemed = redeeming.redeem(code=code, store=store, scanned_by=scanned_by, nonce=nonce, now=now)
            if not redeemed.replayed:
                _tell_the_phones(redeemed, now=now)
                update_pass.owe_update(coupon=redeemed.redemption.coupon, now=now)
    except redeeming.Refused as refusal:
        redeeming.keep_refused_scan(refusal=refusal, store=store, scanned_by=scanned_by, now=now)
        raise
    return redeemed


def _tell_the_phones(redeemed: Redeemed, *, now: datetime) -> None:
    coupon = redeemed.redemption.coupon
    cancelling.cancel_subject(subject=coupon.pk, reason="redeemed", now=now)
    if coupon.shopper is not None:
        owing.owe(
            kind=Kind.COUPON_REDEEMED,
            shopper=coupon.shopper,
            subject=coupon.pk,
            expires_at=now + WORTH_TELLING_FOR,
            now=now,
        )
