"""kill -9 of an erasure between its tombstone and its commit: nobody was answered, and it binds all the same."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from geooffers.coupons.models import Coupon, CouponState
from geooffers.redemptions import books
from geooffers.shoppers.models import Device, Shopper, Tombstone
from geooffers.shoppers.privacy import tombstone_file, tombstones
from tests.cast import make_coupon, make_device, make_offer, make_store
from tests.conftest import ROOT
from tests.crashes.worker_process import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql"), pytest.mark.both]

ERASE = """
import sys, django
django.setup()
from datetime import UTC, datetime
from uuid import UUID
from geooffers.shoppers.models import Device
from geooffers.usecases.privacy import erase_shopper
device = Device.objects.get(pk=UUID(sys.argv[1]))
erase_shopper.erase_shopper(
    device_id=device.pk, shown_hash=bytes(device.token_hash), now=datetime.now(UTC)
)
"""


def start(device: Device, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-c", ERASE, str(device.pk)],
            cwd=ROOT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "geooffers.settings",
                "GEOOFFERS_SANDBOX": "1",
                "GEOOFFERS_TOMBSTONES": str(settings.TOMBSTONES),
                "DATABASE_URL": database_url(),
            },
            stdout=out,
            stderr=out,
        )


def test_killed_between_the_tombstone_and_the_commit(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    phone = make_device(now=now)
    offer = make_offer(make_store(), starts_at=now, ends_at=now.replace(year=now.year + 1))
    make_coupon(offer, shopper=phone.shopper, now=now)
    with transaction.atomic(), connection.cursor() as cursor:
        # The tombstone is on the disk; its mirror waits for this lock.
        cursor.execute("LOCK TABLE shoppers_tombstone IN EXCLUSIVE MODE")
        erasure = start(phone, tmp_path / "log")
        until = time.monotonic() + 60
        while not tombstone_file.read(path=settings.TOMBSTONES):
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            assert erasure.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.02)
        erasure.kill()
        erasure.wait(10)
    assert Device.objects.get() == phone, "nothing was committed"
    assert Coupon.objects.get().state == CouponState.OPEN
    assert not Tombstone.objects.exists()
    with pytest.raises(tombstones.NotCaughtUp):
        tombstones.refuse_unless_caught_up(now=now)
    call_command("applytombstones")
    tombstones.refuse_unless_caught_up(now=now)
    assert not Device.objects.exists()
    assert not Shopper.objects.exists()
    assert Coupon.objects.get().state == CouponState.EXPIRED
    assert books.check_books() == []
    call_command("runworker", "--once")
