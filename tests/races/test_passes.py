"""Two phones of one shopper ask for the same pass at once; and nobody waits for Google with a transaction open."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from geooffers.coupons import keyring, passes
from geooffers.coupons.models import Coupon, Vendor, WalletPass
from geooffers.usecases.passes import update_pass
from geooffers.usecases.passes.make_save_link import make_save_link
from geooffers.usecases.till.redeem_coupon import redeem_coupon
from geooffers.worker import send
from merchants.people.access import Scanner
from merchants.people.keys import SCOPES, make_key
from notifications.channels import configured
from notifications.deliveries import settling
from notifications.models import Delivery, DeliveryState
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
    def unguarded(*, vendor, serial, digest, now):
        WalletPass.objects.filter(serial=serial).update(said=digest, version=F("version") + 1, changed_at=now)

    assert versions_after_two(coupon, unguarded) == 2


def versions_after_two(coupon, remember) -> int:
    """The second comes while the first has not committed, and waits for it."""
    row = find_or_make(coupon)
    with transaction.atomic():
        remember(vendor=row.vendor, serial=row.serial, digest=b"x" * 32, now=NOON)
        later = NOON + timedelta(seconds=1)
        second = Another(lambda: remember(vendor=row.vendor, serial=row.serial, digest=b"x" * 32, now=later))
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


# -- a save link and a till


@pytest.fixture
def sandbox(settings, tmp_path) -> Iterator[RunningSandbox]:
    running = RunningSandbox(load_keys(folder=tmp_path))
    settings.SANDBOX_DIR, settings.SANDBOX_URL = tmp_path, running.url
    yield running
    running.close()


def states_after_a_redemption_while_google_is_asked(coupon: Coupon, sandbox: RunningSandbox) -> list[str]:
    """The click has read a coupon that can be used, and Google takes its time. The till honours it, the worker tells so
    if it may, and then the click arrives there. Afterwards the worker has all the time there is."""
    till = Scanner(api_key=make_key(store=coupon.offer.merchant.stores.get(), name="till", scopes=SCOPES)[0])
    sandbox.order({"endpoint": "wallet", "kind": "held"})
    click = Another(lambda: make_save_link(shopper=coupon.shopper, coupon_id=coupon.pk, now=NOON))
    while sandbox.overview()["faults_left"]:
        time.sleep(0.02)
    redeem_coupon(text=str(keyring.code_of(coupon)), scanned_by=till, store_id=None, nonce="scan-1", now=NOON)
    transport = configured.wallet_transport()
    send.send_due(transport=transport, clock=lambda: NOON + timedelta(seconds=1))
    sandbox.order()
    assert click.result()
    while send.send_due(transport=transport, clock=lambda: NOON + timedelta(minutes=1)).counts:
        pass
    return sandbox.states_told()


def test_a_click_that_is_late_does_not_have_the_last_word(coupon, sandbox) -> None:
    assert states_after_a_redemption_while_google_is_asked(coupon, sandbox)[-1] == "COMPLETED"


def test_without_looking_whether_there_is_more_to_tell_it_would(coupon, sandbox, monkeypatch) -> None:
    def unguarded(*, delivery, reason, now) -> bool:
        same = Delivery.objects.filter(pk=delivery.pk)
        return same.update(state=DeliveryState.SENT, reason=reason, settled_at=now) == 1

    monkeypatch.setattr(settling, "settle_told", unguarded)
    assert states_after_a_redemption_while_google_is_asked(coupon, sandbox)[-1] == "ACTIVE"


def test_two_who_owe_a_pass_at_once_owe_it_once_and_both_are_counted(coupon) -> None:
    passes.find_or_make(coupon=coupon, vendor=Vendor.GOOGLE, now=NOON)
    together(*[lambda: update_pass.owe_update(coupon=coupon, now=NOON)] * 4)
    assert Delivery.objects.get().renewals == 4
