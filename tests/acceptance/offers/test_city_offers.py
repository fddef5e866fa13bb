"""A shopper who does not tell where they are chooses a city and reads what is on offer there."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from geooffers.api.edge import clock
from merchants.models import FenceState, Geofence, Offer, OfferBudget, OfferState, Store
from merchants.offers import budgets, city_offers, offers
from merchants.people import keys
from merchants.shops import logos, shops
from tests.cast import NOON, make_fence, make_offer, make_store
from tests.images import logo
from tests.phone import Phone
from tests.walker import Walker

pytestmark = pytest.mark.django_db


def ask(path: str, *, walker: Walker | None = None, status: int = 200) -> dict[str, Any]:
    with clock.set_to(NOON):
        response = (walker or Walker(consents=[])).phone.call("GET", path)
    assert response.status_code == status, response.content
    return response.json()


def titles(city: str = "Helsinki") -> list[str]:
    return [offer["title"] for offer in ask(f"/offers?city={city}")["offers"]]


def shop(name: str = "Café Aino", *, city: str = "Helsinki") -> Store:
    store = make_store(merchant_name=name, city=city)
    make_fence(store)
    return store


@pytest.fixture
def aino() -> Store:
    return shop()


def test_a_phone_without_any_consent_reads_what_is_promised_and_no_more(aino: Store) -> None:
    offer = make_offer(aino)
    logos.put_logo(merchant=aino.merchant, png=logo(), now=timezone.now())
    answer = ask("/offers?city=Helsinki")
    assert answer == {
        "offers": [
            {
                "id": str(offer.pk),
                "merchant": "Café Aino",
                "merchant_colour": aino.merchant.colour,
                "merchant_logo_url": logos.address_of(merchant=aino.merchant),
                "title": "Free cardamom bun",
                "text": "With any coffee, today.",
                "terms": "One for each guest.",
                "category": "café",
                "discount_kind": "percent",
                "discount_value": "20.00",
                "currency": "",
                "ends_at": "2027-03-29T12:00:00Z",
                "stores": [
                    {
                        "id": str(aino.pk),
                        "name": aino.name,
                        "address": aino.address,
                        "lat": aino.lat,
                        "lon": aino.lon,
                        "open_now": True,
                    }
                ],
                "store_count": 1,
            }
        ],
        "next_cursor": None,
    }


@pytest.mark.parametrize("spelling", ["Malmö", "MALMO", "malm%C3%B6", " malmo "])
def test_a_city_is_found_however_it_is_spelt(spelling: str) -> None:
    make_offer(shop(city="Malmö"))
    make_offer(shop("Bistro Bertil", city="Lund"), title="Soup")
    assert titles(spelling) == ["Free cardamom bun"]


def test_an_unknown_city_has_none_and_a_question_without_one_is_refused(aino: Store) -> None:
    make_offer(aino)
    assert titles("Turku") == titles("!!!") == []
    for path, code in (
        ("/offers", "missing_field"),
        ("/offers?city=", "too_short"),
        (f"/offers?city={'x' * 101}", "too_long"),
    ):
        refused = ask(path, status=422)
        assert (refused["code"], refused["field"]) == (code, "city")


def paused(offer: Offer) -> None:
    offers.pause(offer=offer, now=NOON)


def draft(offer: Offer) -> None:
    Offer.objects.filter(pk=offer.pk).update(state=OfferState.DRAFT)


def archived(offer: Offer) -> None:
    offers.archive(offer=offer, now=NOON)


def over(offer: Offer) -> None:
    Offer.objects.filter(pk=offer.pk).update(ends_at=NOON)


def not_begun(offer: Offer) -> None:
    Offer.objects.filter(pk=offer.pk).update(starts_at=NOON + timedelta(seconds=1))


def used_up(offer: Offer) -> None:
    OfferBudget.objects.filter(offer=offer).update(reserved=60, redeemed=40)


def store_archived(offer: Offer) -> None:
    shops.archive_store(store=offer.merchant.stores.get(), now=NOON)


def merchant_archived(offer: Offer) -> None:
    offer.merchant.archived_at = NOON
    offer.merchant.save()


def without_a_live_fence(offer: Offer) -> None:
    Geofence.objects.filter(store__merchant=offer.merchant).update(state=FenceState.WAITING)


def at_a_store_elsewhere(offer: Offer) -> None:
    offer.all_stores = False
    offer.save()
    offer.stores.set([shop("Café Aino", city="Turku")])


@pytest.mark.parametrize(
    "spoil",
    [
        paused,
        draft,
        archived,
        over,
        not_begun,
        used_up,
        store_archived,
        merchant_archived,
        without_a_live_fence,
        at_a_store_elsewhere,
    ],
)
def test_what_nobody_could_be_given_is_neither_listed_nor_counted(aino: Store, spoil: Any) -> None:
    offer = make_offer(aino)
    other = make_offer(shop("Bistro Bertil"), title="Soup")
    assert sorted(titles()) == ["Free cardamom bun", "Soup"]
    spoil(offer)
    assert titles() == ["Soup"]
    helsinki = [city for city in ask("/cities")["cities"] if city["city"] == "Helsinki"]
    assert helsinki == [{"city": "Helsinki", "offers": 1}]
    assert other.state == OfferState.LIVE


def test_the_last_place_in_the_budget_is_still_one(aino: Store) -> None:
    offer = make_offer(aino, cap=2)
    with_one = OfferBudget.objects.filter(offer=offer)
    with_one.update(reserved=1)
    assert titles() == ["Free cardamom bun"]
    assert budgets.reserve(offer_id=offer.pk)
    assert titles() == []


def test_an_offer_that_is_closed_at_this_hour_says_so(aino: Store) -> None:
    make_offer(aino)
    Offer.objects.update(schedule=[{"days": [2], "opens": "17:00", "closes": "20:00"}])  # it is 15:00 in Helsinki
    (offer,) = ask("/offers?city=helsinki")["offers"]
    assert [store["open_now"] for store in offer["stores"]] == [False]


def test_stores_are_those_of_the_offer_in_this_city_and_a_chain_s_are_counted(aino: Store) -> None:
    everywhere, here_only = make_offer(aino, title="Everywhere"), make_offer(aino, title="Here only")
    here_only.all_stores = False
    here_only.save()
    here_only.stores.set([aino])
    for _ in range(city_offers.STORES_SHOWN + 3):
        shop()
    shop(city="Turku")
    found = {offer["id"]: offer for offer in ask("/offers?city=helsinki")["offers"]}
    assert [store["id"] for store in found[str(here_only.pk)]["stores"]] == [str(aino.pk)]
    assert found[str(here_only.pk)]["store_count"] == 1
    stores = found[str(everywhere.pk)]["stores"]
    assert (len(stores), found[str(everywhere.pk)]["store_count"]) == (20, 24)
    assert [store["name"] for store in stores] == sorted(store["name"] for store in stores)
    assert titles("Turku") == ["Everywhere"]


def test_offers_come_in_pages_the_newest_first(aino: Store) -> None:
    for number in range(5):
        make_offer(aino, title=f"Offer {number}", starts_at=NOON - timedelta(days=number // 2))
    path, found = "/offers?city=helsinki&limit=2", []
    walker = Walker(consents=[])
    cursor = ""
    while cursor is not None:
        answer = ask(path + (f"&cursor={cursor}" if cursor else ""), walker=walker)
        found.append([offer["title"] for offer in answer["offers"]])
        cursor = answer["next_cursor"]
    assert found == [["Offer 1", "Offer 0"], ["Offer 3", "Offer 2"], ["Offer 4"]]
    cursor = ask(path, walker=walker)["next_cursor"]
    refused = ask(f"/offers?city=turku&limit=2&cursor={cursor}", walker=walker, status=400)
    assert refused["code"] == "bad_cursor"


def test_cities_are_counted_and_named_as_most_of_their_stores_write_them() -> None:
    for name, city in (("A", "Malmo"), ("B", "Malmö"), ("C", "Malmö"), ("D", "HELSINKI"), ("E", "Helsinki"), ("F", "")):
        make_offer(shop(name, city=city))
    merchant_in_both = shop("G", city="Malmö")
    shop("G", city="Helsinki")
    make_offer(merchant_in_both)
    shop("H", city="Oulu")  # without an offer
    assert ask("/cities") == {
        "cities": [{"city": "Helsinki", "offers": 3}, {"city": "Malmö", "offers": 4}],
        "next_cursor": None,
    }


def test_every_city_s_count_is_the_length_of_its_list() -> None:
    for number in range(6):
        store = shop(f"Shop {number}", city=("Helsinki", "Turku")[number % 2])
        shop(f"Shop {number}", city=("Oulu", "Helsinki")[number % 2])
        make_offer(store, title=f"all {number}")
        some = make_offer(store, title=f"some {number}", state=(OfferState.LIVE, OfferState.PAUSED)[number // 3])
        some.all_stores = False
        some.save()
        some.stores.set([store])
    counted = {city["city"]: city["offers"] for city in ask("/cities")["cities"]}
    assert counted == {city: len(titles(city)) for city in ("Helsinki", "Oulu", "Turku")}
    assert counted["Helsinki"] == 8


def test_cities_come_in_pages() -> None:
    for name in ("Åbo", "Borgå", "Esbo"):
        make_offer(shop(name, city=name))
    walker = Walker(consents=[])
    first = ask("/cities?limit=2", walker=walker)
    assert [city["city"] for city in first["cities"]] == ["Åbo", "Borgå"]
    second = ask(f"/cities?limit=2&cursor={first['next_cursor']}", walker=walker)
    assert ([city["city"] for city in second["cities"]], second["next_cursor"]) == (["Esbo"], None)


def test_a_page_of_cities_without_offers_is_empty_and_leads_on() -> None:
    for name in ("Åbo", "Borgå"):
        shop(name, city=name)
    make_offer(shop("Esbo", city="Esbo"))
    walker = Walker(consents=[])
    first = ask("/cities?limit=2", walker=walker)
    assert first["cities"] == []
    second = ask(f"/cities?limit=2&cursor={first['next_cursor']}", walker=walker)
    assert second["cities"] == [{"city": "Esbo", "offers": 1}]


def test_a_page_costs_the_same_queries_however_many_offers(aino: Store) -> None:
    def queries(path: str) -> int:
        walker = Walker(consents=[])
        with CaptureQueriesContext(connection) as captured:
            ask(path, walker=walker)
        return len(captured)

    make_offer(aino)
    few = [queries("/offers?city=helsinki"), queries("/cities")]
    for number in range(10):
        make_offer(shop(f"Shop {number}", city=f"City {number}"))
        make_offer(shop(f"Shop {number}"), title=f"Offer {number}")
    assert [queries("/offers?city=helsinki"), queries("/cities")] == few == [4, 5]


def test_only_phones_ask(aino: Store) -> None:
    make_offer(aino)
    _, till = keys.make_key(store=aino, name="till", scopes=list(keys.SCOPES))
    for token in ("nobody", till):
        for path in ("/offers?city=helsinki", "/cities"):
            assert Phone(token=token).call("GET", path).status_code == 401
