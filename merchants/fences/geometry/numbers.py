"""One number, one place: the type, then the range, then seven decimals (a centimetre)."""

import math

from merchants.fences.geometry.refusals import GeometryRefused

DECIMALS = 7

Place = tuple[float, float]


def checked_place(value: object, *, where: str) -> Place:
    """(lon, lat) from a GeoJSON position. A height is checked to be a number, and dropped."""
    if not isinstance(value, list | tuple):
        raise GeometryRefused("wrong_type", f"{where}: a place is an array of longitude and latitude")
    if len(value) not in (2, 3):
        raise GeometryRefused("position_size", f"{where}: a place has a longitude and a latitude")
    lon = checked_number(value[0], what=f"{where}: the longitude", limit=180)
    lat = checked_number(value[1], what=f"{where}: the latitude", limit=90)
    if len(value) == 3:
        checked_number(value[2], what=f"{where}: the height", limit=100_000)
    return lon, lat


def checked_number(value: object, *, what: str, limit: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GeometryRefused("wrong_type", f"{what} must be a number")
    # Compared before it is converted: a whole number of 400 digits does not fit a float.
    if isinstance(value, float) and not math.isfinite(value):
        raise GeometryRefused("number_not_finite", f"{what} must be a finite number")
    if not -limit <= value <= limit:
        raise GeometryRefused("out_of_range", f"{what} must be between -{limit} and {limit}")
    # Adding zero turns minus zero into zero, which reads the same after a round trip.
    return round(float(value), DECIMALS) + 0.0
