"""What shoppers and staff do while somebody is being erased."""

from datetime import timedelta
from hashlib import sha256

from geooffers.redemptions.models import Redemption
from geooffers.shoppers.models import Device
from geooffers.usecases.identity import sign_in
from geooffers.usecases.till.redeem_coupon import redeem_coupon
from merchants.models import ApiKey
from merchants.people.access import Scanner
from tests.cast import NOON
from tests.walker import AT_AINO, Walker, fix

LATER = NOON + timedelta(minutes=1)


def enter(walker: Walker) -> int:
    return walker.send(fix(LATER, AT_AINO), now=LATER).status_code


def redeem(code: str, till: ApiKey) -> Redemption:
    return redeem_coupon(
        text=code, scanned_by=Scanner(api_key=till), store_id=None, nonce="scan-1", now=LATER
    ).redemption


def enter_account(device: Device, uid: str) -> sign_in.SignedIn:
    return sign_in.sign_in(
        device_id=device.pk,
        shown_hash=bytes(device.token_hash),
        new_hash=sha256(f"next-{device.pk}".encode()).digest(),
        firebase_uid=uid,
        now=LATER,
    )
