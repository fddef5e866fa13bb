"""What holds for all pages of the admin."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from merchants.models import Store
from merchants.people import keys
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", ["owner", "manager", "operator"])
def test_an_empty_form_is_an_answer_on_every_page(who: str, store: Store, request: pytest.FixtureRequest) -> None:
    """Nothing breaks when a browser sends nothing at all; what may be saved without a field, is saved."""
    client = request.getfixturevalue(who)
    cast.make_fence(store)
    cast.make_offer(store)
    keys.make_key(store=store, name="till", scopes=[keys.COUPONS_LOOKUP])
    cast.make_staff(store)
    for model in admin.site._registry:
        address = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        rows = model._default_manager.values_list("pk", flat=True)[:2]
        for answer in [
            client.post(reverse(f"{address}_add"), {}),
            *(client.post(reverse(f"{address}_change", args=[pk]), {}) for pk in rows),
        ]:
            assert answer.status_code in (200, 302, 403)


def test_the_menu_shows_each_role_its_own_pages(owner: Client, manager: Client, operator: Client) -> None:
    def menu(client: Client) -> set[str]:
        groups = client.get("/admin/").context["sidebar_navigation"]
        return {str(item["title"]) for group in groups for item in group["items"]}

    assert menu(manager) == {"Overview", "Offers", "Geofences", "Redemptions", "Simulated visit", "Stores"}
    assert menu(owner) == menu(manager) | {"Merchants", "Staff members", "API keys"}
    of_shoppers = {"Shoppers", "Visits", "Coupons", "Wallet passes", "Messages", "Deliveries"}
    assert menu(operator) > menu(owner) | {"Exclusion zones", "Access to shoppers' data"}
    assert menu(operator) & of_shoppers == set()
    operator.post(reverse("admin:break_glass_grant_add"), {"reason": "a ticket, number 4711", "lasts": "1 hour"})
    assert menu(operator) > of_shoppers


def test_every_page_puts_the_labels_above_the_fields_so_that_rows_of_fields_fit(operator: Client) -> None:
    assert [each for each in admin.site._registry.values() if each.compressed_fields] == []
    assert operator.get("/admin/").context["is_nav_sidebar_enabled"]
