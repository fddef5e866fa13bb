"""Kanari goes through all that the product can do; every row that was written on the way has its events.

A new way to write one of these rows that appends nothing fails here, when the walk of `canary_person` takes it.
"""

from collections import Counter, defaultdict
from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models import F

from geooffers.coupons import issuing
from geooffers.coupons.models import Coupon, CouponState
from geooffers.events.happened import EventKind
from geooffers.events.models import Event
from geooffers.shoppers.models import ConsentReceipt
from geooffers.visits import recording
from geooffers.visits.models import Visit
from merchants.models import Offer
from merchants.offers import offers
from notifications.models import Delivery, DeliveryState
from tests.acceptance.privacy.test_canary_person import sandbox  # noqa: F401  # the same fixture
from tests.canary_person import CanaryPerson
from tests.cast import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.both]

BEGAN, ENDED, CORRECTED = EventKind.VISIT_BEGAN, EventKind.VISIT_ENDED, EventKind.VISIT_CORRECTED
LATER = NOON + timedelta(days=2)


def missing() -> list[str]:
    """What the rows say and the events do not."""
    told: dict[UUID, list[str]] = defaultdict(list)
    for kind, visit in Event.objects.filter(visit_id__isnull=False).order_by("pk").values_list("kind", "visit_id"):
        told[visit].append(kind)
    wrong = [
        f"visit {visit.pk}: {told[visit.pk]}, ended for {visit.end_reason!r}"
        for visit in Visit.objects.all()
        if not _fits(told[visit.pk], is_open=visit.is_open)
    ]
    of_coupons = Counter(Event.objects.filter(coupon_id__isnull=False).values_list("kind", "coupon_id"))
    for coupon in Coupon.objects.all():
        due = {
            EventKind.COUPON_ISSUED: True,
            EventKind.COUPON_SEEN: coupon.seen_at is not None,
            EventKind.COUPON_REDEEMED: coupon.state == CouponState.REDEEMED,
            EventKind.COUPON_EXPIRED: coupon.state == CouponState.EXPIRED,
        }
        wrong += [f"{coupon.pk}: {kind}" for kind, is_due in due.items() if of_coupons[kind, coupon.pk] != is_due]
    sent = set(Event.objects.filter(kind=EventKind.MESSAGE_SENT).values_list("message_id", flat=True))
    told_of = Delivery.objects.filter(state=DeliveryState.SENT).values_list("message", flat=True)
    wrong += [f"message {pk}" for pk in told_of if pk not in sent]
    if Event.objects.filter(kind=EventKind.CONSENT_CHANGED).count() != ConsentReceipt.objects.count():
        wrong.append("receipts")
    return wrong


def _fits(told: list[str], *, is_open: bool) -> bool:
    """Began once, first of all; what came last fits the row, or says that the row is to be looked at."""
    if told.count(BEGAN) != 1 or told[0] != BEGAN:
        return False
    return told[-1] == CORRECTED or (told[-1] == BEGAN if is_open else told[-1] == ENDED)


@pytest.fixture
def kanari(sandbox, db) -> CanaryPerson:  # noqa: F811  # a fixture
    person = CanaryPerson(sandbox)
    person.live()
    return person


def test_every_row_of_a_whole_life_has_its_events(kanari: CanaryPerson) -> None:
    recording.close_stale(now=LATER, limit=100)
    issuing.expire_due(now=LATER)
    assert missing() == []
    there = set(Event.objects.values_list("kind", flat=True))
    assert there >= set(EventKind) - {CORRECTED, EventKind.OFFER_CHANGED, EventKind.COUPON_EXPIRED}
    assert not Event.objects.filter(kind=CORRECTED).exists(), (
        "tests/integration/visits/test_recording.py has late fixes"
    )


@pytest.mark.parametrize("kind", [BEGAN, ENDED, EventKind.COUPON_ISSUED, EventKind.MESSAGE_SENT])
def test_what_one_way_forgets_is_found(kanari: CanaryPerson, kind: EventKind) -> None:
    """The twin: as if one of the calls were not there."""
    Event.objects.filter(kind=kind).delete()
    assert missing() != []


def test_every_change_of_an_offer_is_told(kanari: CanaryPerson) -> None:
    Event.objects.all().delete()
    offer = offers.create_offer(
        merchant=Offer.objects.earliest("pk").merchant,
        cap=1,
        now=NOON,
        title="Bun",
        starts_at=NOON,
        ends_at=LATER,
        discount_kind="free_item",
    )
    offers.publish(offer=offer, now=NOON)
    offers.pause(offer=offer, now=NOON)
    offers.archive(offer=offer, now=LATER)
    told = Event.objects.filter(offer_id=offer.pk).order_by("pk").annotate(when=F("at"))
    assert [(one.kind, one.when) for one in told] == [
        (EventKind.OFFER_CHANGED, at) for at in (NOON, NOON, NOON, LATER, LATER)
    ]
