"""Two merchants and a lone shopper. Every text of Bertil's rows and of the shopper's is a canary."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import uuid4

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from geooffers.coupons import device_limits, keyring
from geooffers.coupons.models import Coupon, DeviceShare, WalletPass
from geooffers.decisions.models import Decision, Interruption
from geooffers.ledger.models import LedgerEntry
from geooffers.redemptions.models import Redemption, RefusedScan
from geooffers.shoppers.models import (
    ConsentReceipt,
    ConsentState,
    DataRequest,
    DataRequestKind,
    Export,
    Shopper,
    Tombstone,
    TombstoneKind,
)
from geooffers.visits.models import Presence
from merchants.models import ApiKey, ExclusionZone, FenceFollower, Role, StaffMember, Store, User, ZoneImport
from merchants.people import keys
from merchants.shops import logos
from notifications.models import Delivery, Kind
from tests import cast
from tests.deliveries import make_delivery
from tests.images import logo

OURS = ("merchants", "shoppers", "visits", "ledger", "coupons", "redemptions", "decisions", "notifications")
# Rows that are nobody's: the numbered log of fence changes, and the published wording of consents.
NOBODYS = {"FenceChange", "FenceChangeCounter", "ConsentText"}
# Texts with a meaning to the machine; a canary there would break what is walked.
MEANT = {"time_zone", "password", "code_key_id", "key_id", "language", "currency", "link", "tag"}
BERTIL_LAT, BERTIL_LON = 12.3456781, -45.6543219


@dataclass(kw_only=True)
class World:
    aino: Store
    bertil: Store
    owners: dict[str, User]
    # Model -> primary keys of what is not Aino's.
    foreign: dict[type[models.Model], list[object]] = field(default_factory=dict)
    canaries: dict[str, str] = field(default_factory=dict)  # canary -> whose, for the report
    shoppers_canaries: dict[str, str] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)  # those of the canaries that are coordinates of fences
    key: str = ""
    token: str = "ainos-guest"  # the device token of a shopper who walks past Aino's
    bertils_code: str = ""

    def people(self) -> dict[str, User | None]:
        return {"anonymous": None, **self.owners}


def canary(model: type[models.Model], name: str, pk: object) -> str:
    return "CNRY" + sha256(f"{model.__name__}.{name}.{pk}".encode()).hexdigest()[:8]


def build() -> World:
    """Bertil and the shopper first: whatever is in the database then is foreign to Aino."""
    bertil = _furnish("Bistro Bertil", lat=BERTIL_LAT, lon=BERTIL_LON)
    shopper = _lone_shopper(bertil)
    clinics = ZoneImport.objects.create(
        source="clinics", version=1, place_kind="health", jurisdiction="US-WA", file_name="clinics.geojson",
        zones=1, added=1, removed=0, fences_to_review=0, imported_at=timezone.now(),
    )  # fmt: skip
    ExclusionZone.objects.create(
        name="clinic", rule="A clinic.", kind="circle", center_lat=12.9876541, center_lon=-45.1, radius_m=100,
        added_by=clinics,
    )  # fmt: skip
    FenceFollower.objects.create(
        id=uuid4(), host="web-1", pid=1, started_at=timezone.now(), seen_at=timezone.now(),
        last_number=1, areas=1, changes=0, base="",
    )  # fmt: skip
    operator = User.objects.create_superuser("operator", password="a-long-password-1")
    foreign, texts, shoppers = _plant_canaries(shopper)
    aino = _furnish("Café Aino", lat=cast.AINO_LAT, lon=cast.AINO_LON)
    _her_regular(aino)
    people = {role: StaffMember.objects.get(merchant=aino.merchant, role=role).user for role in Role.values}
    key = keys.make_key(store=aino, name="till 2", scopes=list(keys.SCOPES))[1]
    _leave_traces(operator, people[Role.OWNER], bertil)
    # Cut off and not rounded: a rounded number stands in no answer.
    numbers = {str(BERTIL_LAT)[:8]: "Bertil's latitude", str(BERTIL_LON)[:8]: "Bertil's longitude"}
    return World(
        aino=aino,
        bertil=bertil,
        owners={**people, "operator": operator},
        foreign=foreign,
        places=set(numbers),
        canaries={**texts, **numbers, "9876.54": "the value of Bertil's redemption", "12.98765": "the clinic"},
        shoppers_canaries=shoppers,
        key=key,
        bertils_code=str(keyring.code_of(Coupon.objects.get(offer__merchant=bertil.merchant, state="open"))),
    )


def _furnish(merchant_name: str, *, lat: float, lon: float) -> Store:
    store = cast.make_store(merchant_name=merchant_name, lat=lat, lon=lon)
    cast.make_store(merchant_name=merchant_name, lat=lat, lon=lon)
    cast.make_fence(store)
    offer = cast.make_offer(store, ends_at=timezone.now() + timedelta(days=30))
    offer.stores.add(store)
    for role in Role:
        cast.make_staff(store, role=role)
    keys.make_key(store=store, name="till 1", scopes=list(keys.SCOPES))
    logos.put_logo(merchant=store.merchant, png=logo(), now=timezone.now())
    return store


def _her_regular(store: Store) -> None:
    """A shopper of Aino's own, known to nobody by name there either."""
    shopper = cast.make_shopper()
    cast.make_device(shopper, token="ainos-guest")


def _lone_shopper(store: Store) -> Shopper:
    """Was at Bertil's, holds a coupon, has redeemed another, is owed a push."""
    now = timezone.now()
    shopper = cast.make_shopper(now=now, firebase_uid="lone-shopper")
    device = cast.make_device(shopper, now=now)
    state = ConsentState.objects.filter(shopper=shopper).first()
    assert state is not None
    ConsentReceipt.objects.create(
        shopper=shopper, device=device, purpose=state.purpose, text=state.text, given=True, source="app", at=now
    )
    asked = DataRequest.objects.create(kind=DataRequestKind.ACCESS, asked_at=now)
    Export.objects.create(
        shopper=shopper,
        request=asked,
        token_hash=b"e" * 32,
        asked_at=now,
        expires_at=now + timedelta(days=1),
        body=b"a copy",
    )
    Tombstone.objects.create(digest=b"t" * 32, key_id="s1", kind=TombstoneKind.TOKEN, request_id=asked.pk, at=now)
    offer = store.merchant.offers.get()
    fence = store.geofences.get()
    visit = cast.make_visit(shopper, fence, began_at=now)
    Presence.objects.create(visit=visit, device=device, since=now)
    coupon = cast.make_coupon(offer, shopper=shopper, visit=visit, now=now)
    marks = device_limits.marks_of(device_id=device.pk, shopper_id=shopper.pk, now=now)
    assert device_limits.take_seat(marks=marks, offer_id=offer.pk)
    cast.make_decision(offer, shopper=shopper, visit=visit, coupon=coupon, now=now)
    Interruption.objects.create(shopper=shopper, last_at=now)
    earlier = cast.make_visit(cast.make_shopper(now=now), cast.make_fence(store), began_at=now)
    spent = cast.make_coupon(offer, shopper=earlier.shopper, visit=earlier, now=now)
    Coupon.objects.filter(pk=spent.pk).update(state="redeemed", redeemed_at=now)
    staff = StaffMember.objects.filter(merchant=store.merchant).first()
    Redemption.objects.create(
        coupon=spent,
        offer=offer,
        store=store,
        staff_member=staff,
        nonce="nonce-of-the-till",
        pseudonym=b"p" * 32,
        discount_kind="amount",
        value=Decimal("9876.54"),
        currency="EUR",
        redeemed_at=now,
    )
    RefusedScan.objects.create(coupon=coupon, store=store, staff_member=staff, reason="expired", at=now)
    WalletPass.objects.create(coupon=coupon, vendor="apple", serial=uuid4(), created_at=now, changed_at=now)
    make_delivery(
        device=device,
        kind=Kind.COUPON_ISSUED,
        subject=coupon.pk,
        tag="lone",
        title="a push title",
        body="a push body",
        expires_at=now + timedelta(hours=1),
        now=now,
    )
    return shopper


def _plant_canaries(shopper: Shopper):
    """Overwrite every free text of every row there is; answer keys, canaries, and those that tell on the shopper."""
    foreign: dict[type[models.Model], list[object]] = {}
    texts: dict[str, str] = {}
    shoppers: dict[str, str] = {}
    for model in tenant_models():
        tells = is_about_people(model)
        for row in model._default_manager.all():
            foreign.setdefault(model, []).append(row.pk)
            if tells and not isinstance(row.pk, int):
                shoppers[str(row.pk)] = f"id of a {model.__name__}"
            planted = {}
            for each in model._meta.concrete_fields:
                if isinstance(each, models.CharField | models.TextField) and not each.choices:
                    longest = each.max_length or 12
                    if each.name in MEANT or longest < 12 or (not each.editable and model is not ApiKey):
                        continue
                    if model is Delivery and each.name == "address":
                        continue  # a push has its phone's; a text here would be a second destination
                    planted[each.name] = canary(model, each.name, row.pk)
                    (shoppers if tells else texts)[planted[each.name]] = f"{model.__name__}.{each.name}"
            if planted:
                model._default_manager.filter(pk=row.pk).update(**planted)
    return foreign, texts, shoppers


def _leave_traces(operator: User, aino_owner: User, bertil: Store) -> None:
    """The admin's log: of an operator, of Bertil's people, and of one who worked for Bertil before."""
    for user in (operator, aino_owner, StaffMember.objects.filter(merchant=bertil.merchant).first().user):
        for row in (bertil, bertil.merchant, bertil.merchant.offers.get()):
            LogEntry.objects.create(
                user=user,
                content_type=ContentType.objects.get_for_model(row),
                object_id=str(row.pk),
                object_repr=str(type(row).objects.get(pk=row.pk)),
                action_flag=CHANGE,
                change_message="CNRYlogmessage",
            )


def tenant_models() -> list[type[models.Model]]:
    """Every model that holds somebody's rows: a new one is walked without anybody thinking of it."""
    return [
        model for label in OURS for model in apps.get_app_config(label).get_models() if model.__name__ not in NOBODYS
    ]


def is_about_people(model: type[models.Model]) -> bool:
    """Rows of shoppers, which no merchant may see, not even the one they visited."""
    return model._meta.app_label in ("shoppers", "visits", "notifications") or model in (
        Coupon,
        Decision,
        DeviceShare,
        Interruption,
        LedgerEntry,
        WalletPass,
    )


def state_of_foreign_rows(world: World) -> dict[str, object]:
    """What a walk as Aino's people must leave as it was: Bertil's rows, and who points at them."""
    state: dict[str, object] = {}
    for model, keys_of_rows in world.foreign.items():
        columns = [each.attname for each in model._meta.concrete_fields if each.name != "last_login"]
        rows = model._default_manager.filter(pk__in=keys_of_rows).order_by("pk").values_list(*columns)
        state[model._meta.label] = [tuple(repr(value) for value in row) for row in rows]
    for model in tenant_models():
        for each in [*model._meta.concrete_fields, *model._meta.many_to_many]:
            theirs = world.foreign.get(each.related_model) if each.is_relation else None
            if theirs:
                pointing = model._default_manager.filter(**{f"{each.name}__in": theirs})
                ours = pointing.exclude(pk__in=world.foreign.get(model, []))
                state[f"pointing from {model._meta.label}.{each.name}"] = sorted(
                    str(pk) for pk in set(ours.values_list("pk", flat=True))
                )
    return state
