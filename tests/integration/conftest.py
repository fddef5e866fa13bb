"""A coupon that waits to be announced, and a worker to announce it."""

import threading
from datetime import datetime, timedelta

import pytest

from geooffers.coupons.models import Coupon
from geooffers.worker.runner import Worker
from notifications.channels import configured, fcm
from notifications.messages import owing
from notifications.models import Kind
from tests.cast import NOON, make_coupon, make_device, make_offer, make_store
from tests.running_sandbox import RunningSandbox

SOON = NOON + timedelta(seconds=1)


@pytest.fixture
def announced() -> Coupon:
    """A coupon whose push waits."""
    phone = make_device(push_address="fid-aino")
    coupon = make_coupon(make_offer(make_store()), shopper=phone.shopper)
    owing.owe(
        kind=Kind.COUPON_ISSUED,
        shopper=phone.shopper,
        subject=coupon.pk,
        title=coupon.title,
        body=coupon.text,
        expires_at=coupon.expires_at,
        now=NOON,
    )
    return coupon


def make_worker(sandbox: RunningSandbox, *, now: datetime = SOON) -> Worker:
    return Worker(
        transport=sandbox.transport(),
        clock=lambda: now,
        stop=threading.Event(),
        batch=10,
        connections=4,
        lease_s=fcm.LIMITS.lease_s,
        wallet=configured.wallet_transport(),
    )
