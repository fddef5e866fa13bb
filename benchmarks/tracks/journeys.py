"""The noise-free path: where somebody truly is, second by second."""

import enum
import math

import numpy as np
import numpy.typing as npt

from benchmarks.tracks.ground import Floats

ACCELERATION = 2.0  # metres a second, every second; walkers have none
WALKING_MPS = (1.0, 1.7)
SHUFFLING_MPS = 0.5


class Sky(enum.IntEnum):
    """What the phone sees of it."""

    OPEN = 0
    STREET = 1
    INDOOR = 2
    CABIN = 3
    NONE = 4


class Journey:
    """Built leg by leg; a point for every second."""

    def __init__(self, *, x: float, y: float, sky: Sky, mps: float = 0.0) -> None:
        self._x, self._y, self._mps, self._sky = [x], [y], [mps], [sky]

    @property
    def here(self) -> tuple[float, float]:
        return self._x[-1], self._y[-1]

    @property
    def seconds(self) -> int:
        return len(self._x) - 1

    def go(self, *, x: float, y: float, mps: float, sky: Sky, end_mps: float | None = None) -> None:
        """Straight there. Faster than a walker, the speed grows and falls as a car's does; `end_mps` is its last."""
        from_x, from_y = self.here
        whole = math.hypot(x - from_x, y - from_y)
        end = mps if end_mps is None else end_mps
        gone, now = 0.0, self._mps[-1]
        while gone < whole:
            if mps <= WALKING_MPS[1]:
                now = mps
            else:
                brake = math.sqrt(end * end + 2 * ACCELERATION * (whole - gone))
                # A car that rolls up to the line still rolls.
                now = max(min(now + ACCELERATION, mps, brake), 0.5)
            gone = min(gone + now, whole)
            share = gone / whole
            self._add(x=from_x + (x - from_x) * share, y=from_y + (y - from_y) * share, mps=now, sky=sky)

    def walk(self, chance: np.random.Generator, *, x: float, y: float, mps: float, sky: Sky = Sky.STREET) -> None:
        """Not as the crow flies: round a corner."""
        from_x, from_y = self.here
        far = math.hypot(x - from_x, y - from_y)
        bend = chance.uniform(-0.2, 0.2) * far
        share = chance.uniform(0.3, 0.7)
        if far > 60:
            self.go(
                x=from_x + (x - from_x) * share - (y - from_y) / far * bend,
                y=from_y + (y - from_y) * share + (x - from_x) / far * bend,
                mps=mps,
                sky=sky,
            )
        self.go(x=x, y=y, mps=mps, sky=sky)

    def wait(self, chance: np.random.Generator, *, seconds: float, within_m: float, sky: Sky) -> None:
        """About here: a few steps now and then, never farther than `within_m` from where the waiting began."""
        middle_x, middle_y = self.here
        until = self.seconds + seconds
        while self.seconds < until:
            for _ in range(int(min(chance.uniform(60, 240), until - self.seconds + 1))):
                self._add(x=self._x[-1], y=self._y[-1], mps=0.0, sky=sky)
            if within_m and self.seconds < until:
                angle, far = chance.uniform(0, 2 * math.pi), within_m * math.sqrt(chance.random())
                self.go(
                    x=middle_x + far * math.cos(angle), y=middle_y + far * math.sin(angle), mps=SHUFFLING_MPS, sky=sky
                )

    def hide(self, *, from_s: int, to_s: int) -> None:
        """No sky for these seconds: a tunnel that was driven through, a cellar."""
        self._sky[from_s:to_s] = [Sky.NONE] * len(self._sky[from_s:to_s])

    @property
    def x(self) -> Floats:
        return np.array(self._x)

    @property
    def y(self) -> Floats:
        return np.array(self._y)

    @property
    def mps(self) -> Floats:
        return np.array(self._mps)

    @property
    def sky(self) -> npt.NDArray[np.int64]:
        return np.array(self._sky, dtype=np.int64)

    def _add(self, *, x: float, y: float, mps: float, sky: Sky) -> None:
        self._x.append(x)
        self._y.append(y)
        self._mps.append(mps)
        self._sky.append(sky)


def walking_pace(chance: np.random.Generator) -> float:
    return float(chance.uniform(*WALKING_MPS))
