"""A merchant's colour and logo: set in the admin, seen on the coupon and in the wallet; each merchant's their own."""

import io

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from geooffers.api.edge import clock
from geooffers.coupons import holdings
from geooffers.coupons.models import Coupon
from geooffers.shoppers.models import Shopper
from geooffers.usecases.passes import make_pass
from merchants.models import Merchant, MerchantLogo, Role, Store, User
from merchants.shops import image_files, logos
from notifications.passes import apple, google
from notifications.sandbox import apple_chain
from tests.cast import NOON, make_coupon, make_device, make_offer, make_shopper, make_staff, make_store
from tests.images import endless_steps, logo, picture, saved
from tests.passes import keys_of, unpack
from tests.phone import Phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def aino() -> Store:
    return make_store()


@pytest.fixture
def bertil() -> Store:
    return make_store(merchant_name="Bistro Bertil")


@pytest.fixture
def owner(aino: Store) -> Client:
    return signed_in(make_staff(aino, role=Role.OWNER).user)


@pytest.fixture
def shopper() -> Shopper:
    return make_shopper()


@pytest.fixture
def coupon(aino: Store, shopper: Shopper) -> Coupon:
    return make_coupon(make_offer(aino), shopper=shopper)


@pytest.fixture
def phone(shopper: Shopper) -> Phone:
    phone = Phone()
    make_device(shopper, token=phone.token)
    return phone


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(merchant: Merchant) -> str:
    return reverse("admin:merchants_merchant_change", args=[merchant.pk])


def send(client: Client, merchant: Merchant, raw: bytes | None = None, **changed: object):
    data = {"trade": merchant.trade, "colour": merchant.colour, **changed}
    if raw is not None:
        data["logo"] = SimpleUploadedFile("logo.png", raw, content_type="image/png")
    return client.post(page_of(merchant), data)


def errors(answer) -> dict[str, list[str]]:
    assert answer.status_code == 200, f"saved, though it should be refused ({answer.status_code})"
    return {field: list(said) for field, said in answer.context["adminform"].form.errors.items()}


def on_the_phone(phone: Phone, coupon: Coupon) -> dict[str, object]:
    with clock.set_to(NOON):
        one = phone.call("GET", f"/coupons/{coupon.pk}").json()
        listed = phone.call("GET", "/coupons").json()["coupons"][0]
    said = {name: one[name] for name in ("merchant_colour", "merchant_logo_url")}
    assert said == {name: listed[name] for name in said}
    return said


# --- the way of a logo -------------------------------------------------------------------------------------------


def test_an_owner_s_colour_and_logo_are_on_the_coupon(owner: Client, aino: Store, phone: Phone, coupon) -> None:
    assert on_the_phone(phone, coupon) == {"merchant_colour": "#2456d6", "merchant_logo_url": None}
    assert send(owner, aino.merchant, logo(), colour="#1F6F5C").status_code == 302
    said = on_the_phone(phone, coupon)
    assert said["merchant_colour"] == "#1f6f5c"
    served = Client().get(said["merchant_logo_url"])
    assert served.status_code == 200
    assert Image.open(io.BytesIO(served.content)).getpixel((9, 9)) == (255, 0, 0)
    assert LogEntry.objects.get().get_change_message() == "Changed colour and logo."


def test_everybody_may_fetch_it_and_keep_it_and_it_can_do_nothing(owner: Client, aino: Store) -> None:
    send(owner, aino.merchant, logo())
    address = logos.address_of(merchant=Merchant.objects.get())
    for answer in (Client().get(address), owner.get(address), Client().head(address)):
        assert answer["Content-Type"] == "image/png"
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'"
        assert "Vary" not in answer
        assert "Set-Cookie" not in answer
    assert Client().post(address).status_code == 405


def test_a_pass_carries_the_logo(owner: Client, aino: Store, coupon: Coupon, shopper: Shopper, tmp_path) -> None:
    mine = holdings.coupon_of(shopper=shopper, coupon_id=coupon.pk)
    plain = make_pass.content_of(coupon=mine, now=NOON)
    assert plain.logo is None
    send(owner, aino.merchant, logo())
    content = make_pass.content_of(coupon=mine, now=NOON)
    png = bytes(MerchantLogo.objects.get().png)
    keys = keys_of(apple_chain.load_chain(folder=tmp_path))
    assert unpack(apple.pkpass(content=content, keys=keys, now=NOON))["logo.png"] == png
    assert content.digest() != plain.digest(), "a pass that is in a wallet already has news"


def test_google_is_told_where_to_fetch_a_square_of_the_logo(
    owner: Client, aino: Store, coupon: Coupon, shopper: Shopper, settings
) -> None:
    send(owner, aino.merchant, logo(), colour="#1f6f5c")
    mine = holdings.coupon_of(shopper=shopper, coupon_id=coupon.pk)
    assert make_pass.content_of(coupon=mine, now=NOON).logo_url is None, "nobody outside could fetch it"
    settings.PUBLIC_URL = "https://offers.example"
    content = make_pass.content_of(coupon=mine, now=NOON)
    told = google.offer_class(content=content, id="1.x")["titleImage"]["sourceUri"]["uri"]
    host, _, path = told.partition("/logos/")
    assert host == "https://offers.example"
    answer = Client().get(f"/logos/{path}")
    square = Image.open(io.BytesIO(answer.content))
    assert (answer["Content-Type"], square.size, square.mode) == ("image/png", (660, 660), "RGB")
    assert (square.getpixel((330, 330)), square.getpixel((20, 330))) == ((255, 0, 0), (0x1F, 0x6F, 0x5C))
    # On no other colour, and after another logo no more.
    assert Client().get(f"/logos/{path}".replace("1f6f5c", "000000")).status_code == 404
    send(owner, aino.merchant, logo("lime"), colour="#1f6f5c")
    assert Client().get(f"/logos/{path}").status_code == 404


def test_another_logo_has_another_address_and_the_old_one_is_gone(owner: Client, aino: Store) -> None:
    seen = []
    for colour in ("red", "lime"):
        assert send(owner, aino.merchant, logo(colour)).status_code == 302
        seen.append(logos.address_of(merchant=Merchant.objects.get()))
    assert [Client().get(address).status_code for address in seen] == [404, 200]


def test_the_page_shows_the_logo_and_takes_it_away(owner: Client, aino: Store, phone: Phone, coupon) -> None:
    assert not shown(owner, aino.merchant)
    send(owner, aino.merchant, logo())
    assert shown(owner, aino.merchant) == [logos.address_of(merchant=Merchant.objects.get())]
    assert send(owner, aino.merchant).status_code == 302, "saved without naming the logo"
    assert shown(owner, aino.merchant)
    assert send(owner, aino.merchant, **{"logo-clear": "on"}).status_code == 302
    assert not shown(owner, aino.merchant)
    assert on_the_phone(phone, coupon)["merchant_logo_url"] is None


def shown(client: Client, merchant: Merchant) -> list[str]:
    html = BeautifulSoup(client.get(page_of(merchant)).content, "html.parser")
    assert html.find("input", {"name": "logo", "type": "file"})
    return [each["src"] for each in html.find_all("img") if each["src"].startswith("/logos/")]


def test_lists_of_coupons_and_merchants_do_not_read_images(owner: Client, aino: Store, phone: Phone, coupon) -> None:
    send(owner, aino.merchant, logo())
    for ask in (lambda: on_the_phone(phone, coupon), lambda: owner.get(reverse("admin:merchants_merchant_changelist"))):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            ask()
        assert not [each["sql"] for each in asked if '"png"' in each["sql"]]


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"<svg onload=alert(1)>", "Give a PNG, JPEG or WebP image."),
        (saved(picture(), "GIF"), "Give a PNG, JPEG or WebP image."),
        (saved(picture(), "JPEG")[:900], "damaged"),
        (logo() + bytes(2 * 1024 * 1024), "at most 2 MB"),
        (saved(Image.new("1", (9000, 9000))), "at most 20 megapixels"),
        (b"", "empty"),
    ],
)
def test_a_bad_image_is_refused_at_its_field_and_the_logo_stays(owner: Client, aino: Store, raw, says) -> None:
    assert send(owner, aino.merchant, logo()).status_code == 302
    before = MerchantLogo.objects.get()
    said = errors(send(owner, aino.merchant, raw, colour="#ffffff"))
    assert list(said) == ["logo"]
    assert says in said["logo"][0]
    assert bytes(MerchantLogo.objects.get().png) == bytes(before.png)
    assert Merchant.objects.get().colour == "#2456d6", "a form is taken whole or not at all"


def test_an_image_that_kills_its_process_costs_the_owner_nothing_else(owner: Client, aino: Store, monkeypatch) -> None:
    assert send(owner, aino.merchant, logo()).status_code == 302
    monkeypatch.setattr(image_files, "CPU_S", 1)
    answer = send(owner, aino.merchant, endless_steps(), colour="#abcdef")
    said = errors(answer)
    assert list(said) == ["logo"]
    assert "Save it anew as PNG, smaller, and try again." in said["logo"][0]
    assert 'value="#abcdef"' in answer.content.decode(), "what was typed is still there"
    assert shown(owner, aino.merchant)
    assert send(owner, aino.merchant, logo("lime"), colour="#abcdef").status_code == 302


@pytest.mark.parametrize(
    "colour", ["", "blue", "#12345", "#12345g", "#2456d6;", "red;background:url(//x)", "#2456d6\n1"]
)
def test_what_is_no_colour_is_refused_in_words(owner: Client, aino: Store, colour: str) -> None:
    said = errors(send(owner, aino.merchant, colour=colour))["colour"]
    assert "as #2456d6" in said[0] or (colour == "" and "required" in said[0])
    assert Merchant.objects.get().colour == "#2456d6"


# --- whose it is -------------------------------------------------------------------------------------------------


def test_a_neighbour_changes_neither_logo_nor_colour(owner: Client, aino: Store, bertil: Store) -> None:
    send(owner, aino.merchant, logo())
    before = MerchantLogo.objects.values().get(), Merchant.objects.values().get(pk=aino.merchant_id)
    for role in Role:
        neighbour = signed_in(make_staff(bertil, role=role).user)
        for changed in ({"raw": logo("lime")}, {"logo-clear": "on"}, {"colour": "#000000"}):
            assert send(neighbour, aino.merchant, **changed).status_code in (302, 403, 404)
    assert before == (MerchantLogo.objects.values().get(), Merchant.objects.values().get(pk=aino.merchant_id))
    there = logos.address_of(merchant=Merchant.objects.get(pk=aino.merchant_id))
    assert Client().get(there.replace(str(aino.merchant_id), str(bertil.merchant_id))).status_code == 404


@pytest.mark.parametrize("role", [Role.MANAGER, Role.CASHIER])
def test_only_an_owner_decides_how_their_merchant_looks(aino: Store, role: Role) -> None:
    somebody = signed_in(make_staff(aino, role=role).user)
    send(somebody, aino.merchant, logo(), colour="#000000")
    assert not MerchantLogo.objects.exists()
    assert Merchant.objects.get().colour == "#2456d6"


def test_an_owner_neither_renames_nor_archives_their_merchant(owner: Client, aino: Store) -> None:
    assert send(owner, aino.merchant, name="Another", archived_at_0="2026-06-01").status_code == 302
    chosen = {"action": "archive", "_selected_action": [str(aino.merchant_id)], "index": "0"}
    owner.post(reverse("admin:merchants_merchant_changelist"), chosen)
    merchant = Merchant.objects.get()
    assert (merchant.name, merchant.archived_at) == ("Café Aino", None)


def test_an_operator_does_all_of_that(aino: Store) -> None:
    operator = signed_in(User.objects.create_superuser("operator"))
    assert send(operator, aino.merchant, logo(), name="Aino's", colour="#c2185b").status_code == 302
    merchant = Merchant.objects.get()
    assert (merchant.name, merchant.colour) == ("Aino's", "#c2185b")
    assert logos.address_of(merchant=merchant)
    new = {
        "name": "Bistro Bertil",
        "trade": "other",
        "colour": "#123456",
        "logo": SimpleUploadedFile("b.png", logo("lime")),
    }
    assert operator.post(reverse("admin:merchants_merchant_add"), new).status_code == 302
    assert logos.png_of(merchant=Merchant.objects.get(name="Bistro Bertil"))
    chosen = {"action": "archive", "_selected_action": [str(aino.merchant_id)], "index": "0"}
    operator.post(reverse("admin:merchants_merchant_changelist"), chosen)
    assert Merchant.objects.get(pk=aino.merchant_id).archived_at is not None
