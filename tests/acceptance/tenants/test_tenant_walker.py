"""A merchant's people see and change nothing of another merchant, and find no shopper: every route, every role.

Routes come from the resolver, admin pages from the registry, operations from the OpenAPI document, field paths and
texts from the models. So a new one is walked without a test being written for it.
"""

import importlib
import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from geooffers.api.app import api
from geooffers.operators.break_glass import grants
from merchants.models import Offer, Role
from tests.acceptance.tenants import admin_walk, api_walk, routes, world
from tests.acceptance.tenants.looking import Walker, body_of, client_of, walkers_of_aino
from tests.acceptance.tenants.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_merchants(settings) -> World:
    """Outside the sandbox, whose phone page shows every fence there is to whoever opens it."""
    settings.SANDBOX = False
    return world.build()


@pytest.fixture
def operator(two_merchants: World) -> Client:
    return client_of(two_merchants.owners["operator"])


def test_the_world_has_a_row_of_every_model(two_merchants: World) -> None:
    unfurnished = [model.__name__ for model in world.tenant_models() if model not in two_merchants.foreign]
    assert unfurnished == [], "tests/acceptance/tenants/world.py must give Bertil or the lone shopper such a row"


def test_no_route_shows_or_changes_a_neighbour_s_rows(two_merchants: World) -> None:
    before = world.state_of_foreign_rows(two_merchants)
    findings = []
    for walker in walkers_of_aino(two_merchants):
        findings += walk_routes(walker, two_merchants)
        assert walker.looked > 200
    assert findings == []
    assert world.state_of_foreign_rows(two_merchants) == before


def walk_routes(walker: Walker, of: World, urlconf: str | None = None) -> list[str]:
    user = of.people()[walker.who]
    for route in routes.all_routes(urlconf):
        for address in routes.addresses(route, of):
            answer = walker.get(address)
            foreign = route.admin is not None and "object_id" in route.parameters
            if foreign and answer.status_code == 200:
                walker.found(f"{address} opens")
            if answer.status_code == 200:
                walker.get(address, {"_popup": "1", "_to_field": "name"})
            walker.post(address)
            if ("logout" in address or "sign-out" in address) and user is not None:
                walker.client.force_login(user)
    return walker.findings


def test_no_admin_list_form_filter_or_action_reaches_a_neighbour_s_rows(two_merchants: World, operator: Client) -> None:
    before = world.state_of_foreign_rows(two_merchants)
    findings, tried = [], {}
    for walker in walkers_of_aino(two_merchants):
        tried[walker.who] = walk_admin(admin.site, walker, two_merchants, operator)
        findings += walker.findings
    assert findings == []
    assert world.state_of_foreign_rows(two_merchants) == before
    assert tried[Role.OWNER] > 5, "an owner's forms have choices"


def walk_admin(site: admin.AdminSite, walker: Walker, of: World, operator: Client) -> int:
    admin_walk.walk_lists(site, walker, of)
    admin_walk.walk_autocomplete(site, walker)
    admin_walk.walk_forms(site, walker, of, operator)
    admin_walk.walk_actions(site, walker, of)
    return admin_walk.walk_choices(site, walker, of)


@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER])
def test_no_list_answers_a_question_about_a_field(two_merchants: World, role: Role) -> None:
    walker = next(each for each in walkers_of_aino(two_merchants) if each.who == role)
    admin_walk.walk_lookups(admin.site, walker, depth=3 if role == Role.OWNER else 2)
    assert walker.findings == []
    assert walker.looked > 150


@pytest.mark.parametrize(
    "lookup", ["fence__store__merchant__name__startswith", "user__password__startswith", "password__startswith"]
)
def test_notorious_lookups_are_refused(two_merchants: World, lookup: str) -> None:
    client = client_of(two_merchants.owners[Role.OWNER])
    answers = {
        client.get(admin_walk.page(admin.site, model, "changelist"), {lookup: "p"}).status_code
        for model in admin.site._registry
    }
    assert answers <= {400, 403}


def test_an_operator_sees_the_canaries_so_the_walker_has_eyes(two_merchants: World, operator: Client) -> None:
    of_shoppers = {"Shopper", "Device", "Visit", "Decision", "Coupon", "WalletPass", "Delivery"}
    kinds = kinds_seen_by(operator, two_merchants)
    assert kinds >= {"Merchant", "Store", "Offer", "Geofence", "ApiKey", "User"}
    # A refused scan names its coupon: a merchant's own book, in which no shopper stands.
    assert kinds & of_shoppers - {"Coupon"} == set(), "before the operator has said why"
    user = two_merchants.owners["operator"]
    grants.open_for(user=user, reason="to see whether the walker sees", lasts=timedelta(hours=1), now=timezone.now())
    assert kinds_seen_by(operator, two_merchants) >= of_shoppers


def kinds_seen_by(operator: Client, two_merchants: World) -> set[str]:
    seen = Walker(
        who="operator", client=operator, forbidden={**two_merchants.canaries, **two_merchants.shoppers_canaries}
    )
    for model in admin.site._registry:
        seen.get(admin_walk.page(admin.site, model, "changelist"))
        for key in two_merchants.foreign.get(model, [])[:2]:
            seen.get(admin_walk.page(admin.site, model, "change", key))
    return {re.search(r"shows (?:id of a )?(\w+)", finding)[1] for finding in seen.findings if "shows" in finding}


@pytest.mark.parametrize("caller", ["anonymous", "device", "key", Role.CASHIER, Role.MANAGER, Role.OWNER])
def test_no_operation_of_the_api_reaches_a_neighbour_s_rows(two_merchants: World, caller: str) -> None:
    bearer = {"device": two_merchants.token, "key": two_merchants.key}.get(caller)
    walker = next(each for each in walkers_of_aino(two_merchants) if each.who == caller or each.who == "anonymous")
    if caller in Role.values:
        walker = next(each for each in walkers_of_aino(two_merchants) if each.who == caller)
    if caller == "device":
        # A phone may know where fences are: it watches them. What they are called, and who else was there, it may not.
        # And which cities there are: that is what a shopper chooses from.
        cities = {canary for canary, whose in walker.forbidden.items() if whose == "Store.city"}
        for public in two_merchants.places | cities:
            del walker.forbidden[public]
    before = world.state_of_foreign_rows(two_merchants)
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    document = api.get_openapi_schema()
    called = api_walk.walk(document, walker, two_merchants, headers)
    assert walker.findings == []
    assert called == sum(len(set(item) & set(api_walk.METHODS)) for item in document["paths"].values())
    assert world.state_of_foreign_rows(two_merchants) == before


def test_a_phone_that_reads_a_city_s_offers_sees_what_is_promised_and_no_more(two_merchants: World) -> None:
    walker = walkers_of_aino(two_merchants)[0]
    headers = {"Authorization": f"Bearer {two_merchants.token}"}
    walker.get("/api/v1/offers", {"city": "Helsinki"}, headers=headers)
    shown = {re.search(r"shows ([\w.' ]+) \(", finding)[1] for finding in walker.findings}
    promised = {"Offer.title", "Offer.text", "Offer.terms", "Offer.category", "Merchant.name", "MerchantLogo.digest"}
    where = {"Store.name", "Store.address", "Bertil's latitude", "Bertil's longitude"}
    assert shown == promised | where


def test_a_merchant_s_own_pages_are_the_same_with_a_lone_shopper_and_without() -> None:
    """Bertil's own people: nobody was there, or one shopper came, got a coupon and holds it. They cannot tell."""
    store = world._furnish("Bistro Bertil", lat=world.BERTIL_LAT, lon=world.BERTIL_LON)
    people = [member.user for member in store.merchant.staff.exclude(role=Role.CASHIER)]
    before = {user.pk: own_pages(user) for user in people}
    shopper = world.cast.make_shopper()
    device = world.cast.make_device(shopper)
    visit = world.cast.make_visit(shopper, store.geofences.get())
    world.Presence.objects.create(visit=visit, device=device, since=world.cast.NOON)
    world.cast.make_coupon(Offer.objects.get(), shopper=shopper, visit=visit)
    for user in people:
        after = own_pages(user)
        assert len(after) > 10
        for address, text in after.items():
            assert text == before[user.pk][address], address


def own_pages(user) -> dict[str, str]:
    """Every page that this user can open, without the token that differs each time."""
    client, pages = client_of(user), {}
    for model in admin.site._registry:
        addresses = [admin_walk.page(admin.site, model, "changelist")]
        if client.get(addresses[0]).status_code != 200:
            continue
        for key in model._default_manager.values_list("pk", flat=True):
            addresses += [admin_walk.page(admin.site, model, view, key) for view in ("change", "history")]
        for address in ["/admin/", *addresses]:
            answer = client.get(address)
            if answer.status_code == 200:
                pages[address] = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", body_of(answer))
    return pages


# --- the twin: what a careless page would show, the walker finds -----------------------------------------------

CARELESS = "tests.acceptance.tenants.careless_urls"


@pytest.fixture
def careless_site(settings) -> admin.AdminSite:
    settings.ROOT_URLCONF = CARELESS
    return importlib.import_module(CARELESS).site


@pytest.fixture
def owner_of_aino(two_merchants: World) -> Walker:
    return next(each for each in walkers_of_aino(two_merchants) if each.who == Role.OWNER)


def test_the_walker_finds_an_address_and_a_page_that_nobody_scoped(
    two_merchants: World, owner_of_aino: Walker, careless_site: admin.AdminSite
) -> None:
    offer = str(two_merchants.foreign[Offer][0])
    found = walk_routes(owner_of_aino, two_merchants, CARELESS)
    assert [each for each in found if f"/offers/{offer}/ shows Offer.title" in each]
    assert [each for each in found if f"/careless/merchants/offer/{offer}/change/ opens" in each]
    assert [each for each in found if "GET /careless/merchants/offer/ shows Offer.title" in each]
    assert [each for each in found if f"/careless/merchants/offer/{offer}/delete/ opens" in each]
    assert not [each for each in found if "/admin/" in each], "the project's own pages are still clean"


def test_the_walker_finds_open_lists_forms_choices_and_completions(
    two_merchants: World, owner_of_aino: Walker, careless_site: admin.AdminSite
) -> None:
    before = world.state_of_foreign_rows(two_merchants)
    operator = client_of(two_merchants.owners["operator"])
    walk_admin(careless_site, owner_of_aino, two_merchants, operator)
    found = owner_of_aino.findings
    for clue in (
        "/careless/merchants/offer/?q=",
        "a form sent to /careless/merchants/offer/",
        "merchant=",
        "is taken as a choice",
        "GET /careless/autocomplete/ shows User.username",
    ):
        assert [each for each in found if clue in each], clue
    assert world.state_of_foreign_rows(two_merchants) != before, "the forms did change a neighbour's rows"


def test_the_walker_finds_a_list_that_answers_questions(
    two_merchants: World, owner_of_aino: Walker, careless_site: admin.AdminSite
) -> None:
    admin_walk.walk_lookups(careless_site, owner_of_aino, depth=2)
    found = owner_of_aino.findings
    assert [each for each in found if "/careless/merchants/offer/?merchant__name__startswith=" in each]
    assert [each for each in found if "/careless/merchants/offer/?title__startswith=" in each]


def test_a_route_that_the_walker_cannot_fill_is_an_error_not_a_gap(two_merchants: World, settings) -> None:
    settings.ROOT_URLCONF = "tests.acceptance.tenants.unwalkable_urls"
    walker = walkers_of_aino(two_merchants)[0]
    with pytest.raises(routes.NobodyKnowsHow, match="<flavour>"):
        walk_routes(walker, two_merchants, settings.ROOT_URLCONF)


def test_the_walker_finds_an_operation_that_answers_for_a_foreign_id(
    two_merchants: World, owner_of_aino: Walker, careless_site: admin.AdminSite
) -> None:
    parameter = {"name": "offer_id", "in": "path", "schema": {"type": "string", "format": "uuid"}}
    document = {"paths": {"/offers/{offer_id}/": {"get": {"parameters": [parameter]}}}}
    api_walk.walk(document, owner_of_aino, two_merchants, {})
    assert [each for each in owner_of_aino.findings if "answers 200 for a foreign id" in each]
    assert [each for each in owner_of_aino.findings if "shows Offer.title" in each]
