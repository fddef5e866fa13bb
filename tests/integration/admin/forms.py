"""The admin's forms as somebody fills them in: where they are, what is typed, what they say is wrong."""

from django.test import Client
from django.urls import reverse

from merchants.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(model: str, view: str, *args: object) -> str:
    return reverse(f"admin:merchants_{model}_{view}", args=args)


def errors(answer) -> dict[str, list[str]]:
    assert answer.status_code == 200, f"saved, though it should be refused ({answer.status_code})"
    return {name: list(each) for name, each in answer.context["adminform"].form.errors.items()}


def offer_data(**changed: object) -> dict[str, object]:
    data: dict[str, object] = {
        "title": "Free bun",
        "text": "With any coffee.",
        "terms": "One each.",
        "category": "café",
        "discount_kind": "percent",
        "discount_value": "20",
        "currency": "",
        "all_stores": "on",
        "starts_at_0": "2026-06-01",
        "starts_at_1": "09:00",
        "ends_at_0": "2027-06-01",
        "ends_at_1": "09:00",
        "schedule": "Mon-Fri 11:00-14:00",
        "trigger": "entered",
        "cap": "100",
        "per_shopper_limit": "1",
        "coupon_lifetime_s": "3600",
    }
    return {key: value for key, value in (data | changed).items() if value is not None}
