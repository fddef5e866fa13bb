"""How fast a phone is that does not say so itself."""

import pytest

from geooffers.visits.engine.plausibility import PlaceSeen, Plausibility, is_walk, judge

METRES_A_DEGREE = 111_195


def place(*, at_s: float, north_m: float, accuracy_m: float = 10, speed_mps: float | None = None) -> PlaceSeen:
    return PlaceSeen(
        at_ms=round(at_s * 1000),
        lat=north_m / METRES_A_DEGREE,
        lon=0,
        accuracy_m=accuracy_m,
        speed_mps=speed_mps,
    )


def test_a_car_in_town_is_not_on_foot_because_its_fixes_come_often() -> None:
    """70 m in five and a half seconds, 45 km/h."""
    verdict, mps, _ = judge(place(at_s=0, north_m=0), place(at_s=5.5, north_m=70))
    assert verdict is Plausibility.BELIEVED
    assert mps is not None
    assert 10 < mps < 13


@pytest.mark.parametrize("accuracy_m", [30, 60])
def test_who_sits_still_with_a_poor_receiver_is_not_driving(accuracy_m: float) -> None:
    """The next fix is one accuracy away after ten seconds, as every third one is."""
    _, mps, _ = judge(
        place(at_s=0, north_m=0, accuracy_m=accuracy_m), place(at_s=10, north_m=accuracy_m, accuracy_m=accuracy_m)
    )
    assert mps is not None
    assert mps < 2


def test_what_the_receiver_says_itself_is_believed() -> None:
    assert judge(place(at_s=0, north_m=0), place(at_s=5, north_m=60, speed_mps=3.0)).speed_mps == 3.0


@pytest.mark.parametrize(
    ("after_s", "north_m", "speed_mps", "walks"),
    [
        (30, 40, 1.2, True),
        (30, 40, None, False),  # the receiver does not say
        (30, 40, 0.2, False),  # stands
        (30, 40, 6.0, False),  # rides
        (30, 250, 1.2, False),  # a reflection, or the end of a ride
        (600, 40, 1.2, False),  # nobody knows what was in between
    ],
)
def test_a_walk_is_told_by_its_speed_and_leads_on_from_the_place_before(
    after_s: float, north_m: float, speed_mps: float | None, walks: bool
) -> None:
    before, after = place(at_s=0, north_m=0), place(at_s=after_s, north_m=north_m, speed_mps=speed_mps)
    assert is_walk(before, after, needed_mps=judge(before, after).needed_mps) is walks
