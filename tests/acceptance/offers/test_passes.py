"""My coupon goes into the phone's wallet, over HTTP; and when the keys are wrong, only that fails."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from geooffers.api.edge import clock
from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon, WalletPass
from geooffers.redemptions import redeeming
from geooffers.shoppers.models import Shopper
from merchants.models import Offer, Store
from merchants.people.access import Scanner
from notifications.sandbox import apple_chain
from notifications.sandbox.keys import load_keys
from tests.cast import NOON, make_coupon, make_device, make_offer, make_shopper, make_staff, make_store
from tests.passes import MARKUP, openssl_verify, unpack
from tests.phone import Phone
from tests.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sandbox")
    running = RunningSandbox(load_keys(folder=folder))
    running.folder = folder
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _points_at_the_sandbox(sandbox, settings):
    settings.SANDBOX_DIR, settings.SANDBOX_URL = sandbox.folder, sandbox.url
    sandbox.order()


@pytest.fixture
def aino() -> Store:
    return make_store()


@pytest.fixture
def offer(aino: Store) -> Offer:
    return make_offer(aino, per_shopper_limit=100)


@pytest.fixture
def shopper() -> Shopper:
    return make_shopper()


@pytest.fixture
def coupon(offer: Offer, shopper: Shopper) -> Coupon:
    return make_coupon(offer, shopper=shopper)


@pytest.fixture
def phone(shopper: Shopper) -> "WalletPhone":
    return WalletPhone(shopper)


class WalletPhone(Phone):
    def __init__(self, shopper: Shopper) -> None:
        super().__init__()
        make_device(shopper, token=self.token)

    def pass_of(self, coupon, *, at=NOON):
        with clock.set_to(at):
            return self.call("GET", f"/coupons/{getattr(coupon, 'pk', coupon)}/pass.pkpass")

    def link_of(self, coupon, *, at=NOON):
        with clock.set_to(at):
            return self.call("POST", f"/coupons/{getattr(coupon, 'pk', coupon)}/google-save-link")

    def pass_json(self, coupon, **more):
        response = self.pass_of(coupon, **more)
        assert response.status_code == 200, response.content
        return json.loads(unpack(response.content)["pass.json"])

    def saved(self, coupon, **more):
        """What Google Wallet would save."""
        response = self.link_of(coupon, **more)
        assert response.status_code == 200, response.content
        (found,) = requests.get(response.json()["link"], timeout=10).json()["passes"]
        return found


def redeem(coupon: Coupon, store: Store) -> None:
    scanned_by = Scanner(staff_member=make_staff(store))
    redeeming.redeem(code=keyring.code_of(coupon), store=store, scanned_by=scanned_by, nonce="1", now=NOON)


def test_the_pass_is_signed_and_carries_the_code_that_the_till_reads(phone, coupon, sandbox, tmp_path) -> None:
    response = phone.pass_of(coupon)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/vnd.apple.pkpass"
    files = unpack(response.content)
    chain = apple_chain.load_chain(folder=sandbox.folder)
    assert openssl_verify(files, chain=chain, folder=tmp_path).returncode == 0
    body = json.loads(files["pass.json"])
    with clock.set_to(NOON):
        shown = phone.call("GET", f"/coupons/{coupon.pk}").json()["code"]
    assert (body["barcodes"][0]["message"], body["barcodes"][0]["altText"]) == (shown.replace("-", ""), shown)
    assert (body["serialNumber"], body["organizationName"]) == (str(coupon.pk), "Café Aino")
    assert body["coupon"]["primaryFields"][0]["value"] == "20% off"


def test_the_link_leads_to_what_google_would_save_and_says_that_it_is_the_sandboxes(phone, coupon) -> None:
    response = phone.link_of(coupon)
    assert response.json()["self_made"] is True
    assert len(response.json()["link"]) < 1_800
    saved = phone.saved(coupon)
    assert saved["object"]["barcode"]["value"] == keyring.code_of(coupon).symbols
    assert (saved["class"]["title"], saved["class"]["issuerName"]) == ("Free cardamom bun", "Café Aino")


def test_another_shoppers_coupon_and_none_at_all_look_the_same(phone, offer) -> None:
    foreign = make_coupon(offer)
    answers = [ask(which) for ask in (phone.pass_of, phone.link_of) for which in (foreign, uuid4())]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 4
    assert not WalletPass.objects.exists()


def test_a_stranger_gets_nothing(coupon) -> None:
    answers = [
        Phone().call("GET", f"/coupons/{coupon.pk}/pass.pkpass"),
        Phone().call("POST", f"/coupons/{coupon.pk}/google-save-link"),
    ]
    assert [answer.status_code for answer in answers] == [401, 401]


def test_a_redeemed_coupons_pass_is_voided_and_shows_no_code(phone, coupon, aino) -> None:
    assert phone.saved(coupon)["object"]["state"] == "ACTIVE"
    redeem(coupon, aino)
    body = phone.pass_json(coupon)
    assert body["voided"] is True
    assert "barcodes" not in body
    assert keyring.code_of(coupon).symbols not in json.dumps(body).replace("-", "")
    assert phone.saved(coupon)["object"]["state"] == "COMPLETED"


def test_an_expired_coupons_pass_shows_no_code(phone, coupon) -> None:
    later = coupon.expires_at + timedelta(seconds=1)
    body = phone.pass_json(coupon, at=later)
    assert "barcodes" not in body
    assert body["expirationDate"] == coupon.expires_at.isoformat(timespec="seconds")


def test_the_ten_stores_nearest_to_the_visit_are_on_the_pass(phone, shopper, aino) -> None:
    # Twelve more, ever farther north; the farthest was opened first and one has closed.
    others = [make_store(lat=aino.lat + 0.01 * step) for step in range(12, 0, -1)]
    Store.objects.filter(pk=others[-1].pk).update(archived_at=NOON)
    make_store(merchant_name="Kahvila Väinö", lat=aino.lat)
    coupon = make_coupon(make_offer(aino), shopper=shopper)
    expected = [aino.lat + 0.01 * step for step in (0, *range(2, 11))]
    assert [place["latitude"] for place in phone.pass_json(coupon)["locations"]] == pytest.approx(expected)
    saved = phone.saved(coupon)["object"]["merchantLocations"]
    assert [place["latitude"] for place in saved] == pytest.approx(expected)


def test_only_stores_where_the_offer_holds_are_on_the_pass_also_when_the_visit_is_forgotten(
    phone, shopper, aino
) -> None:
    far = make_store(lat=61.5)
    offer = make_offer(aino)
    offer.all_stores = False
    offer.save()
    offer.stores.add(far)
    coupon = make_coupon(offer, shopper=shopper)
    Coupon.objects.filter(pk=coupon.pk).update(visit=None)
    assert [place["latitude"] for place in phone.pass_json(coupon)["locations"]] == [61.5]


def test_markup_in_every_text_of_an_offer_is_carried_as_text(phone, shopper, aino, offer) -> None:
    aino.merchant.name, aino.name = MARKUP, MARKUP
    aino.merchant.save()
    aino.save()
    offer.title, offer.text, offer.terms = MARKUP, MARKUP, MARKUP
    offer.save()
    coupon = make_coupon(offer, shopper=shopper)
    body = phone.pass_json(coupon)
    assert {body["logoText"], body["coupon"]["primaryFields"][0]["label"]} == {MARKUP}
    assert "attributedValue" not in json.dumps(body)
    saved = phone.saved(coupon)["class"]
    assert {saved[name] for name in ("issuerName", "title", "details", "finePrint")} == {MARKUP}


def test_the_pass_has_the_merchants_colour(phone, coupon, aino) -> None:
    aino.merchant.colour = "#ffd54a"
    aino.merchant.save()
    assert phone.pass_json(coupon)["backgroundColor"] == "rgb(255, 213, 74)"
    assert phone.saved(coupon)["class"]["hexBackgroundColor"] == "#ffd54a"


def test_a_saved_pass_keeps_its_class_when_the_merchant_changes(phone, coupon, aino) -> None:
    before = phone.saved(coupon)
    aino.merchant.colour = "#ffd54a"
    aino.merchant.save()
    after = phone.saved(coupon)
    assert after["class"] == before["class"]


def test_a_pass_that_says_something_new_has_the_next_version(phone, coupon, aino) -> None:
    def version():
        phone.pass_of(coupon)
        return WalletPass.objects.get(vendor="apple").version

    assert (version(), version()) == (1, 1)
    redeem(coupon, aino)
    assert (version(), version()) == (2, 2)


def test_asking_again_tells_google_nothing(phone, coupon, sandbox) -> None:
    first = phone.link_of(coupon)
    sandbox.order({"endpoint": "wallet", "kind": "unavailable", "times": 9})
    again = phone.link_of(coupon)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()


def test_a_bad_day_at_google_is_said_and_the_next_click_works(phone, coupon, sandbox) -> None:
    sandbox.order({"endpoint": "wallet", "kind": "unavailable"})
    refused = phone.link_of(coupon)
    assert (refused.status_code, refused.json()["code"]) == (503, "wallet_unavailable")
    assert refused["Retry-After"] == "5"
    assert phone.saved(coupon)["object"]["id"].endswith(str(coupon.pk))


def write_chain(folder: Path, settings, **changed):
    end = b"-----END CERTIFICATE-----\n"
    certificate, intermediate, _, key = apple_chain.make_chain(now=NOON - timedelta(days=30), **changed).split(end)
    files = {"CERTIFICATE": certificate + end, "KEY": key, "WWDR": intermediate + end}
    for name, content in files.items():
        (folder / f"{name.lower()}.pem").write_bytes(content)
        setattr(settings, f"APPLE_PASS_{name}", str(folder / f"{name.lower()}.pem"))


def test_with_an_expired_certificate_passes_say_so_and_nothing_else_breaks(
    phone, coupon, settings, tmp_path, caplog
) -> None:
    write_chain(tmp_path, settings, lifetime=timedelta(days=20))
    refused = phone.pass_of(coupon)
    assert (refused.status_code, refused.json()["code"]) == (503, "wallet_keys_unusable")
    assert refused.json()["detail"] == "GEOOFFERS_APPLE_PASS_CERTIFICATE: expired on 2026-05-23."
    assert "GEOOFFERS_APPLE_PASS_CERTIFICATE: expired" in caplog.text
    with clock.set_to(NOON):
        assert phone.call("GET", f"/coupons/{coupon.pk}").json()["code"]
    assert phone.link_of(coupon).status_code == 200
    # The operator puts a good one in its place: no restart.
    write_chain(tmp_path, settings, lifetime=timedelta(days=300))
    assert phone.pass_of(coupon).status_code == 200


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("APPLE_PASS_CERTIFICATE", "/nowhere/pass.pem", "GEOOFFERS_APPLE_PASS_CERTIFICATE: pass.pem cannot be read."),
        (
            "APPLE_PASS_KEY",
            "",
            "GEOOFFERS_APPLE_PASS_KEY: not set; certificate, key and intermediate",
        ),
        ("APPLE_PASS_TEAM_ID", "OTHER00000", "GEOOFFERS_APPLE_PASS_TEAM_ID: it says OTHER00000, the certificate"),
    ],
)
def test_which_file_is_wrong_is_said(phone, coupon, settings, tmp_path, setting, value, sentence) -> None:
    write_chain(tmp_path, settings)
    setattr(settings, setting, value)
    refused = phone.pass_of(coupon)
    assert refused.status_code == 503
    assert refused.json()["detail"].startswith(sentence)


@pytest.mark.parametrize(
    ("issuer", "content", "sentence"),
    [
        ("café", "{}", "GEOOFFERS_GOOGLE_WALLET_ISSUER: an issuer id is a number."),
        ("338", "{}", "GEOOFFERS_GOOGLE_WALLET_CREDENTIALS: this is no service account file."),
        ("338", "[]", "GEOOFFERS_GOOGLE_WALLET_CREDENTIALS: this is no service account file."),
        ("338", None, "GEOOFFERS_GOOGLE_WALLET_CREDENTIALS: account.json cannot be read."),
    ],
)
def test_a_wrong_service_account_is_said(phone, coupon, settings, tmp_path, issuer, content, sentence) -> None:
    account = tmp_path / "account.json"
    if content is not None:
        account.write_text(content)
    settings.GOOGLE_WALLET_ISSUER, settings.GOOGLE_WALLET_CREDENTIALS = issuer, str(account)
    refused = phone.link_of(coupon)
    assert (refused.status_code, refused.json()["detail"]) == (503, sentence)
    assert phone.pass_of(coupon).status_code == 200


def test_without_keys_outside_the_sandbox_there_are_no_passes_and_that_is_said(phone, coupon, settings) -> None:
    settings.SANDBOX = False
    answers = [phone.pass_of(coupon), phone.link_of(coupon)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(501, "wallet_off")] * 2
