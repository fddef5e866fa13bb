"""How fast a phone is that does not say so itself."""

import pytest

from geooffers.visits.trust import Place, Verdict, judge

METRES_A_DEGREE = 111_195


def place(*, at_s: float, north_m: float, accuracy_m: float = 10, speed_mps: float | None = None) -> Place:
    return Place(
        at_ms=round(at_s * 1000),
        lat=north_m / METRES_A_DEGREE,
        lon=0,
        accuracy_m=accuracy_m,
        speed_mps=speed_mps,
    )


def test_a_car_in_town_is_not_on_foot_because_its_fixes_come_often() -> None:
    """70 m in five and a half seconds, 45 km/h."""
    verdict, mps = judge(place(at_s=0, north_m=0), place(at_s=5.5, north_m=70))
    assert verdict is Verdict.BELIEVED
    assert mps is not None
    assert 10 < mps < 13


@pytest.mark.parametrize("accuracy_m", [30, 60])
def test_who_sits_still_with_a_poor_receiver_is_not_driving(accuracy_m: float) -> None:
    """The next fix is one accuracy away after ten seconds, as every third one is."""
    _, mps = judge(
        place(at_s=0, north_m=0, accuracy_m=accuracy_m), place(at_s=10, north_m=accuracy_m, accuracy_m=accuracy_m)
    )
    assert mps is not None
    assert mps < 2


def test_what_the_receiver_says_itself_is_believed() -> None:
    assert judge(place(at_s=0, north_m=0), place(at_s=5, north_m=60, speed_mps=3.0))[1] == 3.0
