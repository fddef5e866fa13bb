"""Two phones of one shopper ask for the same pass at once; and nobody waits for Google with a transaction open."""

import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from geooffers.coupons import passes
from geooffers.coupons.models import Vendor, WalletPass
from geooffers.usecases.passes.make_save_link import make_save_link
from notifications.sandbox.keys import load_keys
from tests.cast import NOON, make_coupon, make_offer, make_shopper, make_store
from tests.races.together import Another, together
from tests.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]


@pytest.fixture
def coupon(transactional_db):
    return make_coupon(make_offer(make_store()), shopper=make_shopper())


def find_or_make(coupon):
    return passes.find_or_make(coupon=coupon, vendor=Vendor.APPLE, now=NOON)


def test_many_first_requests_make_one_row(coupon) -> None:
    made = together(*[lambda: find_or_make(coupon)] * 8)
    assert {each.pk for each in made} == {WalletPass.objects.get().pk}


def test_two_phones_that_fetch_one_change_make_one_version(coupon) -> None:
    assert versions_after_two(coupon, passes.remember) == 1


def test_without_the_condition_they_would_make_two(coupon) -> None:
    def unguarded(*, wallet_pass, digest, now):
        WalletPass.objects.filter(pk=wallet_pass.pk).update(said=digest, version=F("version") + 1, changed_at=now)

    assert versions_after_two(coupon, unguarded) == 2


def versions_after_two(coupon, remember) -> int:
    """The second comes while the first has not committed, and waits for it."""
    row = find_or_make(coupon)
    with transaction.atomic():
        remember(wallet_pass=row, digest=b"x" * 32, now=NOON)
        second = Another(lambda: remember(wallet_pass=row, digest=b"x" * 32, now=NOON + timedelta(seconds=1)))
        second.wait_until_waiting()
    second.result()
    row.refresh_from_db()
    return row.version


def idle_in_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("wrapped", [False, True])
def test_no_transaction_is_open_while_google_is_asked(coupon, settings, tmp_path, wrapped) -> None:
    """The twin wraps the use case in a transaction: then one is open for as long as Google takes."""
    sandbox = RunningSandbox(load_keys(folder=tmp_path))
    try:
        settings.SANDBOX_DIR, settings.SANDBOX_URL = tmp_path, sandbox.url
        sandbox.order({"endpoint": "wallet", "kind": "slow", "seconds": 1.0})

        def ask():
            link = make_save_link(shopper=coupon.shopper, coupon_id=coupon.pk, now=NOON)
            return link.address

        asking = Another(transaction.atomic(ask) if wrapped else ask)
        seen = []
        while not asking.is_done:
            if sandbox.overview()["faults_left"] == 0:  # Google has been asked and takes its time
                seen.append(idle_in_transaction())
            time.sleep(0.02)
        assert asking.result()
        assert len(seen) > 3
        assert max(seen) == (1 if wrapped else 0)
    finally:
        sandbox.close()
