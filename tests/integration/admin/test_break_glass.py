"""Operators see shoppers' data when they have said why, while that lasts; and every page that they open is kept."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from geooffers.operators.admin_pages import PersonalAdmin
from geooffers.operators.break_glass.models import Grant, Look
from geooffers.shoppers.models import Device, Shopper
from geooffers.worker.tasks import forget
from merchants.models import Store, User
from notifications.models import Kind
from tests import cast
from tests.deliveries import make_delivery
from tests.integration.admin.forms import signed_in
from tests.integration.shoppers.test_erasing_is_complete import leads_to_a_person

pytestmark = pytest.mark.django_db

ADD = "/admin/break_glass/grant/add/"
REASON = "ticket 4711: where is my coupon?"
PERSONAL = [model for model, page in admin.site._registry.items() if isinstance(page, PersonalAdmin)]


def address(model: type, view: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def say_why(operator: Client, *, reason: str = REASON, lasts: str = "1 hour") -> None:
    answer = operator.post(ADD, {"reason": reason, "lasts": lasts})
    assert answer.status_code == 302, answer.context["adminform"].form.errors


@pytest.fixture
def shopper(store: Store) -> Shopper:
    """Somebody of whom there is a row in every table that operators may see."""
    device = cast.make_device(now=timezone.now())
    coupon = cast.make_coupon(cast.make_offer(store), shopper=device.shopper, now=timezone.now())
    make_delivery(
        device=device,
        kind=Kind.COUPON_REDEEMED,
        subject=coupon.pk,
        now=timezone.now(),
        expires_at=timezone.now() + timedelta(hours=1),
    )
    return device.shopper


def pages_about(shopper: Shopper) -> list[str]:
    found = [address(model, "changelist") for model in PERSONAL]
    for model in PERSONAL:
        pk = model._default_manager.values_list("pk", flat=True).first()
        if pk is not None:
            found += [address(model, "change", pk), address(model, "history", pk)]
    assert len(found) > 18
    return found


def test_every_page_whose_rows_lead_to_a_shopper_is_closed() -> None:
    """But for the merchants' own books, in which nobody stands, and what only says that somebody asked."""
    shown = {model for model in leads_to_a_person() if model in admin.site._registry}
    named = {model._meta.label for model in shown - set(PERSONAL)}
    assert named <= {"redemptions.Redemption", "redemptions.RefusedScan", "ledger.LedgerEntry", "shoppers.DataRequest"}
    assert len(PERSONAL) == 10


def test_without_a_reason_an_operator_sees_none_of_it_and_is_asked(operator: Client, shopper: Shopper) -> None:
    for page in pages_about(shopper):
        answer = operator.get(page)
        assert (answer.status_code, answer.get("Location")) == (302, ADD), page
    assert "Say what you need it for" in operator.get(ADD).content.decode()
    assert not Look.objects.exists()


def test_with_a_reason_all_of_it_is_seen_and_every_page_is_kept(operator: Client, shopper: Shopper) -> None:
    say_why(operator)
    pages = pages_about(shopper)
    assert {operator.get(page).status_code for page in pages} == {200}
    assert Look.objects.count() == len(pages)
    grant = Grant.objects.get()
    assert (grant.operator, grant.reason) == ("operator", REASON)
    assert {look.grant for look in Look.objects.all()} == {grant}
    kept = set(Look.objects.values_list("page", "row"))
    assert ("shoppers.Shopper: list", "") in kept
    assert ("shoppers.Shopper", str(shopper)) in kept
    assert ("shoppers.Shopper: history", str(shopper)) in kept
    assert not [look for look in Look.objects.all() if shopper.pk.hex in look.row.replace("-", "")]


def test_it_ends_by_itself_and_by_hand(operator: Client, shopper: Shopper) -> None:
    page = address(Shopper, "changelist")
    say_why(operator, lasts="15 minutes")
    grant = Grant.objects.get()
    assert grant.ends_at - grant.opened_at == timedelta(minutes=15)
    assert operator.get(page).status_code == 200
    Grant.objects.update(opened_at=timezone.now() - timedelta(minutes=16), ends_at=timezone.now())
    assert operator.get(page).status_code == 302
    say_why(operator, lasts="4 hours")
    assert operator.get(page).status_code == 200
    newest = Grant.objects.order_by("-opened_at").first()
    operator.post(address(Grant, "changelist"), {"action": "close", "_selected_action": [newest.pk]})
    assert operator.get(page).status_code == 302
    newest.refresh_from_db()
    assert newest.closed_at is not None


def test_the_newest_reason_takes_the_place_of_the_one_before(operator: Client) -> None:
    say_why(operator)
    say_why(operator, reason="another ticket, 4712")
    first, second = Grant.objects.order_by("opened_at")
    assert (first.closed_at is None, second.closed_at is None) == (False, True)


def test_one_operators_reason_opens_nothing_for_another(operator: Client, shopper: Shopper) -> None:
    say_why(operator)
    other = signed_in(User.objects.create_superuser("second"))
    assert other.get(address(Shopper, "changelist")).status_code == 302
    listed = other.get(address(Grant, "changelist")).content.decode()
    assert "ticket 4711" in listed


@pytest.mark.parametrize("reason", ["", "because", " " * 40, "x" * 201])
def test_a_reason_is_one(operator: Client, reason: str) -> None:
    answer = operator.post(ADD, {"reason": reason, "lasts": "1 hour"})
    assert "reason" in answer.context["adminform"].form.errors
    assert not Grant.objects.exists()


def test_nobody_asks_for_longer(operator: Client) -> None:
    answer = operator.post(ADD, {"reason": REASON, "lasts": "1 year"})
    assert "lasts" in answer.context["adminform"].form.errors


def test_neither_list_can_be_changed(operator: Client, shopper: Shopper) -> None:
    say_why(operator)
    operator.get(address(Shopper, "changelist"))
    for row in (Grant.objects.get(), Look.objects.get()):
        before = type(row).objects.filter(pk=row.pk).values().get()
        assert operator.get(address(type(row), "change", row.pk)).status_code == 200
        assert operator.post(address(type(row), "change", row.pk), {"reason": "x" * 20}).status_code == 403
        assert operator.post(address(type(row), "delete", row.pk), {"post": "yes"}).status_code == 403
        assert type(row).objects.filter(pk=row.pk).values().get() == before
    assert operator.post(address(Look, "add"), {"page": "x"}).status_code == 403


def test_a_merchants_people_learn_of_none_of_it(owner: Client, shopper: Shopper) -> None:
    device = Device.objects.get()
    for page in (ADD, address(Grant, "changelist"), address(Look, "changelist"), address(Device, "change", device.pk)):
        assert owner.get(page).status_code == 403
    assert owner.post(ADD, {"reason": REASON, "lasts": "1 hour"}).status_code == 403
    assert not Grant.objects.exists()


def test_they_are_forgotten_after_the_time_of_an_audit(operator: Client, shopper: Shopper, settings) -> None:
    say_why(operator)
    operator.get(address(Shopper, "changelist"))
    later = timezone.now() + settings.KEEP_AUDIT + timedelta(hours=2)
    for _ in range(2):
        forget.run(now=later, limit=10)
    assert (Look.objects.count(), Grant.objects.count()) == (0, 0)
