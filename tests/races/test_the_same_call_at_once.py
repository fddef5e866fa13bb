"""One phone's call arrives several times at once (its retries crossed), or two phones want the same thing."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from geooffers.callers.models import StoredReply
from geooffers.shoppers.models import ConsentReceipt, ConsentState, Device, Purpose, PushKind, Shopper
from geooffers.usecases.identity import renew_push_address
from geooffers.usecases.privacy import give_consent
from tests.cast import NOON, consent_text, make_device, make_shopper
from tests.phone import Phone
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)
CALLS = 8


def test_one_registration_sent_eight_times_is_one_device() -> None:
    phone = Phone()
    answers = together(*[lambda: phone.register().status_code] * CALLS)
    assert sorted(answers) == [200] * (CALLS - 1) + [201]
    assert Device.objects.count() == Shopper.objects.count() == 1


def test_one_consent_sent_eight_times_under_one_key_is_one_receipt() -> None:
    consent_text(Purpose.ANALYTICS)
    phone = Phone()
    assert phone.register().status_code == 201
    answers = together(*[lambda: phone.give("analytics", key="one").status_code] * CALLS)
    assert set(answers) <= {200, 409}
    assert 200 in answers
    assert ConsentReceipt.objects.count() == 1
    assert StoredReply.objects.get().status == 200
    assert phone.give("analytics", key="one")["Idempotent-Replayed"] == "true"


def test_two_phones_of_one_shopper_give_the_same_consent_at_once() -> None:
    consent_text(Purpose.MARKETING_PUSH)
    shopper = make_shopper()
    phones = [make_device(shopper, consents=()) for _ in range(4)]

    def give(phone: Device) -> bool:
        return give_consent.give_consent(
            device=phone, purpose=Purpose.MARKETING_PUSH, language="en", version=1, now=NOON
        ).given

    assert together(*[lambda phone=phone: give(phone) for phone in phones]) == [True] * 4
    assert (ConsentState.objects.count(), ConsentReceipt.objects.count()) == (1, 1)


def test_an_address_that_eight_phones_show_at_once_is_one_phones() -> None:
    phones = [make_device() for _ in range(CALLS)]
    address = f"fid-{uuid4()}"

    def show(phone: Device) -> None:
        renew_push_address.renew_push_address(
            device=phone, kind=PushKind.FID, address=address, now=NOON + timedelta(minutes=1)
        )

    together(*[lambda phone=phone: show(phone) for phone in phones])
    assert Device.objects.filter(push_address=address).count() == 1


def test_without_following_each_other_the_constraint_has_to_step_in(requires_postgresql: None) -> None:
    """The twin: both phones look for the address's holder before either has it, and find nobody."""
    phones = [make_device() for _ in range(2)]
    address = f"fid-{uuid4()}"
    both_looked = threading.Barrier(2)

    def show_unguarded(phone: Device) -> str:
        try:
            with transaction.atomic():
                holders = Device.objects.filter(push_address=address).exclude(pk=phone.pk)
                holders.update(push_kind="", push_address="")
                both_looked.wait(10)
                Device.objects.filter(pk=phone.pk).update(push_kind=PushKind.FID, push_address=address)
        except IntegrityError:
            return "refused by the constraint"
        return "shown"

    answers = together(*[lambda phone=phone: show_unguarded(phone) for phone in phones])
    assert sorted(answers) == ["refused by the constraint", "shown"]


def test_two_phones_that_swap_addresses_do_not_wait_in_a_circle() -> None:
    first, second = make_device(), make_device()
    addresses = (first.push_address, second.push_address)

    def swap(phone: Device, address: str) -> None:
        for _ in range(20):
            renew_push_address.renew_push_address(device=phone, kind=PushKind.FID, address=address, now=NOON)

    together(lambda: swap(first, addresses[1]), lambda: swap(second, addresses[0]))
    shown = set(Device.objects.exclude(push_address="").values_list("push_address", flat=True))
    assert shown <= set(addresses)
