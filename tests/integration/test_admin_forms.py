"""What the admin's forms refuse, at which field and why; and what they keep as it was typed."""

import html
import re
from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client, RequestFactory
from django.urls import reverse

from merchants import budgets, keys
from merchants.models import (
    ApiKey,
    ExclusionZone,
    FenceChange,
    FenceState,
    Geofence,
    Merchant,
    Offer,
    OfferBudget,
    OfferState,
    Role,
    StaffMember,
    Store,
    User,
)
from tests import cast
from tests.acceptance.tenants.admin_walk import form_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    return cast.make_store()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(store: Store) -> Client:
    return signed_in(cast.make_staff(store, role=Role.OWNER).user)


@pytest.fixture
def manager(store: Store) -> Client:
    return signed_in(cast.make_staff(store, role=Role.MANAGER).user)


@pytest.fixture
def operator() -> Client:
    return signed_in(User.objects.create_superuser("operator"))


def page(model: str, view: str, *args: object) -> str:
    return reverse(f"admin:merchants_{model}_{view}", args=args)


def errors(answer) -> dict[str, list[str]]:
    assert answer.status_code == 200, f"saved, though it should be refused ({answer.status_code})"
    return {name: list(each) for name, each in answer.context["adminform"].form.errors.items()}


# --- offers ------------------------------------------------------------------------------------------------------


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


def test_an_owner_writes_an_offer_in_their_own_time(owner: Client, store: Store) -> None:
    answer = owner.post(page("offer", "add"), offer_data())
    assert answer.status_code == 302
    offer = Offer.objects.get()
    assert (offer.merchant, offer.state, offer.budget.cap) == (store.merchant, OfferState.DRAFT, 100)
    assert offer.starts_at.isoformat() == "2026-06-01T06:00:00+00:00", "nine in Helsinki"
    assert offer.schedule == [{"days": [1, 2, 3, 4, 5], "opens": "11:00", "closes": "14:00"}]


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"ends_at_0": "2026-05-01"}, "ends_at", "after it starts"),
        ({"ends_at_0": "2100-01-01"}, "ends_at", "three years"),
        ({"ends_at_0": "9999-12-31"}, "ends_at", "between 2000 and 2100"),
        ({"starts_at_0": "0001-01-01"}, "starts_at", "between 2000 and 2100"),
        ({"starts_at_0": "soon"}, "starts_at", "valid date"),
        ({"schedule": "Mon 25:00-26:00"}, "schedule", "Line 1: there is no time 25:00"),
        ({"schedule": "Mon 09:00-10:00\nNoday 9:00-10:00"}, "schedule", "Line 2: cannot read “noday”"),
        ({"schedule": "whenever"}, "schedule", "write days, then times"),
        ({"schedule": "Mon 9-10"}, "schedule", "write 11:00-14:00"),
        ({"discount_value": "-1"}, "discount_value", "More than nothing"),
        ({"discount_value": "101"}, "discount_value", "At most 100"),
        ({"discount_value": "0.1+0.2"}, "discount_value", "Enter a number"),
        ({"discount_value": "1e30"}, "discount_value", "no more than"),
        ({"discount_value": "NaN"}, "discount_value", "Enter a number"),
        ({"discount_value": "0.005"}, "discount_value", "decimal places"),
        ({"discount_kind": "amount"}, "currency", "Three letters"),
        ({"discount_kind": "amount", "currency": "E1R"}, "currency", "Three letters"),
        ({"cap": "0"}, "cap", "greater than or equal to 1"),
        ({"cap": "99999999999"}, "cap", "less than or equal to"),
        ({"title": "\u200d\u200d"}, "title", "Nothing of this text can be seen"),
        ({"title": "\u3164"}, "title", "Nothing of this text can be seen"),
        ({"title": "🎉" * 10_000}, "title", "at most 60 characters"),
        ({"title": ""}, "title", "required"),
        ({"coupon_lifetime_s": "1"}, "coupon_lifetime_s", "greater than or equal to 300"),
        ({"all_stores": None}, "stores", "at least one store"),
        ({"trigger": "teleported"}, "trigger", "valid choice"),
    ],
)
def test_an_offer_is_refused_at_the_field_that_is_wrong(
    owner: Client, changed: dict[str, object], field: str, says: str
) -> None:
    found = errors(owner.post(page("offer", "add"), offer_data(**changed)))
    assert list(found) == [field]
    assert says in " ".join(found[field])
    assert not Offer.objects.exists()
    assert owner.post(page("offer", "add"), offer_data()).status_code == 302, "refused for that reason alone"


def test_full_width_digits_are_kept_as_plain_ones(owner: Client) -> None:
    typed = offer_data(discount_value="１０", cap="５０", schedule="Ｍｏｎ １１：００－１４：００")
    assert owner.post(page("offer", "add"), typed).status_code == 302
    offer = Offer.objects.get()
    assert (offer.discount_value, offer.budget.cap) == (Decimal(10), 50)
    assert offer.schedule[0]["opens"] == "11:00"


@pytest.mark.parametrize(
    "typed", ["{user.__class__}", "{% debug %}", "{{7*7}}", "<img src=x onerror=alert(1)>", "${jndi:ldap://x}"]
)
def test_placeholders_and_tags_are_kept_as_typed_and_shown_escaped(owner: Client, typed: str) -> None:
    assert owner.post(page("offer", "add"), offer_data(title=typed, terms=typed)).status_code == 302
    offer = Offer.objects.get()
    assert (offer.title, offer.terms) == (typed, typed)
    for address in (page("offer", "changelist"), page("offer", "change", offer.pk), page("offer", "history", offer.pk)):
        shown = owner.get(address).content.decode()
        assert "<img src=x" not in shown
        assert html.escape(typed) in shown or "history" in address


def test_control_and_direction_characters_are_dropped_and_marks_are_three_at_most(owner: Client) -> None:
    title = "Bun\u202e\u2066 for\x07 e" + "\u0301\u0317" * 25 + "ach"
    assert owner.post(page("offer", "add"), offer_data(title=title)).status_code == 302
    kept = Offer.objects.get().title
    assert kept.startswith("Bun for ")
    assert not set(kept) & set("\u202e\u2066\x07")
    assert len(re.findall("[\u0300-\u036f]", kept)) <= 3


def test_a_free_item_has_no_value_and_no_currency(owner: Client) -> None:
    typed = offer_data(discount_kind="free_item", discount_value="5", currency="eur")
    assert owner.post(page("offer", "add"), typed).status_code == 302
    offer = Offer.objects.get()
    assert (offer.discount_value, offer.currency) == (0, "")


def test_a_manager_writes_offers_for_their_own_stores_only(manager: Client, store: Store) -> None:
    sister = cast.make_store()
    found = errors(manager.post(page("offer", "add"), offer_data(stores=[str(sister.pk)])))
    assert "not one of the available choices" in found["stores"][0]
    # "all stores" is not theirs to choose: it is no field of their form.
    found = errors(manager.post(page("offer", "add"), offer_data()))
    assert found == {"stores": ["Choose at least one store."]}
    assert manager.post(page("offer", "add"), offer_data(stores=[str(store.pk)])).status_code == 302
    offer = Offer.objects.get()
    assert (offer.all_stores, list(offer.stores.all())) == (False, [store])


def test_a_manager_reads_an_offer_of_the_whole_merchant_and_changes_nothing(manager: Client, store: Store) -> None:
    offer = cast.make_offer(store)
    assert manager.get(page("offer", "change", offer.pk)).status_code == 200
    assert manager.post(page("offer", "change", offer.pk), offer_data(title="mine now")).status_code == 403
    manager.post(page("offer", "end", offer.pk))
    manager.post(page("offer", "changelist"), {"action": "archive", "_selected_action": [str(offer.pk)]})
    offer.refresh_from_db()
    assert (offer.title, offer.state, offer.archived_at) == ("Free cardamom bun", OfferState.LIVE, None)


# --- the cap -------------------------------------------------------------------------------------------------------


@pytest.fixture
def live_offer(store: Store) -> Offer:
    offer = cast.make_offer(store, cap=100)
    Offer.objects.filter(pk=offer.pk).update(schedule=[], discount_kind="percent")
    return offer


def save_offer(client: Client, offer: Offer, **changed: object):
    """The form as the browser shows it, with some fields changed."""
    address = page("offer", "change", offer.pk)
    return client.post(address, {**form_data(client.get(address).content.decode()), **changed})


def test_the_form_of_an_offer_saves_as_it_was_shown(owner: Client, live_offer: Offer) -> None:
    before = Offer.objects.values().get(pk=live_offer.pk)
    assert save_offer(owner, live_offer).status_code == 302
    assert Offer.objects.values().get(pk=live_offer.pk) == before


@pytest.mark.parametrize("reserved", [0, 1, 19])
def test_trying_caps_tells_nothing_about_fewer_than_twenty(owner: Client, live_offer: Offer, reserved: int) -> None:
    OfferBudget.objects.filter(offer=live_offer).update(reserved=reserved, redeemed=5)
    found = errors(save_offer(owner, live_offer, cap="24"))["cap"]
    assert found == [
        "Not below 25: 5 are redeemed, and fewer than 20 coupons are open. To stop issuing now, pause or end the offer."
    ]
    assert save_offer(owner, live_offer, cap="25").status_code == 302
    assert OfferBudget.objects.get(offer=live_offer).cap == 25


def test_a_cap_below_what_is_used_is_refused_with_the_figures(owner: Client, live_offer: Offer) -> None:
    OfferBudget.objects.filter(offer=live_offer).update(reserved=31, redeemed=5)
    found = errors(save_offer(owner, live_offer, cap="35"))["cap"]
    assert "Not below 36: 5 are redeemed, and 31 coupons are open." in found[0]


@pytest.mark.parametrize(("reserved", "shown"), [(0, "fewer than 20"), (19, "fewer than 20"), (20, "20")])
def test_what_is_reserved_is_shown_from_twenty_up(owner: Client, live_offer: Offer, reserved: int, shown: str) -> None:
    OfferBudget.objects.filter(offer=live_offer).update(reserved=reserved)
    answer = owner.get(page("offer", "change", live_offer.pk))
    form = answer.context["adminform"]
    texts = re.sub("<[^>]*>", " ", answer.content.decode())
    assert re.search(rf"Coupons open\s+{shown}\s", texts), form


def test_a_form_never_writes_the_counters(owner: Client, live_offer: Offer) -> None:
    typed = {"reserved": "0", "redeemed": "0", "budget-0-reserved": "0", "title": "New title"}
    budgets.reserve(offer_id=live_offer.pk)
    assert save_offer(owner, live_offer, **typed).status_code == 302
    assert OfferBudget.objects.get(offer=live_offer).reserved == 1


def test_a_save_does_not_bring_back_a_state_that_changed_meanwhile(owner: Client, live_offer: Offer) -> None:
    request = RequestFactory().post("/")
    request.user = User.objects.get(staff_member__role=Role.OWNER)
    as_loaded = Offer.objects.get(pk=live_offer.pk)
    Offer.objects.filter(pk=live_offer.pk).update(state=OfferState.ENDED)
    offer_page = admin.site.get_model_admin(Offer)
    form = type("Form", (), {"changed_data": ["title"], "cleaned_data": {}})()
    as_loaded.title = "Renamed"
    offer_page.save_model(request, as_loaded, form, change=True)
    kept = Offer.objects.get(pk=live_offer.pk)
    assert (kept.title, kept.state) == ("Renamed", OfferState.ENDED)
    # The twin: a plain save of what was loaded makes the ended offer live again.
    as_loaded.save()
    assert Offer.objects.get(pk=live_offer.pk).state == OfferState.LIVE


# --- buttons -------------------------------------------------------------------------------------------------------


def test_buttons_move_an_offer_and_are_posts_with_a_token(owner: Client, store: Store) -> None:
    offer = cast.make_offer(store, state=OfferState.DRAFT, ends_at=cast.NOON.replace(year=2090))
    for button, state in (("publish", "live"), ("pause", "paused"), ("publish", "live"), ("end", "ended")):
        assert owner.get(page("offer", button, offer.pk)).status_code == 405
        assert f"/{button}/" in owner.get(page("offer", "change", offer.pk)).content.decode()
        owner.post(page("offer", button, offer.pk))
        offer.refresh_from_db()
        assert offer.state == state
    assert LogEntry.objects.filter(object_id=str(offer.pk)).count() == 4
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(staff_member__role=Role.OWNER))
    assert strict.post(page("offer", "publish", offer.pk)).status_code == 403
    # Ended is for good: nothing to press, nothing to edit.
    assert "/publish/" not in owner.get(page("offer", "change", offer.pk)).content.decode()
    answer = owner.post(page("offer", "publish", offer.pk), follow=True)
    assert "You may look at this, but not change it." in answer.content.decode()


def test_publishing_what_is_over_is_refused_in_words(owner: Client, store: Store) -> None:
    offer = cast.make_offer(store, state=OfferState.DRAFT, starts_at=cast.NOON.replace(year=2020), ends_at=cast.NOON)
    answer = owner.post(page("offer", "publish", offer.pk), follow=True)
    assert "It ended 2026-06-02 12:00 UTC." in answer.content.decode()
    offer.refresh_from_db()
    assert offer.state == OfferState.DRAFT


def test_who_may_only_read_sees_the_schedule_in_words(manager: Client, store: Store) -> None:
    offer = cast.make_offer(store)
    Offer.objects.filter(pk=offer.pk).update(schedule=[{"days": [1, 2], "opens": "22:00", "closes": "02:00"}])
    assert "Mon-Tue 22:00-02:00" in manager.get(page("offer", "change", offer.pk)).content.decode()


def test_what_was_typed_comes_back_escaped_in_the_refusal(owner: Client) -> None:
    answer = owner.post(page("offer", "add"), offer_data(schedule="<img src=x onerror=alert(1)> 9:00-10:00"))
    assert "cannot read" in errors(answer)["schedule"][0]
    assert "<img src=x" not in answer.content.decode()


# --- the merchant ---------------------------------------------------------------------------------------------------


def test_an_owner_chooses_the_colour_but_neither_renames_nor_archives_the_merchant(owner: Client, store: Store) -> None:
    merchant = store.merchant
    address = page("merchant", "change", merchant.pk)
    assert owner.post(address, {"name": "Bistro Bertil", "colour": "#00aa11"}).status_code == 302
    owner.post(page("merchant", "changelist"), {"action": "archive", "_selected_action": [str(merchant.pk)]})
    merchant.refresh_from_db()
    assert (merchant.name, merchant.colour, merchant.archived_at) == ("Café Aino", "#00aa11", None)
    assert "six digits" in errors(owner.post(address, {"colour": "red"}))["colour"][0]


def test_an_operator_makes_merchants_and_archives_them_with_their_stores(operator: Client, store: Store) -> None:
    fence = cast.make_fence(store)
    assert operator.post(page("merchant", "add"), {"name": "Bistro Bertil", "colour": "#00aa11"}).status_code == 302
    operator.post(page("merchant", "changelist"), {"action": "archive", "_selected_action": [str(store.merchant_id)]})
    store.refresh_from_db()
    assert store.archived_at is not None
    assert FenceChange.objects.get().index_id == fence.pk
    assert Merchant.objects.get(archived_at=None).name == "Bistro Bertil"


# --- stores ------------------------------------------------------------------------------------------------------


def store_data(**changed: object) -> dict[str, object]:
    data = {"name": "Aino 9", "address": "Katu 1", "time_zone": "Europe/Helsinki", "lat": "60.1", "lon": "24.9"}
    return data | changed


def test_an_owner_opens_a_store_of_their_own_merchant(owner: Client, store: Store) -> None:
    foreign = cast.make_store(merchant_name="Bistro Bertil").merchant
    assert owner.post(page("store", "add"), store_data(merchant=str(foreign.pk))).status_code == 302
    assert Store.objects.get(name="Aino 9").merchant == store.merchant


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"time_zone": "Mars/Base"}, "time_zone", "no such time zone"),
        ({"time_zone": "Factory"}, "time_zone", "no such time zone"),
        ({"time_zone": ""}, "time_zone", "required"),
        ({"lat": "91"}, "lat", "less than or equal to 90"),
        ({"lat": "nan"}, "lat", "Enter a number"),
        ({"lon": "181"}, "lon", "less than or equal to 180"),
        ({"lon": "Infinity"}, "lon", "Enter a number"),
        ({"name": "Café Aino 1"}, "name", "that name already"),
        ({"name": "\u200b"}, "name", "Nothing of this text"),
    ],
)
def test_a_store_is_refused_at_the_field_that_is_wrong(owner: Client, changed, field: str, says: str) -> None:
    found = errors(owner.post(page("store", "add"), store_data(**changed)))
    assert list(found) == [field]
    assert says in " ".join(found[field])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("EST5EDT", "America/New_York"), ("europe/helsinki", "Europe/Helsinki"), ("Europe/Amsterdam", "Europe/Amsterdam")],
)
def test_another_name_of_a_zone_is_kept_by_its_place(owner: Client, typed: str, kept: str) -> None:
    assert owner.post(page("store", "add"), store_data(time_zone=typed)).status_code == 302
    assert Store.objects.get(name="Aino 9").time_zone == kept


def test_archiving_a_store_silences_its_fences(owner: Client, store: Store) -> None:
    cast.make_fence(store)
    owner.post(page("store", "changelist"), {"action": "archive", "_selected_action": [str(store.pk)]})
    store.refresh_from_db()
    assert store.archived_at is not None
    assert FenceChange.objects.count() == 1


# --- fences ------------------------------------------------------------------------------------------------------


def fence_data(store: Store, **changed: object) -> dict[str, object]:
    data = {
        "store": str(store.pk),
        "name": "front door",
        "kind": "circle",
        "center_lat": "60.1695",
        "center_lon": "24.9525",
        "radius_m": "150",
        "geometry": "",
        "dwell_s": "300",
    }
    return data | changed


SQUARE = (
    '{"type":"Polygon","coordinates":[[[24.95,60.169],[24.954,60.169],[24.954,60.171],[24.95,60.171],[24.95,60.169]]]}'
)
BOW_TIE = (
    '{"type":"Polygon","coordinates":[[[24.95,60.169],[24.954,60.171],[24.954,60.169],[24.95,60.171],[24.95,60.169]]]}'
)


def test_a_merchant_s_first_fence_waits_for_an_operator(owner: Client, operator: Client, store: Store) -> None:
    assert owner.post(page("geofence", "add"), fence_data(store)).status_code == 302
    fence = Geofence.objects.get()
    assert fence.state == FenceState.WAITING
    owner.post(page("geofence", "approve", fence.pk))
    fence.refresh_from_db()
    assert fence.state == FenceState.WAITING, "an owner does not approve"
    operator.post(page("geofence", "approve", fence.pk))
    fence.refresh_from_db()
    assert fence.state == FenceState.LIVE
    assert owner.post(page("geofence", "add"), fence_data(store, name="back door")).status_code == 302
    assert Geofence.objects.get(name="back door").state == FenceState.LIVE
    assert FenceChange.objects.count() == 3


def test_a_polygon_is_given_as_geojson_text(owner: Client, store: Store) -> None:
    typed = fence_data(store, kind="polygon", geometry=SQUARE, center_lat="", center_lon="", radius_m="")
    assert owner.post(page("geofence", "add"), typed).status_code == 302
    fence = Geofence.objects.get()
    assert (fence.kind, fence.center_lat, fence.geometry["type"]) == ("polygon", None, "Polygon")


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"radius_m": "49"}, "radius_m", "between 50 and 10,000 m"),
        ({"radius_m": "-5"}, "radius_m", "between 50"),
        ({"radius_m": "10000000"}, "radius_m", "between 50"),
        ({"radius_m": "NaN"}, "radius_m", "Enter a number"),
        ({"radius_m": ""}, "radius_m", "needed for a circle"),
        ({"center_lat": "139.7"}, "center_lat", "less than or equal to 90"),
        ({"center_lat": "24.9525", "center_lon": "60.1695"}, "center_lat", "swapped?"),
        ({"center_lat": "60.3"}, "center_lat", "km from the store"),
        ({"dwell_s": "5"}, "dwell_s", "greater than or equal to 30"),
        ({"kind": "blob"}, "kind", "valid choice"),
        ({"kind": "polygon", "geometry": ""}, "geometry", "needed for a polygon"),
        ({"kind": "polygon", "geometry": BOW_TIE}, "geometry", "Self-intersection"),
        ({"kind": "polygon", "geometry": "POLYGON((0 0,1 1,0 1,0 0))"}, "geometry", "WKT"),
        ({"kind": "polygon", "geometry": "[" * 30_000}, "geometry", "nested"),
        ({"kind": "polygon", "geometry": '{"type":"Point","coordinates":[24.95,60.17]}'}, "geometry", "Polygon or"),
        ({"kind": "polygon", "geometry": "{"}, "geometry", "not JSON"),
        ({"kind": "polygon", "geometry": SQUARE.replace("24.95", "NaN", 1)}, "geometry", ""),
        ({"kind": "polygon", "geometry": SQUARE.replace("60.", "48.")}, "geometry", "km from the store"),
    ],
)
def test_a_fence_is_refused_at_the_field_that_is_wrong(
    owner: Client, store: Store, changed: dict[str, object], field: str, says: str
) -> None:
    found = errors(owner.post(page("geofence", "add"), fence_data(store, **changed)))
    assert list(found) == [field]
    assert says in " ".join(found[field])
    assert not Geofence.objects.exists()
    assert not FenceChange.objects.exists()
    assert owner.post(page("geofence", "add"), fence_data(store)).status_code == 302, "refused for that reason alone"


def test_a_fence_over_a_place_where_nobody_is_tracked_names_the_rule_not_the_place(
    owner: Client, operator: Client, store: Store
) -> None:
    zone = {
        "name": "St Anna",
        "rule": "No offers around hospitals",
        "kind": "circle",
        "center_lat": "60.1700",
        "center_lon": "24.9530",
        "radius_m": "100",
        "active": "on",
    }
    assert operator.post(page("exclusionzone", "add"), zone).status_code == 302
    assert ExclusionZone.objects.get().active
    found = errors(owner.post(page("geofence", "add"), fence_data(store)))
    text = " ".join(found["center_lat"])
    assert "No offers around hospitals" in text
    assert "Anna" not in text


def test_a_fence_of_a_neighbour_s_store_is_no_valid_choice(owner: Client) -> None:
    neighbour = cast.make_store(merchant_name="Bistro Bertil")
    found = errors(owner.post(page("geofence", "add"), fence_data(neighbour)))
    assert "not one of the available choices" in found["store"][0]


def test_an_archived_fence_leaves_the_merchant_s_list(owner: Client, store: Store) -> None:
    fence = cast.make_fence(store)
    assert owner.post(page("geofence", "archive", fence.pk), follow=True).status_code == 200
    fence.refresh_from_db()
    assert fence.state == FenceState.ARCHIVED
    assert owner.get(page("geofence", "change", fence.pk)).status_code == 404


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


# --- keys, people, signing in ------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_works(owner: Client, store: Store) -> None:
    typed = {"name": "till 1", "store": str(store.pk), "scopes": [keys.COUPONS_REDEEM]}
    answer = owner.post(page("apikey", "add"), typed)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    shown = re.search(r"gok_[0-9a-f]{8}_[\w-]{43}", answer.content.decode())[0]
    row = ApiKey.objects.get()
    assert keys.find_usable(key=shown) == row
    for address in (page("apikey", "changelist"), page("apikey", "change", row.pk), page("apikey", "history", row.pk)):
        assert shown not in owner.get(address).content.decode()
    owner.post(page("apikey", "revoke", row.pk))
    assert keys.find_usable(key=shown) is None


@pytest.mark.parametrize("scopes", [[], ["coupons:mint"]])
def test_a_key_needs_a_known_scope(owner: Client, store: Store, scopes: list[str]) -> None:
    found = errors(owner.post(page("apikey", "add"), {"name": "till", "store": str(store.pk), "scopes": scopes}))
    assert list(found) == ["scopes"]


def test_an_operator_brings_people_in_and_the_door_follows_the_role(operator: Client, store: Store) -> None:
    answer = operator.post(
        page("user", "add"),
        {
            "username": "eeva",
            "email": "eeva@example.org",
            "password1": "kahvila-42-pulla",
            "password2": "kahvila-42-pulla",
        },
    )
    assert answer.status_code == 302
    user = User.objects.get(username="eeva")
    typed = {"user": user.pk, "merchant": str(store.merchant.pk), "role": "manager", "stores": [str(store.pk)]}
    assert operator.post(page("staffmember", "add"), typed).status_code == 302
    user.refresh_from_db()
    assert user.is_staff
    member = StaffMember.objects.get()
    operator.post(page("staffmember", "change", member.pk), {"role": "cashier", "stores": [str(store.pk)]})
    user.refresh_from_db()
    assert not user.is_staff


def test_a_manager_or_cashier_has_at_least_one_store_and_of_that_merchant(operator: Client, store: Store) -> None:
    user = User.objects.create_user("eeva")
    foreign = cast.make_store(merchant_name="Bistro Bertil")
    typed = {"user": user.pk, "merchant": str(store.merchant.pk), "role": "manager"}
    assert "at least one store" in errors(operator.post(page("staffmember", "add"), typed))["stores"][0]
    typed["stores"] = [str(foreign.pk)]
    assert errors(operator.post(page("staffmember", "add"), typed))["stores"] == ["A store of another merchant."]


def test_the_last_owner_stays_one(owner: Client, store: Store) -> None:
    member = StaffMember.objects.get(role=Role.OWNER)
    typed = {"role": "cashier", "stores": [str(store.pk)]}
    assert "only owner" in errors(owner.post(page("staffmember", "change", member.pk), typed))["role"][0]
    owner.post(page("staffmember", "changelist"), {"action": "archive", "_selected_action": [str(member.pk)]})
    member.refresh_from_db()
    assert member.archived_at is None


@pytest.mark.parametrize("role", list(Role))
def test_owners_and_managers_sign_in_to_the_admin_and_cashiers_get_the_words_of_a_wrong_password(
    store: Store, role: Role
) -> None:
    user = cast.make_staff(store, role=role).user
    answer = Client().post("/admin/login/", {"username": user.username, "password": "a-long-password-1"})
    if role == Role.CASHIER:
        wrong = Client().post("/admin/login/", {"username": user.username, "password": "wrong"})
        assert errors_of_login(answer) == errors_of_login(wrong) != []
    else:
        assert answer.status_code == 302


def errors_of_login(answer) -> list[str]:
    return list(answer.context["form"].non_field_errors())


def test_a_forgotten_password_is_set_by_mail_and_a_stranger_learns_nothing(store: Store, mailoutbox) -> None:
    user = cast.make_staff(store, role=Role.OWNER).user
    User.objects.filter(pk=user.pk).update(email="aino@example.org")
    client = Client()
    assert reverse("admin_password_reset") in client.get("/admin/login/").content.decode()
    known = client.post(reverse("admin_password_reset"), {"email": "aino@example.org"}, follow=True)
    stranger = client.post(reverse("admin_password_reset"), {"email": "nobody@example.org"}, follow=True)
    assert re.sub("nonce.*?>", "", known.content.decode()) == re.sub("nonce.*?>", "", stranger.content.decode())
    assert len(mailoutbox) == 1
    link = re.search(r"http://testserver(/\S+)", mailoutbox[0].body)[1]
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    new = {"new_password1": "kahvila-42-pulla", "new_password2": "kahvila-42-pulla"}
    assert client.post(address, new, follow=True).status_code == 200
    user.refresh_from_db()
    assert user.check_password("kahvila-42-pulla")
    assert "has been used" in client.get(link, follow=True).content.decode()


# --- how it looks --------------------------------------------------------------------------------------------------


def test_the_menu_shows_each_role_its_own_pages(owner: Client, manager: Client, operator: Client) -> None:
    def menu(client: Client) -> set[str]:
        groups = client.get("/admin/").context["sidebar_navigation"]
        return {str(item["title"]) for group in groups for item in group["items"]}

    assert menu(manager) == {"Overview", "Offers", "Geofences", "Redemptions", "Stores"}
    assert menu(owner) == menu(manager) | {"Merchants", "Staff members", "API keys"}
    assert menu(operator) > menu(owner) | {
        "Shoppers",
        "Visits",
        "Coupons",
        "Wallet passes",
        "Pushes",
        "Exclusion zones",
    }


def test_every_page_puts_the_labels_above_the_fields_so_that_rows_of_fields_fit(operator: Client) -> None:
    assert [each for each in admin.site._registry.values() if each.compressed_fields] == []
    assert operator.get("/admin/").context["is_nav_sidebar_enabled"]
