"""Sign-ins that meet reports, consents and each other."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import transaction

from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon
from geooffers.redemptions.models import Redemption
from geooffers.shoppers.models import ConsentReceipt, ConsentState, ConsentText, Device, Purpose, Shopper
from geooffers.usecases.identity import sign_in
from geooffers.usecases.privacy import give_consent, withdraw_consent
from geooffers.usecases.till.redeem_coupon import redeem_coupon
from geooffers.visits import recording
from geooffers.visits.engine.transition_events import Change
from geooffers.visits.engine.transitions import Transition
from geooffers.visits.models import DeviceState, Presence, Visit
from merchants.live_fences import live_fences
from merchants.models import Geofence
from merchants.people import keys
from merchants.people.access import Scanner
from notifications.models import Delivery, Kind
from tests.cast import NOON, consent_text, make_coupon, make_device, make_fence, make_offer, make_shopper, make_store
from tests.races.together import Another, together
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]

LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def aino(transactional_db: None) -> Geofence:
    store = make_store()
    fence = make_fence(store)
    make_offer(store, per_shopper_limit=1000)
    live_fences.matcher().refresh()
    return fence


def next_token(device: Device) -> bytes:
    return sha256(f"next-{device.pk}".encode()).digest()


def enter_account(device: Device, uid: str = "aino") -> sign_in.SignedIn:
    shown = bytes(Device.objects.get(pk=device.pk).token_hash)
    return sign_in.sign_in(
        device_id=device.pk,
        shown_hash=shown,
        new_hash=next_token(device),
        firebase_uid=uid,
        now=LATER,
    )


def nothing_is_left_with_the_anonymous() -> None:
    ended = Shopper.objects.exclude(ended_at=None)
    assert not Visit.objects.filter(shopper__in=ended).exists()
    assert not ConsentState.objects.filter(shopper__in=ended).exists()
    assert not Coupon.objects.filter(shopper__in=ended, state="open").exists()
    assert not Device.objects.filter(shopper__in=ended).exists()


def test_a_report_that_began_as_the_anonymous_shopper_records_nothing_for_them(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    with transaction.atomic():
        enter_account(walker.device)
        report = Another(lambda: walker.send(fix(LATER, AT_AINO), now=LATER).status_code)
        report.wait_until_waiting()
    assert report.result() == 403
    assert not Visit.objects.exists()
    nothing_is_left_with_the_anonymous()


def test_without_the_consents_lock_a_visit_of_an_ended_shopper_begins(aino: Geofence) -> None:
    """The twin: a plain look at the consents sees the anonymous shopper's, and the visit is nobody's."""
    walker = Walker()
    shopper_id = walker.device.shopper_id

    def enter_unguarded() -> bool:
        given = ConsentState.objects.filter(device=walker.device, shopper=shopper_id, given=True).exists()
        entry = Transition(change=Change.ENTERED, fence=aino.pk, at=LATER, pushable=True)
        with transaction.atomic():
            if given:
                recording.apply(device=walker.device, shopper_id=shopper_id, found=[entry], is_gone=lambda fence: False)
        return given

    with transaction.atomic():
        consent_only = ConsentState.objects.filter(shopper=shopper_id)
        assert consent_only.exists()
        visit_writer = Another(enter_unguarded)
        assert visit_writer.result() is True
        # What the sign-in had already moved when the report came by: it does not look again.
        account = Shopper.objects.create(firebase_uid="aino", created_at=LATER)
        consent_only.update(shopper=account)
        Shopper.objects.filter(pk=shopper_id).update(ended_at=LATER)
    assert Visit.objects.get().shopper_id == shopper_id
    assert Shopper.objects.get(pk=shopper_id).ended_at is not None


def test_a_sign_in_waits_for_the_report_under_way_and_takes_its_visit_along(aino: Geofence) -> None:
    walker = Walker()
    walker.be_at(DOWN_THE_STREET, NOON)
    with transaction.atomic():
        DeviceState.objects.select_for_update().get(device=walker.device)
        report = Another(lambda: walker.send(fix(LATER, AT_AINO), now=LATER).status_code)
        report.wait_until_waiting()
        signing_in = Another(lambda: enter_account(walker.device))
        signing_in.wait_until_waiting()
    assert report.result() == 200
    account_id = signing_in.result().shopper_id
    assert Visit.objects.get().shopper_id == account_id
    assert Coupon.objects.get().shopper_id == account_id
    nothing_is_left_with_the_anonymous()


def test_a_coupon_scanned_during_the_sign_in_is_redeemed_for_the_account(aino: Geofence) -> None:
    """The scan waits for the coupon's lock; what it is given then must know the coupon's new shopper."""
    phone = make_device()
    coupon = make_coupon(make_offer(aino.store), shopper=phone.shopper)
    till, _ = keys.make_key(store=aino.store, name="till", scopes=[keys.COUPONS_REDEEM])

    def scan() -> Redemption:
        return redeem_coupon(
            text=str(keyring.code_of(coupon)),
            scanned_by=Scanner(api_key=till),
            store_id=None,
            nonce="scan-1",
            now=LATER,
        ).redemption

    with transaction.atomic():
        account_id = enter_account(phone).shopper_id
        scanning = Another(scan)
        scanning.wait_until_waiting()
    assert scanning.result().coupon_id == coupon.pk
    assert Delivery.objects.get(message__kind=Kind.COUPON_REDEEMED).shopper_id == account_id


def test_a_withdrawal_that_waited_for_newer_words_is_not_lost(aino: Geofence) -> None:
    """The state row changes its text while the withdrawal waits for it."""
    phone = make_device()
    newer = ConsentText.objects.create(
        purpose=Purpose.MARKETING_PUSH, language="en", version=2, body="newer words", published_at=NOON
    )
    marketing = ConsentState.objects.get(shopper=phone.shopper, purpose=Purpose.MARKETING_PUSH)
    other_phone = make_device(phone.shopper, consents=())
    with transaction.atomic():
        give_consent.give_consent(
            device=other_phone, purpose=Purpose.MARKETING_PUSH, language="en", version=2, now=LATER
        )
        withdrawal = Another(
            lambda: withdraw_consent.withdraw_consent(device=phone, purpose=Purpose.MARKETING_PUSH, now=LATER)
        )
        withdrawal.wait_until_waiting()
    withdrawal.result()
    marketing.refresh_from_db()
    assert (marketing.given, marketing.text) == (False, newer)


def test_phones_that_sign_in_together_all_arrive_in_one_account(aino: Geofence) -> None:
    phones = [make_device() for _ in range(8)]
    for number, phone in enumerate(phones):
        visit, _ = Visit.objects.get_or_create(
            shopper=phone.shopper, fence=aino, began_at=NOON + timedelta(seconds=number)
        )
        Presence.objects.create(visit=visit, device=phone, since=NOON)
    accounts = {done.shopper_id for done in together(*[lambda phone=phone: enter_account(phone) for phone in phones])}
    (account_id,) = accounts
    assert Shopper.objects.filter(firebase_uid="aino").count() == 1
    assert Visit.objects.get(ended_at=None).began_at == NOON
    assert Presence.objects.filter(visit__shopper=account_id).count() == len(phones)
    shared = ConsentState.objects.filter(shopper=account_id, device=None)
    assert sorted(shared.values_list("purpose", flat=True)) == ["analytics", "marketing_push"]
    nothing_is_left_with_the_anonymous()


def test_the_same_sign_in_sent_many_times_at_once_is_one(aino: Geofence) -> None:
    phone = make_device()
    shown = bytes(phone.token_hash)

    def call() -> sign_in.SignedIn:
        return sign_in.sign_in(
            device_id=phone.pk,
            shown_hash=shown,
            new_hash=next_token(phone),
            firebase_uid="aino",
            now=LATER,
        )

    assert len(set(together(*[call] * 8))) == 1
    receipts = ConsentReceipt.objects.filter(source="sign_in").values_list("purpose", flat=True)
    assert sorted(receipts) == sorted(Purpose)


def test_sign_ins_reports_and_consents_in_any_order_leave_nothing_behind(aino: Geofence) -> None:
    """Not staged. Nobody may wait in a circle, and what is left is the account's."""
    walkers = [Walker() for _ in range(3)]
    for walker in walkers:
        walker.be_at(DOWN_THE_STREET, NOON)
    consent_text(Purpose.ANALYTICS)

    def give(walker: Walker) -> None:
        give_consent.give_consent(
            device=walker.device, purpose=Purpose.MARKETING_PUSH, language="en", version=1, now=LATER
        )

    works = []
    for walker in walkers:
        works += [
            lambda walker=walker: walker.send(fix(LATER, AT_AINO), now=LATER).status_code,
            lambda walker=walker: enter_account(walker.device).device_id,
            lambda walker=walker: give(walker),
        ]
    answers = together(*works)
    assert {answer for answer in answers if isinstance(answer, int)} <= {200, 401, 403}
    assert set(Device.objects.values_list("shopper__firebase_uid", flat=True)) == {"aino"}
    nothing_is_left_with_the_anonymous()
    assert Visit.objects.filter(ended_at=None).count() <= 1


def two_visits_that_a_sign_in_joins(aino: Geofence) -> tuple[Device, Device]:
    """The account's phone has been silent since noon, in the younger visit; the anonymous one is in the older."""
    anonymous, silent = make_device(), make_device(make_shopper(firebase_uid="aino"))
    for phone, began_at in ((anonymous, NOON - timedelta(minutes=5)), (silent, NOON)):
        visit = Visit.objects.create(shopper=phone.shopper, fence=aino, began_at=began_at)
        Presence.objects.create(visit=visit, device=phone, since=began_at)
    DeviceState.objects.filter(device=silent).update(last_fix_at=NOON)
    return anonymous, silent


def test_a_silent_phone_leaves_the_visit_that_a_sign_in_moved_it_to(aino: Geofence) -> None:
    anonymous, _ = two_visits_that_a_sign_in_joins(aino)
    with transaction.atomic():
        enter_account(anonymous)
        stale_round = Another(lambda: recording.close_stale(now=NOON + timedelta(hours=2), limit=10))
        stale_round.wait_until_waiting()
    assert stale_round.result() == 1
    assert Presence.objects.get().device == anonymous


def test_a_silent_phone_looked_for_once_stays_present_for_ever(aino: Geofence) -> None:
    """The twin: the visit it waited for is gone when the lock is free, and nobody looks where the phone went."""
    anonymous, silent = two_visits_that_a_sign_in_joins(aino)

    def leave_unguarded() -> int:
        with transaction.atomic():
            visits = Visit.objects.filter(presences__device=silent, ended_at=None)
            locked = list(visits.order_by("fence_id").select_for_update(of=("self",)))
            Presence.objects.filter(visit__in=locked, device=silent).delete()
            return len(locked)

    with transaction.atomic():
        enter_account(anonymous)
        stale_round = Another(leave_unguarded)
        stale_round.wait_until_waiting()
    assert stale_round.result() == 0
    assert Presence.objects.filter(device=silent, visit__ended_at=None).exists()
