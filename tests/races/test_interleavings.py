"""Withdrawals and pauses among reports, claims and redemptions, in hundreds of drawn orders.

After a withdrawal or a pause has answered, nothing commits that needed that purpose; redemption and service messages go
on. Each order is drawn from a seed that is printed: RACE_SEED=… plays them again, RACE_RUNS=… as many (`make soak`).
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Q

from geooffers.coupons import keyring
from geooffers.coupons.models import CouponState, Redemption
from geooffers.coupons.redemption import ScannedBy
from geooffers.shoppers.consents import counts
from geooffers.shoppers.models import LOCATION_PURPOSES, ConsentState, Device, Purpose
from geooffers.usecases import redeem_coupon, report_positions, resume_consents
from geooffers.visits import recording
from geooffers.visits.models import DeviceState, Presence
from geooffers.visits.transitions import Change, Fix, Transition
from merchants import live_fences
from merchants.models import ApiKey, Geofence
from notifications import claim_statement, outbox
from notifications.models import Kind, Push, PushState
from tests.cast import NOON, make_coupon, make_device, make_fence, make_offer, make_shopper, make_store
from tests.races.interleaving import Actor, Play
from tests.races.stops import STOPS, Deed, Scene, Stop
from tests.walker import AT_AINO

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

RUNS = int(os.environ.get("RACE_RUNS", "500"))
SEED = os.environ["RACE_SEED"]  # tests/conftest.py draws one, and says which
A_TEST = 50
LATER = NOON + timedelta(minutes=1)
REFUSALS = (report_positions.ConsentMissing,)


@dataclass(kw_only=True)
class Stage:
    """What all plays share: a shop with a fence, an offer and a till."""

    fence: Geofence
    till: ScannedBy

    def scene(self) -> Scene:
        shopper = make_shopper()
        phones = (make_device(shopper), make_device(shopper))
        coupon = make_coupon(self.till_offer, shopper=shopper)
        outbox.enqueue(
            kind=Kind.COUPON_ISSUED,
            shopper=shopper,
            subject=uuid4(),
            title="Bun",
            expires_at=LATER + timedelta(hours=1),
            now=NOON,
        )
        return Scene(phones=phones, coupon=coupon, now=LATER)

    @property
    def till_offer(self) -> Any:
        return self.fence.store.merchant.offers.get(title="in hand")


@pytest.fixture
def stage(transactional_db: None) -> Stage:
    store = make_store()
    fence = make_fence(store)
    make_offer(store, cap=1_000_000, title="on entering")
    make_offer(store, cap=1_000_000, title="in hand", per_shopper_limit=5)
    live_fences.matcher().refresh()
    key = ApiKey.objects.create(merchant=store.merchant, store=store, name="till", prefix="gok_1", key_hash=b"1")
    return Stage(fence=fence, till=ScannedBy(api_key=key))


# -- who plays


def report(scene: Scene, number: int) -> Actor:
    """The phone walks in. What it read of its consents it read before everything else."""
    device = Device.objects.select_related("shopper", "state").get(pk=scene.phones[number].pk)
    given = frozenset(Purpose(state.purpose) for state in ConsentState.objects.filter(shopper=device.shopper))
    lat, lon = AT_AINO
    fix = Fix(uuid=uuid4(), recorded_at=LATER, lat=lat, lon=lon, accuracy_m=8, background=False)

    def work() -> set[Deed]:
        told = report_positions.report_positions(
            device=device, shopper=device.shopper, consents=given, state=device.state, fixes=[fix], now=LATER
        )
        owed = Push.objects.filter(subject__in=[coupon.pk for coupon in told.coupons], kind=Kind.COUPON_ISSUED)
        return {Deed.LOCATED, Deed.MARKETED} if told.coupons and owed.exists() else {Deed.LOCATED}

    return Actor(name=f"report {number}", work=work)


def claim(number: int) -> Actor:
    def work() -> set[Deed]:
        taken = outbox.claim(now=LATER, limit=10, lease_s=60, guards={Kind.COUPON_ISSUED: Q(pk__isnull=False)})
        return {Deed.MARKETED if push.kind == Kind.COUPON_ISSUED else Deed.SERVED for push in taken}

    return Actor(name=f"claim {number}", work=work)


def redemption(scene: Scene, till: ScannedBy) -> Actor:
    code = str(keyring.code_of(scene.coupon))

    def work() -> set[Deed]:
        redeem_coupon.redeem_coupon(text=code, scanned_by=till, store_id=None, nonce=uuid4().hex, now=LATER)
        return {Deed.REDEEMED}

    return Actor(name="redemption", work=work)


def resuming(scene: Scene) -> Actor:
    def work() -> set[Deed]:
        resume_consents.resume_consents(device=scene.phones[0], now=LATER)
        return set()

    return Actor(name="resume", work=work)


def stopping(stop: Stop, scene: Scene) -> Actor:
    def work() -> set[Deed]:
        stop.run(scene)
        return set()

    return Actor(name=stop.name, work=work)


# -- what must hold


def broken(stop: Stop, by: Actor, actors: list[Actor]) -> list[str]:
    """Whoever began to commit after the stop had answered, and did what it stops."""
    assert by.committed is not None
    found = []
    for actor in actors:
        if actor is by or actor.commit_began is None or actor.commit_began < by.committed:
            continue
        stopped = stop.stops.get(int(actor.name[-1]) if actor.name.startswith("report") else 0, frozenset())
        went_on = any(other.name == "resume" and other.did for other in actors)
        if stopped & actor.answer and not (stop.name == "pause" and went_on):
            found.append(f"{actor.name} after {by.name}: {actor.answer}")
    return found


def assert_it_is_over(stop: Stop, scene: Scene) -> None:
    for number, deeds in stop.stops.items():
        if Deed.LOCATED in deeds:
            device = scene.phones[number]
            state = DeviceState.objects.get(pk=device.pk)
            assert (bytes(state.packed), state.last_fix_at) == (b"", None)
            assert not Presence.objects.filter(device=device).exists()
        if Deed.MARKETED in deeds:
            shopper = scene.phones[0].shopper
            assert not Push.objects.filter(shopper=shopper, kind=Kind.COUPON_ISSUED, state=PushState.READY).exists()


def play(stage: Stage, *, seed: str) -> str:
    """One drawn order; what it was about."""
    luck = random.Random(seed)
    scene, stop = stage.scene(), luck.choice(STOPS)
    by = stopping(stop, scene)
    others = [report(scene, 0), report(scene, 1), claim(1), claim(2), redemption(scene, stage.till)]
    actors = [by, *luck.sample(others, luck.randint(2, len(others)))]
    resumed = stop.name == "pause" and luck.random() < 0.3
    if resumed:
        actors.append(resuming(scene))
    try:
        Play(actors, luck=luck, refusals=REFUSALS).run()
        assert broken(stop, by, actors) == [], f"RACE_SEED={seed!r}"
        if not resumed:
            assert_it_is_over(stop, scene)
        assert_redemption_went_on(scene, actors)
    finally:
        Push.objects.all().delete()
    return stop.name


def assert_redemption_went_on(scene: Scene, actors: list[Actor]) -> None:
    """It is never stopped, and the phones are told of it: at the latest by the next claim."""
    if not any(actor.name == "redemption" for actor in actors):
        return
    scene.coupon.refresh_from_db()
    assert scene.coupon.state == CouponState.REDEEMED
    assert Redemption.objects.filter(coupon=scene.coupon).count() == 1
    served = any(Deed.SERVED in (actor.answer or ()) for actor in actors)
    rest = outbox.claim(now=LATER, limit=10, lease_s=60, guards={Kind.COUPON_ISSUED: Q(pk__isnull=True)})
    assert served or any(push.kind == Kind.COUPON_REDEEMED for push in rest)


@pytest.mark.parametrize("part", range(-(-RUNS // A_TEST)))
def test_nothing_commits_that_a_withdrawal_or_pause_has_stopped(stage: Stage, part: int) -> None:
    count = min(A_TEST, RUNS - part * A_TEST)
    about = {play(stage, seed=f"{SEED}-{part * A_TEST + number}") for number in range(count)}
    assert count < 40 or about == {stop.name for stop in STOPS}


# -- the twins: without the locks it bites


def report_that_only_looks(scene: Scene, stage: Stage) -> Actor:
    """A plain look at the consent, then the visit."""
    device = scene.phones[0]
    entry = Transition(change=Change.ENTERED, fence=stage.fence.pk, at=LATER, pushable=True)

    def work() -> set[Deed]:
        held = ConsentState.objects.filter(counts(now=LATER), device=device, purpose__in=LOCATION_PURPOSES)
        if not held.exists():
            return set()
        recording.apply(device=device, shopper_id=device.shopper_id, found=[entry], is_gone=lambda fence: False)
        return {Deed.LOCATED}

    return Actor(name="report 0", work=work)


def claim_that_only_joins(scene: Scene, stage: Stage) -> Actor:
    def work() -> set[Deed]:
        wanted = Push.objects.filter(state=PushState.READY, kind=Kind.COUPON_ISSUED)
        statement, parameters = claim_statement.build(wanted=wanted, consent=True, limit=10, lease_s=60, now=LATER)
        with connection.cursor() as cursor:
            cursor.execute(statement.replace(' FOR SHARE OF "shoppers_consentstate" SKIP LOCKED', ""), parameters)
            return {Deed.MARKETED} if cursor.fetchall() else set()

    return Actor(name="claim 1", work=work)


@pytest.mark.parametrize(
    ("unguarded", "number"),
    [(report_that_only_looks, 0), (report_that_only_looks, 2), (claim_that_only_joins, 1), (claim_that_only_joins, 2)],
)
def test_twin_without_the_lock_it_bites(stage: Stage, unguarded: Callable[[Scene, Stage], Actor], number: int) -> None:
    stop, found = STOPS[number], 0
    for turn in range(40):
        scene = stage.scene()
        by = stopping(stop, scene)
        actors = [by, unguarded(scene, stage)]
        Play(actors, luck=random.Random(f"{SEED}-twin-{turn}"), refusals=REFUSALS).run()
        found += len(broken(stop, by, actors))
        Push.objects.all().delete()
    assert found > 0
