"""Degrees to metres on a sheet of paper around a track: true enough for a picture of a city, and across 180 degrees."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

METRES_A_DEGREE = 111_320.0


@dataclass(frozen=True, kw_only=True)
class Ground:
    lat: float
    lon: float

    def x_m(self, lon: float) -> float:
        return ((lon - self.lon + 180) % 360 - 180) * METRES_A_DEGREE * max(math.cos(math.radians(self.lat)), 0.01)

    def y_m(self, lat: float) -> float:
        return (lat - self.lat) * METRES_A_DEGREE

    def place(self, *, x_m: float, y_m: float) -> tuple[float, float]:
        """(latitude, longitude)."""
        across = METRES_A_DEGREE * max(math.cos(math.radians(self.lat)), 0.01)
        return self.lat + y_m / METRES_A_DEGREE, (self.lon + x_m / across + 180) % 360 - 180

    def ring(self, places: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        """Of (longitude, latitude)."""
        return [(self.x_m(lon), self.y_m(lat)) for lon, lat in places]


def nice_length_m(across_m: float) -> float:
    """For a bar that shows the scale: 1, 2 or 5 times a power of ten, about a fifth of what is shown."""
    wanted = max(across_m, 1.0) / 5
    power = float(10 ** math.floor(math.log10(wanted)))
    return max(step * power for step in (1, 2, 5) if step * power <= wanted)


def length_in_words(metres: float) -> str:
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
