"""Withdrawals, pauses and erasures among reports, claims and redemptions, in hundreds of drawn orders.

After a withdrawal or a pause has answered, nothing commits that needed that purpose; redemption and service messages go
on. After an erasure has answered, nothing commits that names that shopper, a phone of theirs or a coupon.

Each order is drawn from a seed that is printed: RACE_SEED=… plays them again, RACE_RUNS=… as many (`make soak`).
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.db.models import Q

from geooffers.callers import device_lookup
from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon, CouponState
from geooffers.redemptions import books
from geooffers.redemptions.models import Redemption
from geooffers.redemptions.redeeming import UnknownCode
from geooffers.shoppers.consents.pauses import Paused, refuse_if_paused
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import LOCATION_PURPOSES, ConsentState, ConsentText, Device, Purpose
from geooffers.shoppers.privacy import tombstones
from geooffers.usecases.location import report_positions
from geooffers.usecases.privacy import resume_consents
from geooffers.usecases.till import redeem_coupon
from geooffers.visits.engine.observations import Fix
from geooffers.visits.models import DeviceState, Presence
from merchants.live_fences import live_fences
from merchants.models import ApiKey, Geofence, Offer
from merchants.people.access import Scanner
from notifications.messages import owing
from notifications.models import Delivery, DeliveryState, Kind, Message
from tests.cast import (
    NOON,
    consent_text,
    make_coupon,
    make_device,
    make_fence,
    make_offer,
    make_shopper,
    make_store,
    make_visit,
)
from tests.deliveries import claim_pushes
from tests.races.interleaving import Actor, Commit, Company, Play
from tests.races.stops import STOPS, Scene, Stop, deed
from tests.walker import AT_AINO

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

RUNS = int(os.environ.get("RACE_RUNS", "500"))
SEED = os.environ["RACE_SEED"]  # tests/conftest.py draws one, and says which
A_TEST = 125
LATER = NOON + timedelta(minutes=1)
REFUSED_TO_A_PHONE = (report_positions.ConsentMissing, Paused, device_lookup.TokenUnknown, tombstones.Erased)
SENT_WITHOUT_MORE_ADO = {Kind.COUPON_ISSUED: Q(pk__isnull=False)}


@dataclass(kw_only=True)
class Stage:
    """What all plays share: a shop with a fence, offers and a till, and who plays."""

    in_hand: Offer
    elsewhere: Geofence
    till: Scanner
    company: Company
    texts: dict[Purpose, ConsentText] = field(default_factory=lambda: {each: consent_text(each) for each in Purpose})

    def scene(self) -> Scene:
        Message.objects.all().delete()
        shopper = make_shopper(firebase_uid=uuid4().hex)
        tokens = (uuid4().hex, uuid4().hex)
        phones = tuple(make_device(shopper, token=token, consents=()) for token in tokens)
        ConsentState.objects.bulk_create(
            ConsentState(
                shopper=shopper, device=phone, purpose=each, given=True, text=self.texts[each], changed_at=NOON
            )
            for each in Purpose
            for phone in (phones if each in LOCATION_PURPOSES else [None])
        )
        for _ in range(2):
            owing.owe(
                kind=Kind.COUPON_ISSUED,
                shopper=shopper,
                subject=uuid4(),
                title="Bun",
                expires_at=LATER + timedelta(hours=1),
                now=NOON,
            )
        # And one that a worker took and died with: no withdrawal finds it waiting, the next claim does.
        lapsed = Delivery.objects.order_by("pk").values("pk")[:1]
        Delivery.objects.filter(pk__in=lapsed).update(state=DeliveryState.CLAIMED, lease=1, lease_until=NOON)
        visit = make_visit(shopper, self.elsewhere, began_at=NOON)
        coupon = make_coupon(self.in_hand, shopper=shopper, visit=visit)
        return Scene(phones=phones, tokens=tokens, coupon=coupon, now=LATER)


@pytest.fixture
def stage(transactional_db: None) -> Iterator[Stage]:
    store = make_store()
    make_fence(store)
    make_offer(store, cap=1_000_000, title="on entering")
    in_hand = make_offer(store, cap=1_000_000, title="in hand", per_shopper_limit=5)
    live_fences.matcher().refresh()
    key = ApiKey.objects.create(merchant=store.merchant, store=store, name="till", prefix="gok_1", key_hash=b"1")
    company = Company(7)
    yield Stage(in_hand=in_hand, elsewhere=make_fence(store), till=Scanner(api_key=key), company=company)
    company.leave()


# -- who plays


def report(scene: Scene, phone: int) -> Actor:
    """The phone walks in."""
    lat, lon = AT_AINO
    fix = Fix(uuid=uuid4(), recorded_at=LATER, lat=lat, lon=lon, accuracy_m=8, background=False)

    def work() -> None:
        caller = device_lookup.find(token_hash=tokens.hash_of(scene.tokens[phone]), now=LATER)
        refuse_if_paused(pause=caller.pause, now=LATER)
        report_positions.report_positions(reporter=caller, consents=caller.consents(now=LATER), fixes=[fix], now=LATER)

    return Actor(name=f"report {phone}", work=work, refusals=REFUSED_TO_A_PHONE)


def claim(number: int) -> Actor:
    def work() -> None:
        claim_pushes(now=LATER, guards=SENT_WITHOUT_MORE_ADO)

    return Actor(name=f"claim {number}", work=work)


def redemption(scene: Scene, till: Scanner) -> Actor:
    code = str(keyring.code_of(scene.coupon))

    def work() -> None:
        redeem_coupon.redeem_coupon(text=code, scanned_by=till, store_id=None, nonce=uuid4().hex, now=LATER)

    return Actor(name="redemption", work=work, refusals=(UnknownCode,))  # of a coupon that is nobody's any more


def resuming(scene: Scene) -> Actor:
    return Actor(name="resume", work=lambda: resume_consents.resume_consents(device=scene.phones[0], now=LATER))


# -- what must hold


def broken(stop: Stop, scene: Scene, by: Actor, others: list[Actor]) -> list[str]:
    """What of `stop` was committed by a COMMIT that was sent after it had answered, and before it was taken back."""
    assert by.answered is not None
    resumed = [commit.began for actor in others if actor.name == "resume" for commit in actor.commits]
    until = min((began for began in resumed if began > by.answered), default=float("inf"))
    return [
        f"{stop.name}, {actor.name}: {statement}"
        for actor in others
        for commit in actor.commits
        if by.answered < commit.began < until
        for statement in forbidden(stop, scene, actor, commit)
    ]


def forbidden(stop: Stop, scene: Scene, actor: Actor, commit: Commit) -> list[str]:
    phone, ids = phone_of(actor), scene.ids
    return [one.sql[:80] for one in commit.statements if stop.forbids(deed(one, ids=ids), phone=phone)]


def phone_of(actor: Actor) -> int | None:
    return int(actor.name[-1]) if actor.name.startswith("report") else None


def assert_it_is_over(stop: Stop, scene: Scene) -> None:
    if stop.erases:
        shopper = scene.phones[0].shopper_id
        for model in (Device, ConsentState, Message, Delivery, Coupon):
            assert not model.objects.filter(shopper=shopper).exists()
        assert not DeviceState.objects.filter(pk__in=[phone.pk for phone in scene.phones]).exists()
        return
    for number in stop.located:
        state = DeviceState.objects.get(pk=scene.phones[number].pk)
        assert (bytes(state.packed), state.last_fix_at) == (b"", None)
        assert not Presence.objects.filter(device=state.pk).exists()
    if stop.marketed:
        rest = claim_pushes(now=LATER, guards=SENT_WITHOUT_MORE_ADO)
        assert Kind.COUPON_ISSUED not in {push.kind for push in rest}
        assert not Delivery.objects.filter(message__kind=Kind.COUPON_ISSUED, state=DeliveryState.READY).exists()


def assert_redemption_went_on(stop: Stop, scene: Scene) -> None:
    """Only an erasure ends it; and the shopper's phones are told of it: at the latest by the next claim."""
    scene.coupon.refresh_from_db()
    if stop.erases and scene.coupon.state == CouponState.EXPIRED:
        assert not Redemption.objects.filter(coupon=scene.coupon).exists()
        return
    assert scene.coupon.state == CouponState.REDEEMED
    assert Redemption.objects.filter(coupon=scene.coupon).count() == 1
    claim_pushes(now=LATER, guards=SENT_WITHOUT_MORE_ADO)
    told = dict(Delivery.objects.filter(message__kind=Kind.COUPON_REDEEMED).values_list("device", "state"))
    for phone in scene.phones[stop.leaves :]:
        assert told[phone.pk] == DeliveryState.CLAIMED


def play(stage: Stage, *, seed: str, met: Counter[str]) -> list[str]:
    """One drawn order; what was broken in it. `met` counts what it was about, so that the search is known to live."""
    luck = random.Random(seed)
    scene, stop = stage.scene(), luck.choice(STOPS)
    others = [report(scene, 0), report(scene, 1), claim(1), claim(2), redemption(scene, stage.till)]
    others = luck.sample(others, luck.randint(1, 4))
    if stop.name == "pause" and luck.random() < 0.3:
        others.append(resuming(scene))
    by = Actor(name=stop.name, work=lambda: stop.run(scene))
    playing = Play([by, *others], company=stage.company, luck=luck)
    playing.run()
    if not any(actor.name == "resume" for actor in others):
        assert_it_is_over(stop, scene)
    if any(actor.name == "redemption" for actor in others):
        assert_redemption_went_on(stop, scene)
    met[stop.name] += 1
    met["waited"] += playing.waits > 0
    met["refused"] += any(actor.refused for actor in others)
    met["got through"] += any(forbidden(stop, scene, actor, commit) for actor in others for commit in actor.commits)
    return broken(stop, scene, by, others)


@pytest.mark.parametrize("part", range(-(-RUNS // A_TEST)))
def test_nothing_commits_that_a_withdrawal_a_pause_or_an_erasure_has_stopped(stage: Stage, part: int) -> None:
    count, met = min(A_TEST, RUNS - part * A_TEST), Counter[str]()
    for number in range(part * A_TEST, part * A_TEST + count):
        assert play(stage, seed=f"{SEED}-{number}", met=met) == [], f"RACE_SEED={SEED}, play {number}"
    assert books.check_books() == []
    if count >= 100:
        assert min(met[name] for name in (*(stop.name for stop in STOPS), "waited", "refused", "got through")) > 0


# -- the twins: the same code, but for a lock that is cut out of one's statements


@pytest.mark.parametrize(
    ("cut", "who", "bites"),
    [
        (" FOR SHARE$", "report", {"withdraw location", "pause", "age", "sign out", "erase"}),
        (' FOR SHARE OF "shoppers_consentstate" SKIP LOCKED', "claim", {"withdraw marketing", "pause", "age"}),
    ],
    ids=["reports", "claims"],
)
def test_twin_without_its_lock_it_bites(stage: Stage, cut: str, who: str, bites: set[str]) -> None:
    found: dict[str, object] = {}
    stops = [stop for stop in STOPS if stop.name in bites]
    for number in range(300):
        for stop in stops:
            if stop.name in found:
                continue
            scene = stage.scene()
            by = Actor(name=stop.name, work=partial(stop.run, scene))
            other = claim(1) if who == "claim" else report(scene, min(stop.located))
            # Of the erased the state is gone as well, and a foreign key: whoever comes to them has gone too far.
            too_far = (DeviceState.DoesNotExist, IntegrityError)
            other.cut, other.refusals = cut, (*other.refusals, *too_far)
            Play([by, other], company=stage.company, luck=random.Random(f"{who} {number}")).run()
            if late := broken(stop, scene, by, [other]) or isinstance(other.refused, too_far):
                found[stop.name] = late
    assert found.keys() == bites
