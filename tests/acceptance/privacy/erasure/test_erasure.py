"""A shopper ends it: what goes at once, what goes within the day, what stays, and what the phone is told."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from geooffers.api.edge import clock
from geooffers.callers.models import RateCount, StoredReply
from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon, CouponState, ShopperOfferCount, WalletPass
from geooffers.decisions.models import Decision
from geooffers.redemptions import books
from geooffers.redemptions.models import Redemption, RefusedScan
from geooffers.shoppers.models import Age, ConsentReceipt, ConsentState, DataRequest, Device, Shopper
from geooffers.shoppers.privacy import tombstone_file
from geooffers.visits.models import DeviceState, Presence, Visit
from geooffers.worker import send
from geooffers.worker.tasks import erase
from merchants.models import Offer, OfferBudget, Store
from merchants.people import keys
from notifications.channels import configured
from notifications.models import Channel, Delivery
from notifications.sandbox.keys import load_keys
from tests.acceptance.privacy.erasure.asking import LATER, erased
from tests.cast import NOON, make_shopper, moved
from tests.phone import make_token
from tests.running_sandbox import RunningSandbox
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def scan(store: Store, code: str, *, nonce: str = "scan-1", key: str) -> HttpResponse:
    with clock.set_to(LATER):
        return Client().post(
            "/api/v1/redemptions",
            {"code": code},
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": nonce},
        )


@pytest.fixture
def till(aino: Offer) -> str:
    _, key = keys.make_key(store=aino.merchant.stores.get(), name="till", scopes=list(keys.SCOPES))
    return key


def test_what_is_live_goes_at_once(walker: Walker, aino: Offer) -> None:
    Shopper.objects.update(
        age=Age.ADULT,
        jurisdiction="FI-01",
        paused_from=NOON - timedelta(hours=2),
        paused_until=NOON - timedelta(hours=1),
    )
    answer = erased(walker)
    assert answer.status_code == 202
    assert answer.json()["erased_at"] == "2026-06-02T12:10:00Z"
    assert answer.json()["complete_by"] == "2026-06-03T12:10:00Z"
    for model in (Device, DeviceState, Presence, ConsentState, Delivery, StoredReply, RateCount):
        assert not model.objects.exists(), model
    coupon = Coupon.objects.get()
    assert (coupon.shopper, coupon.visit, coupon.state) == (None, None, CouponState.EXPIRED)
    assert OfferBudget.objects.get(offer=aino).reserved == 0
    assert books.check_books() == []
    shopper = Shopper.objects.get()
    assert (bytes(shopper.ledger_key), shopper.firebase_uid, shopper.language) == (b"", None, "")
    assert (shopper.age, shopper.jurisdiction) == (Age.UNKNOWN, "")
    assert (shopper.paused_from, shopper.paused_until) == (None, None)
    assert not Visit.objects.filter(ended_at=None).exists()


def test_the_rest_goes_by_the_round_and_nothing_points_at_anybody(walker: Walker) -> None:
    request_id = erased(walker).json()["request_id"]
    assert Visit.objects.exists()
    assert Decision.objects.exists()
    assert ShopperOfferCount.objects.exists()
    assert DataRequest.objects.get().done_at is None
    assert erase.run(now=LATER + timedelta(minutes=1), limit=100) > 0
    for model in (Visit, Decision, ShopperOfferCount, Shopper):
        assert not model.objects.exists(), model
    request = DataRequest.objects.get()
    assert (str(request.pk), request.done_at) == (request_id, LATER + timedelta(minutes=1))
    assert request.rows["visits"] == request.rows["open coupons released"] == request.rows["devices"] == 1
    assert erase.run(now=LATER, limit=100) == 0
    assert books.check_books() == []


def test_the_round_takes_small_bites(walker: Walker) -> None:
    for day in range(1, 4):
        walker.be_at(DOWN_THE_STREET, NOON + timedelta(days=day))
        walker.be_at(AT_AINO, NOON + timedelta(days=day, minutes=1))
    erased(walker, now=NOON + timedelta(days=4))
    assert (Visit.objects.count(), Decision.objects.count()) == (4, 4)
    while erase.run(now=LATER, limit=2) >= 2:
        pass
    assert not Shopper.objects.exists()
    assert DataRequest.objects.get().rows["decisions"] == 4


def test_the_erased_token_gets_the_same_answer_again_and_no_other(walker: Walker) -> None:
    first = erased(walker)
    again = erased(walker, now=LATER + timedelta(days=34))
    assert (again.status_code, again.json()) == (202, first.json())
    for method, path in (
        ("GET", "/coupons"),
        ("GET", "/consents"),
        ("POST", "/positions"),
        ("PUT", "/devices/me/push"),
    ):
        with clock.set_to(LATER):
            refused = walker.phone.call(method, path, {})
        assert (refused.status_code, refused.json()["code"]) == (401, "erased"), path
    sign_in = walker.phone.call("POST", "/sign-in", {"id_token": "x", "new_token": make_token()})
    assert sign_in.json()["code"] == "token_unknown", "asked today, months after the story"
    late = erased(walker, now=LATER + timedelta(days=36))
    assert (late.status_code, late.json()["code"]) == (401, "token_unknown")


def test_the_round_changes_nothing_about_that_answer(walker: Walker) -> None:
    first = erased(walker)
    erase.run(now=LATER, limit=100)
    assert erased(walker).json() == first.json()


def test_an_unknown_token_erases_nobody(walker: Walker) -> None:
    walker.phone.token = make_token()
    refused = erased(walker)
    assert (refused.status_code, refused.json()["code"]) == (401, "token_unknown")
    assert Device.objects.exists()
    assert tombstone_file.read(path=settings.TOMBSTONES) == []


def test_an_erased_phone_comes_back_as_somebody_new_with_a_new_token(walker: Walker) -> None:
    walker.phone.install_id = str(walker.device.install_id)
    erased(walker)
    refused = walker.phone.register()
    assert (refused.status_code, refused.json()["code"]) == (409, "token_taken")
    walker.phone.token = make_token()
    assert walker.phone.register().status_code == 201
    assert walker.phone.call("GET", "/coupons").json()["coupons"] == []


def test_what_remains_of_a_receipt_is_purpose_text_time_and_a_pseudonym(walker: Walker) -> None:
    walker.phone.withdraw("analytics")
    walker.phone.withdraw("marketing_push")
    ConsentReceipt.objects.update(locale="fi-AX")
    before = dict(ConsentReceipt.objects.values_list("pk", "at"))
    erased(walker)
    receipts = list(ConsentReceipt.objects.all())
    assert {receipt.pk: receipt.at for receipt in receipts} == before
    assert {receipt.purpose for receipt in receipts} == {"analytics", "marketing_push"}
    for receipt in receipts:
        assert (receipt.shopper, receipt.device) == (None, None)
        assert (receipt.source, receipt.app_version, receipt.locale) == ("", "", "")
        assert receipt.text.purpose == receipt.purpose
    assert len({bytes(receipt.pseudonym) for receipt in receipts}) == 1


def test_every_phone_of_the_shopper_goes_and_nobody_elses(walker: Walker, aino: Offer) -> None:
    second = Walker(shopper=walker.device.shopper)
    other = Walker()
    other.be_at(AT_AINO, NOON)
    answer = erased(second)
    assert erased(walker).json() == answer.json()
    assert [device.pk for device in Device.objects.all()] == [other.device.pk]
    assert Coupon.objects.filter(shopper=other.device.shopper, state=CouponState.OPEN).count() == 1
    assert Delivery.objects.get().shopper == other.device.shopper
    assert OfferBudget.objects.get(offer=aino).reserved == 1
    assert books.check_books() == []


def test_a_redemption_stays_in_the_books_under_a_pseudonym_without_a_key(
    walker: Walker, aino: Offer, till: str
) -> None:
    code = str(keyring.code_of(Coupon.objects.get()))
    store = aino.merchant.stores.get()
    first = scan(store, code, key=till)
    assert first.status_code == 201
    erased(walker)
    erase.run(now=LATER, limit=100)
    redemption = Redemption.objects.get()
    assert redemption.coupon.shopper is None
    assert moved(redemption.coupon) == ["free -> reserved", "reserved -> redeemed"]
    assert books.check_books() == []
    # The till never saw the answer to its scan: the same key, the same answer, also now.
    again = scan(store, code, key=till)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    # And the photograph of a code is nobody's.
    photo = scan(store, code, nonce="scan-2", key=till)
    assert (photo.status_code, photo.json()["code"]) == (404, "unknown_code")
    assert RefusedScan.objects.get().coupon is None


def test_an_open_coupon_of_an_erased_shopper_is_nobodys_at_the_till(walker: Walker, aino: Offer, till: str) -> None:
    code = str(keyring.code_of(Coupon.objects.get()))
    erased(walker)
    refused = scan(aino.merchant.stores.get(), code, key=till)
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_code")
    assert RefusedScan.objects.get().coupon is None
    other = Walker()
    assert other.be_at(AT_AINO, LATER)["coupons"], "its place went to somebody else"


@pytest.fixture
def wallets(settings, tmp_path) -> Iterator[RunningSandbox]:
    """The look-alike of Google Wallet, with keys of its own."""
    settings.SANDBOX_DIR = tmp_path / "sandbox"
    running = RunningSandbox(load_keys(folder=settings.SANDBOX_DIR))
    settings.SANDBOX_URL = running.url
    yield running
    running.close()


def test_a_pass_is_void_in_our_books_at_once_and_at_the_vendor_soon(walker: Walker, wallets: RunningSandbox) -> None:
    coupon = Coupon.objects.get()
    code = keyring.code_of(coupon).symbols
    with clock.set_to(NOON):
        assert walker.phone.call("GET", f"/coupons/{coupon.pk}/pass.pkpass").status_code == 200
        link = walker.phone.call("POST", f"/coupons/{coupon.pk}/google-save-link").json()["link"]
    assert code in requests.get(link, timeout=10).text
    erased(walker)
    assert not WalletPass.objects.exists()
    owed = Delivery.objects.get()
    assert (owed.channel, owed.shopper, owed.message.shopper) == (Channel.GOOGLE_WALLET, None, None)

    def tell(after: timedelta) -> Counter[str]:
        return send.send_due(transport=configured.wallet_transport(), clock=lambda: LATER + after).counts

    assert tell(timedelta(seconds=5)) == {}, "a save link may still be on its way"
    wallets.order({"kind": "unavailable", "endpoint": "wallet"})
    assert tell(timedelta(seconds=30)) == {"retry": 1}
    assert tell(timedelta(seconds=40)) == {"sent": 1}
    (saved,) = requests.get(link, timeout=10).json()["passes"]
    assert (saved["object"]["state"], saved["object"]["merchantLocations"]) == ("COMPLETED", [])
    assert code not in str(saved)


def test_an_account_takes_the_anonymous_shoppers_that_it_was_along(aino: Offer) -> None:
    account = make_shopper(firebase_uid="aino")
    before = make_shopper()
    before.merged_into, before.ended_at = account, NOON
    before.save()
    phone = Walker(shopper=account)
    ConsentReceipt.objects.create(
        shopper=before,
        purpose="analytics",
        text_id=ConsentState.objects.get(purpose="analytics").text_id,
        given=True,
        source="app",
        at=NOON,
    )
    erased(phone)
    assert ConsentReceipt.objects.get().shopper is None
    erase.run(now=LATER, limit=100)
    assert not Shopper.objects.exists()
