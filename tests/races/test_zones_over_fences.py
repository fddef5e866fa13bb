"""A zone and a fence under it that are drawn at once: one of them sees the other."""

import pytest
from django.db import transaction

from merchants.fences import editing
from merchants.fences.areas import checked_area
from merchants.models import ExclusionZone, FenceState, Geofence
from merchants.zones import overlaps
from tests.races.test_fence_changes import drawn, make_operator
from tests.races.together import Another

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql")]


def zone_over(fence: Geofence) -> ExclusionZone:
    return ExclusionZone(
        name="clinic", rule="health", kind="circle", center_lat=fence.center_lat, center_lon=fence.center_lon,
        radius_m=60,
    )  # fmt: skip


def test_a_fence_that_is_drawn_while_a_zone_is_drawn_over_it_is_refused() -> None:
    """It looked before the zone was there; behind the counter it looks again."""
    operator, fence, refused = make_operator(), drawn(), []

    def put() -> None:
        try:
            editing.put_fence(fence=fence, by=operator)
        except editing.GeometryRefused as refusal:
            refused.append(refusal.code)

    with transaction.atomic():
        editing.put_zone(zone=zone_over(fence), by=operator)
        drawing = Another(put)
        drawing.wait_until_waiting()
    drawing.result()
    assert (refused, Geofence.objects.count()) == (["sensitive_place"], 0)


def test_a_zone_that_is_drawn_while_a_fence_is_drawn_under_it_sends_the_fence_to_review() -> None:
    operator, fence = make_operator(), drawn()
    with transaction.atomic():
        editing.put_fence(fence=fence, by=operator)
        drawing = Another(lambda: editing.put_zone(zone=zone_over(fence), by=operator))
        drawing.wait_until_waiting()
    drawing.result()
    fence.refresh_from_db()
    assert (fence.state, fence.review_note) == (FenceState.WAITING, "Nobody is tracked in a part of this area: health")


def test_twin_looking_before_the_counter_alone_leaves_a_live_fence_under_a_zone() -> None:
    """Both look, and see nothing of each other; then both write."""
    fence = drawn()
    zone = zone_over(fence)
    with transaction.atomic():
        editing.check_fence(fence=fence)
        assert overlaps.live_fences_under([checked(zone)]) == {}

        def write_the_zone() -> None:
            with transaction.atomic():
                zone.save(force_insert=True)

        Another(write_the_zone).result()
        fence.state = FenceState.LIVE
        fence.save(force_insert=True)
    assert overlaps.zone_over(checked_area(fence)) == zone
    assert Geofence.objects.get().state == FenceState.LIVE


def checked(zone: ExclusionZone) -> ExclusionZone:
    editing.check_zone(zone=zone)
    return zone
