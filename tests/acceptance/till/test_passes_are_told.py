"""What the till does to a coupon shows on its pass at Google within seconds: over HTTP, with the worker's send task.

The clock is ours: what is asked is when the worker comes back, not how fast this machine is.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from geooffers.api.edge import clock
from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon, WalletPass
from geooffers.usecases.passes import update_pass
from geooffers.worker import send
from merchants.models import Offer
from notifications.channels import configured
from notifications.deliveries import claiming, settling
from notifications.models import Channel, Delivery, DeliveryState, Kind
from notifications.sandbox.keys import load_keys
from tests.acceptance.till.tills import Till, code_of
from tests.cast import NOON, make_coupon, make_device, make_shopper
from tests.phone import Phone
from tests.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db, pytest.mark.both]

POLL = timedelta(seconds=1)  # of a worker with nothing to do
SAVED = NOON - timedelta(minutes=1)


@pytest.fixture
def sandbox(settings, tmp_path) -> Iterator[RunningSandbox]:
    running = RunningSandbox(load_keys(folder=tmp_path))
    settings.SANDBOX_DIR, settings.SANDBOX_URL = tmp_path, running.url
    yield running
    running.close()


@pytest.fixture
def coupon(offer: Offer) -> Coupon:
    return make_coupon(offer, shopper=make_shopper(), now=SAVED)


@pytest.fixture
def phone(coupon: Coupon) -> Phone:
    phone = Phone()
    make_device(coupon.shopper, token=phone.token, push_address="fid-aino")
    return phone


@pytest.fixture
def saved(sandbox: RunningSandbox, phone: Phone, coupon: Coupon) -> Coupon:
    """It is in Google's wallet."""
    with clock.set_to(SAVED):
        assert phone.call("POST", f"/coupons/{coupon.pk}/google-save-link").status_code == 200
    return coupon


def tell(*, at: datetime) -> Counter[str]:
    return send.send_due(transport=configured.wallet_transport(), clock=lambda: at).counts


def worked_until_nothing_waits(*, since: datetime) -> datetime:
    """As the worker does: it comes by at its poll, and then when the next delivery is due. When it was done."""
    at = done_at = since + POLL
    while True:
        batch = send.send_due(transport=configured.wallet_transport(), clock=lambda at=at: at)
        if batch.counts:
            done_at = at
        elif batch.next_at is None:
            return done_at
        else:
            at = max(at, min(batch.next_at, at + POLL))


def the_update() -> Delivery:
    return Delivery.objects.get(channel=Channel.GOOGLE_WALLET)


def held_by_google(sandbox: RunningSandbox) -> dict:
    (held,) = sandbox.passes().values()
    return held


@pytest.mark.parametrize("bad_days", [0, 1, 2])
def test_a_redeemed_coupon_is_completed_at_google_within_five_seconds(sandbox, saved, till: Till, bad_days) -> None:
    assert held_by_google(sandbox)["barcode"]["value"] == keyring.code_of(saved).symbols
    sandbox.order(*[{"endpoint": "wallet", "kind": "unavailable"}] * bad_days)
    assert till.redeem(code_of(saved)).status_code == 201
    done_at = worked_until_nothing_waits(since=NOON)
    assert done_at <= NOON + timedelta(seconds=5)
    now = held_by_google(sandbox)
    assert (now["state"], "barcode" in now, now["merchantLocations"]) == ("COMPLETED", False, [])
    told = the_update()
    assert (told.state, told.attempts, told.settled_at) == (DeliveryState.SENT, bad_days + 1, done_at)
    assert told.provider_id == now["id"]


def test_the_same_when_google_took_it_and_its_answer_went_wrong(sandbox, saved, till: Till) -> None:
    sandbox.order({"endpoint": "wallet", "kind": "reset", "times": 1, "accepted": True})
    till.redeem(code_of(saved))
    worked_until_nothing_waits(since=NOON)
    assert the_update().state == DeliveryState.SENT
    assert sandbox.states_told() == ["ACTIVE", "COMPLETED", "COMPLETED"]


def test_a_pause_that_google_asks_for_is_kept_also_when_there_is_more_to_tell(sandbox, saved, till: Till) -> None:
    sandbox.order({"endpoint": "wallet", "kind": "quota"})  # Retry-After: 7
    till.redeem(code_of(saved))
    assert tell(at=NOON) == {"retry": 1}
    update_pass.owe_update(coupon=saved, now=NOON + timedelta(seconds=1))
    assert the_update().not_before >= NOON + timedelta(seconds=7)
    assert tell(at=NOON + timedelta(seconds=6)) == {}
    assert tell(at=NOON + timedelta(seconds=10)) == {"sent": 1}


def test_a_till_that_asks_again_or_is_refused_owes_nothing_more(sandbox, saved, till: Till) -> None:
    till.redeem(code_of(saved), key="scan-1")
    tell(at=NOON)
    before = the_update()
    assert till.redeem(code_of(saved), key="scan-1").status_code in (200, 201)
    assert till.redeem(code_of(saved), key="scan-2").status_code == 409
    assert (the_update().renewals, the_update().state) == (before.renewals, DeliveryState.SENT)


def test_what_was_told_is_remembered_and_a_later_click_tells_google_nothing(sandbox, saved, phone, till: Till) -> None:
    till.redeem(code_of(saved))
    tell(at=NOON)
    told = sandbox.states_told()
    with clock.set_to(NOON + POLL):
        assert phone.call("POST", f"/coupons/{saved.pk}/google-save-link").status_code == 200
    assert sandbox.states_told() == told
    assert WalletPass.objects.get().version == 2


def test_owed_again_while_a_worker_has_it_it_is_told_once_more(sandbox, saved, till: Till) -> None:
    """The till honours the coupon after the worker asked what is true, and before Google took that."""
    update_pass.owe_update(coupon=saved, now=NOON)
    transport = configured.wallet_transport()
    (claimed,) = claiming.claim(channel=transport.channel, limits=transport.limits, now=NOON, guards={})
    update = update_pass.update_of(coupon_id=saved.pk, serial=UUID(claimed.address), now=NOON)
    assert till.redeem(code_of(saved)).status_code == 201
    assert tell(at=NOON) == {}, "no other worker takes it meanwhile"
    transport.send(message=update, now=NOON)
    assert settling.settle_sent(claimed=claimed, provider_id="", now=NOON)
    assert held_by_google(sandbox)["state"] == "ACTIVE", "as it was when it was asked"
    assert the_update().state == DeliveryState.READY
    assert tell(at=NOON) == {"sent": 1}
    assert (held_by_google(sandbox)["state"], the_update().state) == ("COMPLETED", DeliveryState.SENT)


def test_a_wrong_key_waits_for_the_operator_and_what_google_refuses_ends_with_a_reason(sandbox, saved, till) -> None:
    till.redeem(code_of(saved))
    sandbox.order({"endpoint": "wallet", "kind": "mismatch"})  # any 403
    assert tell(at=NOON) == {"retry": 1}
    assert (the_update().reason, the_update().not_before >= NOON + timedelta(seconds=60)) == ("configuration", True)
    sandbox.order({"endpoint": "wallet", "kind": "invalid"})
    assert tell(at=NOON + timedelta(minutes=2)) == {"dead": 1}
    assert the_update().reason == "payload_refused"


def test_an_apple_pass_is_owed_nothing_yet(sandbox, phone, coupon, till: Till) -> None:
    with clock.set_to(SAVED):
        assert phone.call("GET", f"/coupons/{coupon.pk}/pass.pkpass").status_code == 200
    till.redeem(code_of(coupon))
    assert set(Delivery.objects.values_list("channel", "message__kind")) == {(Channel.FCM, Kind.COUPON_REDEEMED)}


def test_a_coupon_that_nobody_saved_costs_the_till_one_question_more(coupon, till: Till) -> None:
    assert till.redeem(code_of(coupon)).status_code == 201
    assert not Delivery.objects.filter(channel=Channel.GOOGLE_WALLET).exists()
