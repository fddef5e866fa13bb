"""Circles of other than sensible numbers are refused."""

import math
from typing import Any

import pytest

from merchants.fences import geometry
from merchants.fences.geometry import GeometryRefused


# Row 42
@pytest.mark.parametrize("radius_m", [0, -5, 49, 49.999, 10_001, 1e7, math.nan, math.inf, -math.inf, 10**400])
def test_a_radius_out_of_range_is_refused(radius_m: float) -> None:
    with pytest.raises(GeometryRefused) as caught:
        geometry.circle(lat=60.17, lon=24.95, radius_m=radius_m)
    assert caught.value.code == "radius_range"


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ({"lat": 91}, "out_of_range"),
        ({"lon": -180.1}, "out_of_range"),
        ({"lat": math.nan}, "number_not_finite"),
        ({"lat": "60.17"}, "wrong_type"),
        ({"lon": None}, "wrong_type"),
        ({"radius_m": "150"}, "wrong_type"),
        ({"radius_m": True}, "wrong_type"),
        ({"radius_m": None}, "wrong_type"),
    ],
)
def test_a_circle_of_other_than_numbers_is_refused(numbers: dict[str, Any], code: str) -> None:
    with pytest.raises(GeometryRefused) as caught:
        geometry.circle(**({"lat": 60.17, "lon": 24.95, "radius_m": 150} | numbers))
    assert caught.value.code == code


def test_fifty_metres_and_ten_kilometres_are_taken() -> None:
    assert geometry.circle(lat=60, lon=24, radius_m=50).radius_m == 50
    assert geometry.circle(lat=60, lon=24, radius_m=10_000).radius_m == 10_000
