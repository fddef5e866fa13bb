"""A fix counts only with the consent for how it was taken."""

import pytest

from geooffers.shoppers.models import ConsentState, Purpose
from geooffers.visits.models import DeviceState, EndReason, Visit
from merchants.models import Geofence
from tests.acceptance.location.positions.answers import minutes, results
from tests.cast import NOON
from tests.walker import AT_AINO, DOWN_THE_STREET, Walker, fix

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_each_fix_needs_the_consent_for_how_it_was_taken(aino: Geofence) -> None:
    walker = Walker(consents=[Purpose.LOCATION_FOREGROUND])
    answer = walker.report(
        fix(NOON, DOWN_THE_STREET), fix(NOON + minutes(1), AT_AINO, background=True), now=NOON + minutes(1)
    )
    assert results(answer) == [("accepted", None), ("ignored", "consent_missing")]
    assert not Visit.objects.exists()


def test_without_any_location_consent_the_report_is_refused(aino: Geofence) -> None:
    walker = Walker(consents=[Purpose.MARKETING_PUSH])
    response = walker.send(fix(NOON), now=NOON)
    assert (response.status_code, response.json()["code"]) == (403, "consent_missing")
    assert not Visit.objects.exists()


def test_a_withdrawn_consent_stops_the_next_report_and_ends_the_visit(aino: Geofence) -> None:
    walker = Walker(consents=[Purpose.LOCATION_FOREGROUND])
    walker.be_at(AT_AINO, NOON)
    assert walker.phone.withdraw("location_foreground").status_code == 200
    assert Visit.objects.get().end_reason == EndReason.WITHDRAWN
    assert walker.send(fix(NOON + minutes(1)), now=NOON + minutes(1)).status_code == 403
    assert bytes(DeviceState.objects.get(device=walker.device).packed) == b""


def test_a_phone_knows_nothing_of_consents_that_are_not_its_own(aino: Geofence) -> None:
    giver = Walker()
    other = Walker(shopper=giver.device.shopper, consents=[])
    assert ConsentState.objects.filter(device=giver.device, given=True).exists()
    assert other.send(fix(NOON), now=NOON).status_code == 403
