"""docs/push-payload.md against what the sandbox received from the real client."""

import pytest

from geooffers.coupons import keyring
from geooffers.usecases.till.redeem_coupon import redeem_coupon
from merchants.people.access import Scanner
from notifications.models import MARKETING_KINDS, Delivery, Kind
from tests.cast import make_staff
from tests.conftest import ROOT
from tests.integration.conftest import SOON, make_worker

pytestmark = pytest.mark.django_db
PAGE = (ROOT / "docs" / "push-payload.md").read_text()


def rows_of_table(first_cell: str) -> list[list[str]]:
    table = PAGE.split(f"| {first_cell} |")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def documented(*, column: int) -> set[str]:
    members = [row[0].split(" or ") for row in rows_of_table("member") if row[column] == "yes"]
    return {name.strip("`") for names in members for name in names}


def test_what_arrives_is_what_the_page_says(sandbox, announced):
    make_worker(sandbox).run_once()
    store = announced.offer.merchant.stores.get()
    cashier = Scanner(staff_member=make_staff(store))
    code = keyring.code_of(announced)
    redeem_coupon(text=str(code), scanned_by=cashier, store_id=store.pk, nonce="till-1", now=SOON)
    make_worker(sandbox).run_once()
    visible, silent = (message["message"] for message in sandbox.messages())
    assert members(visible) | {"token"} == documented(column=1)
    assert members(silent) | {"token"} == documented(column=2)
    for message in (visible, silent):
        assert message["data"]["coupon_id"] == str(announced.pk)
        assert message["data"]["link"] == f"/coupons/{announced.pk}"
        assert message["data"]["delivery_id"] == str(Delivery.objects.get(message__kind=message["data"]["kind"]).pk)
        assert str(code) not in str(message)
        assert str(code).replace("-", "") not in str(message)
    assert visible["android"]["notification"]["tag"] == f"coupon-{announced.pk}"
    assert (visible["android"]["priority"], silent["android"]["priority"]) == ("high", "normal")
    assert (visible["apns"]["headers"]["apns-priority"], silent["apns"]["headers"]["apns-priority"]) == ("10", "5")
    assert silent["apns"]["payload"] == {"aps": {"content-available": 1}}


def test_the_page_names_every_kind_and_whether_it_needs_consent():
    told = {row[0].strip("`"): row[2] for row in rows_of_table("kind")}
    assert set(told) == set(Kind) - {Kind.PASS_CHANGED}
    assert {kind for kind, consent in told.items() if "marketing_push" in consent} == set(MARKETING_KINDS)


def members(message: dict, path: str = "") -> set[str]:
    found = set()
    for name, value in message.items():
        inner = f"{path}.{name}".lstrip(".")
        found |= members(value, inner) if isinstance(value, dict) else {inner}
    return found
