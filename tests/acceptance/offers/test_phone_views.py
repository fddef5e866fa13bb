"""What the phone in the browser has beside the API: in the sandbox alone, and about itself alone."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import zxingcpp
from django.http import HttpResponse
from django.test import Client
from PIL import Image, ImageDraw

from geooffers.api.edge import clock
from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon
from geooffers.pages.phone_passes import qr_svg
from geooffers.redemptions import redeeming
from merchants.fences import editing
from merchants.models import AreaKind, ExclusionZone, Geofence, User
from merchants.people.access import Scanner
from tests.cast import NOON, make_coupon, make_device, make_fence, make_offer, make_staff, make_store
from tests.phone import make_token
from tests.running_sandbox import RunningSandbox, a_message

pytestmark = pytest.mark.django_db


class Browser:
    """A phone of its own, with one coupon."""

    def __init__(self, name: str) -> None:
        self.token, self.name = make_token(), name
        self.device = make_device(token=self.token, push_address=name)

    def get(self, path: str, *, token: str | None = None) -> HttpResponse:
        headers = {"Authorization": f"Bearer {token or self.token}"} if token != "" else {}
        with clock.set_to(NOON):
            return Client().get(path, headers=headers)

    def coupon(self, merchant: str = "Café Aino") -> Coupon:
        store = make_store(merchant_name=merchant)
        return make_coupon(make_offer(store), shopper=self.device.shopper)


@pytest.fixture
def aino() -> Browser:
    return Browser("fid-aino")


@pytest.fixture
def berta() -> Browser:
    return Browser("fid-berta")


def read(response: HttpResponse) -> Any:
    return json.loads(response.content)


ADDRESSES = (
    "/privacy",
    "/phone",
    "/phone/fences",
    "/phone/pushes",
    "/phone/coupons/{id}/face",
    "/phone/coupons/{id}/qr.svg",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_outside_the_sandbox_there_is_no_phone(aino: Browser, settings: Any, address: str) -> None:
    coupon = aino.coupon()
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    path = address.replace("{id}", str(coupon.pk))
    assert aino.get(path).status_code in (200, 502)  # 502: no sandbox listens there
    settings.SANDBOX = False
    assert aino.get(path).status_code == 404


@pytest.mark.parametrize("address", ADDRESSES[3:])
def test_each_phone_shows_its_own_token(aino: Browser, address: str) -> None:
    path = address.replace("{id}", str(aino.coupon().pk))
    assert read(aino.get(path, token=""))["code"] == "token_missing"
    assert read(aino.get(path, token=make_token()))["code"] == "token_unknown"


@pytest.mark.parametrize("part", ["face", "qr.svg"])
def test_another_phones_coupon_is_not_shown(aino: Browser, berta: Browser, part: str) -> None:
    path = f"/phone/coupons/{aino.coupon().pk}/{part}"
    assert aino.get(path).status_code == 200
    refused = berta.get(path)
    assert refused.status_code == 404
    assert b"Aino" not in refused.content


def test_a_phone_hears_only_what_was_sent_to_it(
    aino: Browser, berta: Browser, sandbox: RunningSandbox, settings: Any
) -> None:
    settings.SANDBOX_URL = sandbox.url
    for address in (aino.name, berta.name, aino.name):
        sandbox.transport().send(message=a_message(address), now=datetime.now(UTC))
    heard = read(aino.get("/phone/pushes?since=0"))
    assert [one["address"] for one in heard["messages"]] == [aino.name, aino.name]
    assert [one["number"] for one in read(aino.get("/phone/pushes?since=1"))["messages"]] == [3]
    assert read(aino.get(f"/phone/pushes?since={heard['last']}"))["messages"] == []
    # An address in the query is nobody's business: the one that counts is the device's own.
    assert len(read(aino.get(f"/phone/pushes?since=0&address={berta.name}"))["messages"]) == 2


@pytest.mark.parametrize("since", ["-1", "1.5", "½", "9" * 16, "x&address=fid-berta"])
def test_since_is_a_number(aino: Browser, since: str) -> None:
    assert aino.get(f"/phone/pushes?since={since}").status_code == 422


def test_the_sandboxs_silence_is_said(aino: Browser, settings: Any) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    answer = aino.get("/phone/pushes")
    assert (answer.status_code, read(answer)["code"]) == (502, "sandbox_unavailable")


def test_the_sandbox_tells_messages_of_one_address(sandbox: RunningSandbox) -> None:
    for address in ("fid-1", "fid-2"):
        sandbox.transport().send(message=a_message(address), now=datetime.now(UTC))
    told = httpx.get(f"{sandbox.url}/sandbox/messages", params={"address": "fid-2"}).json()
    assert [one["address"] for one in told["messages"]] == ["fid-2"]


def test_the_face_says_what_the_pass_says(aino: Browser) -> None:
    coupon = aino.coupon()
    face = read(aino.get(f"/phone/coupons/{coupon.pk}/face"))
    assert (face["merchant"], face["title"], face["discount"]) == ("Café Aino", "Free cardamom bun", "20% off")
    assert face["code"] == str(keyring.code_of(coupon))
    assert face["apple"] == {"ready": True, "self_made": True, "wrong": ""}
    assert face["images"]["strip"].startswith("data:image/png;base64,")


def test_a_wrong_certificate_is_named_and_the_face_is_shown_all_the_same(aino: Browser, settings: Any) -> None:
    settings.APPLE_PASS_CERTIFICATE = "/nowhere/certificate.pem"
    face = read(aino.get(f"/phone/coupons/{aino.coupon().pk}/face"))
    assert face["apple"]["ready"] is False
    assert "GEOOFFERS_APPLE_PASS_" in face["apple"]["wrong"]
    assert "/nowhere/" not in face["apple"]["wrong"]
    assert face["google"]["ready"] is True
    assert face["code"]


def test_a_redeemed_coupon_has_no_qr(aino: Browser) -> None:
    coupon = aino.coupon()
    store = coupon.offer.merchant.stores.get()
    scanned_by = Scanner(staff_member=make_staff(store))
    path = f"/phone/coupons/{coupon.pk}/qr.svg"
    assert aino.get(path)["Content-Type"] == "image/svg+xml"
    redeeming.redeem(code=keyring.code_of(coupon), store=store, scanned_by=scanned_by, nonce="1", now=NOON)
    assert read(aino.get(path))["code"] == "no_code"
    face = read(aino.get(f"/phone/coupons/{coupon.pk}/face"))
    assert (face["code"], face["voided"]) == (None, True)


def test_the_qr_has_its_quiet_zone_and_is_read_back() -> None:
    """Drawn from the SVG's own path: relative moves and horizontal lines, one module high."""
    svg = qr_svg("K7QM2F9XC0TDR").decode()
    side = int(svg.split('width="')[1].split('"')[0]) // 8
    picture = Image.new("L", (side * 8, side * 8), 255)
    pen, x, y = ImageDraw.Draw(picture), 0.0, 0.0
    path = svg.split('stroke="#000"')[1].split('d="')[1].split('"')[0]
    for step in path.replace("M", " M").replace("m", " m").replace("h", " h").split(" m"):
        for part in step.strip().split(" h"):
            numbers = part.lstrip("M ").replace(",", " ").split()
            if len(numbers) == 2:
                dx, dy = map(float, numbers)
                x, y = (dx, dy) if part.startswith("M") else (x + dx, y + dy)
            else:
                long = float(numbers[0])
                pen.rectangle([x * 8, (y - 0.5) * 8, (x + long) * 8 - 1, (y + 0.5) * 8 - 1], fill=0)
                x += long
    margin = picture.crop((0, 0, side * 8, 4 * 8))
    assert margin.getextrema() == (255, 255)
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == "K7QM2F9XC0TDR"


def test_the_map_shows_live_fences_with_their_merchants_colours_and_the_zones(aino: Browser) -> None:
    store = make_store()
    circle = make_fence(store)
    square = [[24.95, 60.16], [24.96, 60.16], [24.96, 60.17], [24.95, 60.17], [24.95, 60.16]]
    polygon = Geofence(store=store, name="square", kind=AreaKind.POLYGON)
    polygon.geometry = json.dumps({"type": "Polygon", "coordinates": [square]})
    operator = User.objects.create_superuser("operator", password="a-long-password-1")
    editing.put_fence(fence=polygon, by=operator)
    gone = make_fence(store)
    editing.archive_fence(fence=gone)
    zone = ExclusionZone(name="clinic", rule="health", kind=AreaKind.CIRCLE)
    zone.center_lat, zone.center_lon, zone.radius_m = 60.18, 24.95, 100
    editing.put_zone(zone=zone, by=operator)
    shown = read(aino.get("/phone/fences", token=""))
    by_id = {fence["id"]: fence for fence in shown["fences"]}
    assert by_id[str(circle.public_id)]["area"] == {
        "kind": "circle",
        "lat": store.lat,
        "lon": store.lon,
        "radius_m": 150,
    }
    assert by_id[str(circle.public_id)]["colour"] == store.merchant.colour
    assert str(gone.public_id) not in by_id
    assert by_id[str(polygon.public_id)]["area"]["geometry"]["coordinates"] == [square]
    assert [one["name"] for one in shown["zones"]] == ["clinic"]
