"""A city of invented merchants at real places in Helsinki, registered as a merchant and an operator would."""

import math
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from geooffers.worker.demo.track import TrackPlace, fence_places
from merchants.fences import editing
from merchants.models import (
    AreaKind,
    DiscountKind,
    FenceTuning,
    Geofence,
    Merchant,
    Role,
    StaffMember,
    Store,
    User,
)
from merchants.offers import offers
from merchants.people import keys
from merchants.shops import cities

METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A store with one round fence and one offer; `api_key` is its till's."""

    merchant: str
    store: str
    store_id: str
    lat: float
    lon: float
    radius_m: float
    api_key: str

    def beside(self, *, east_m: float, north_m: float) -> TrackPlace:
        """A place some metres away. Flat-earth arithmetic: good to a metre at these distances."""
        return TrackPlace(
            lat=self.lat + north_m / METRES_PER_DEGREE,
            lon=self.lon + east_m / (METRES_PER_DEGREE * math.cos(math.radians(self.lat))),
        )


@dataclass(frozen=True, kw_only=True)
class Login:
    username: str
    password: str
    who: str


@dataclass(frozen=True, kw_only=True)
class City:
    shops: tuple[Shop, ...]
    logins: tuple[Login, ...]


@dataclass(frozen=True, kw_only=True)
class ShopPlan:
    """What is invented of one shop."""

    merchant: str
    address: str
    lat: float
    lon: float
    title: str
    text: str
    category: str
    percent: int
    radius_m: float = 60
    tuning: FenceTuning = FenceTuning.WALK_IN
    colour: str = "#2456d6"
    terms: str = "One for each guest, not with other offers."


# The first two are neighbours: the shopper of the story passes one and enters the other.
HELSINKI = (
    ShopPlan(
        merchant="Esplanadi Books",
        address="Pohjoisesplanadi 27",
        lat=60.16765,
        lon=24.94730,
        title="15 % off any novel",
        text="Today, at the till.",
        category="books",
        percent=15,
        colour="#7c2d3e",
    ),
    ShopPlan(
        merchant="Café Aino",
        address="Pohjoisesplanadi 15",
        lat=60.16775,
        lon=24.95150,
        title="20 % off coffee and a bun",
        text="Fresh cardamom buns until we close.",
        category="café",
        percent=20,
        colour="#8a4b14",
    ),
    ShopPlan(
        merchant="Hakaniemi Cheese",
        address="Hakaniemen tori 1",
        lat=60.17930,
        lon=24.95060,
        title="10 % off the cheese counter",
        text="Ask for a taste first.",
        category="food",
        percent=10,
        colour="#b98900",
    ),
    ShopPlan(
        merchant="Kallio Vinyl",
        address="Fleminginkatu 9",
        lat=60.18650,
        lon=24.95270,
        title="25 % off second-hand records",
        text="All boxes on the floor.",
        category="music",
        percent=25,
        colour="#3d3a8c",
    ),
    ShopPlan(
        merchant="Punavuori Bikes",
        address="Iso Roobertinkatu 20",
        lat=60.16180,
        lon=24.93880,
        title="30 % off a spring service",
        text="While you wait.",
        category="sport",
        percent=30,
        colour="#0f6e6b",
    ),
    ShopPlan(
        merchant="Töölönlahti Flowers",
        address="Mannerheimintie 13",
        lat=60.17530,
        lon=24.93330,
        title="20 % off a bouquet",
        text="Tied as you like it.",
        category="flowers",
        percent=20,
        colour="#b5256f",
    ),
)


def build() -> City:
    """The city of the story."""
    return _register(HELSINKI)


def build_along(places: list[TrackPlace]) -> City:
    """Shops along a recorded track, so that a walk along it passes through their fences."""
    plans = [
        ShopPlan(
            merchant=f"Milestone {number}",
            address="beside the track",
            lat=place.lat,
            lon=place.lon,
            title=f"{number * 10} % off at milestone {number}",
            text="For everybody who walks by.",
            category="food",
            percent=number * 10,
            radius_m=100,
            tuning=FenceTuning.DRIVE_BY,
        )
        for number, place in enumerate(fence_places(places), start=1)
    ]
    return _register(plans)


def _register(plans: Iterable[ShopPlan]) -> City:
    now = datetime.now(UTC)
    operator = Login(username="operator", password=secrets.token_urlsafe(9), who="runs the platform")
    user = User.objects.create_superuser(operator.username, password=operator.password)
    logins = [operator]
    shops = []
    for plan in plans:
        store, shop = _open(plan, by=user, now=now)
        shops.append(shop)
        if len(logins) < 3:
            logins.append(_staff(store, Role.OWNER if len(logins) == 1 else Role.MANAGER))
    return City(shops=tuple(shops), logins=tuple(logins))


def open_shop(*, plan: ShopPlan, by: User) -> Shop:
    """One more, in a city that is there."""
    return _open(plan, by=by, now=datetime.now(UTC))[1]


def _open(plan: ShopPlan, *, by: User, now: datetime) -> tuple[Store, Shop]:
    merchant = Merchant.objects.create(name=plan.merchant, colour=plan.colour)
    store = Store.objects.create(
        merchant=merchant,
        name=f"{plan.merchant}, {plan.address}",
        address=plan.address,
        city="Helsinki",
        city_key=cities.key_of("Helsinki"),
        time_zone="Europe/Helsinki",
        lat=plan.lat,
        lon=plan.lon,
    )
    door = Geofence(
        store=store,
        name="the door",
        kind=AreaKind.CIRCLE,
        center_lat=plan.lat,
        center_lon=plan.lon,
        radius_m=plan.radius_m,
        tuning=plan.tuning,
    )
    editing.put_fence(fence=door, by=by)
    offer = offers.create_offer(
        merchant=merchant,
        now=now,
        cap=500,
        title=plan.title,
        text=plan.text,
        terms=plan.terms,
        category=plan.category,
        discount_kind=DiscountKind.PERCENT,
        discount_value=Decimal(plan.percent),
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(days=30),
        coupon_lifetime_s=4 * 3600,
    )
    offers.publish(offer=offer, now=now)
    _, api_key = keys.make_key(store=store, name="till 1", scopes=[keys.COUPONS_LOOKUP, keys.COUPONS_REDEEM])
    return store, Shop(
        merchant=merchant.name,
        store=store.name,
        store_id=str(store.pk),
        lat=plan.lat,
        lon=plan.lon,
        radius_m=plan.radius_m,
        api_key=api_key,
    )


def _staff(store: Store, role: Role) -> Login:
    login = Login(username=role.value, password=secrets.token_urlsafe(9), who=f"{role} of {store.merchant}")
    user = User.objects.create_user(login.username, password=login.password, is_staff=True)
    member = StaffMember.objects.create(user=user, merchant=store.merchant, role=role)
    if role != Role.OWNER:
        member.stores.add(store)
    return login
