"""What is this coupon worth, and would it be honoured here now? Asked before redeeming; changes nothing."""

from datetime import datetime
from uuid import UUID

from geooffers.coupons import codes
from geooffers.coupons.models import Coupon
from geooffers.redemptions import redeeming
from merchants.people import access


def look_up_coupon(*, text: str, scanned_by: access.Scanner, store_id: UUID | None, now: datetime) -> Coupon:
    """Refuses as a redemption would, and keeps the refused scan as well: here is where guessing would begin."""
    code = codes.read(text)
    store = access.store_for_scanner(scanned_by, store_id=store_id)
    try:
        return redeeming.look_up(code=code, store=store, now=now)
    except redeeming.Refused as refusal:
        redeeming.keep_refused_scan(refusal=refusal, store=store, scanned_by=scanned_by, now=now)
        raise
