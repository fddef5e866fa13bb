"""The grid: which cell a place lies in.

Latitude rows on eight levels, from 305 m (level 16, 65,536 rows) up to 45 degrees (level 2), each four times as wide as
the one below. A row has a power of two of columns, halved as the parallels shorten, so cells stay roughly square up to
the pole and are still rectangles in longitude and latitude: edges stay straight in them and nothing is special at 180
degrees but that columns are counted round.

A place is put into its row and column of level 16 once; its cell on a wider level is a shift of both. The functions are
monotone: what lies between two places lies between their cells, so a cover made with a little to spare never loses a
place to rounding. The functions serve plain Python and Numba alike, so they keep to numbers and shifts.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

LEVELS = (16, 14, 12, 10, 8, 6, 4, 2)
ROWS = 1 << LEVELS[0]
COLUMNS = 2 * ROWS
PER_DEGREE = ROWS / 180.0

# How far level 16's row is shifted for the row of each level, and where that level's part of `narrowing` begins.
SHIFTS = tuple(LEVELS[0] - level for level in LEVELS)
BEGINS = tuple(sum(1 << upper for upper in LEVELS[:number]) for number in range(len(LEVELS)))

# Number of a level, row, column: 3 + 16 + 17 bits.
KEY_BITS = 36
# What a level's keys begin with.
PREFIXES = tuple(number << 33 for number in range(len(LEVELS)))

# A search far around does not count cells of 305 m. Fences on the levels below this one stand also in its cells, 5 km
# high, under keys of their own: rows of this level leave the highest bit free. It is written as one more level.
NEIGHBOURHOOD_LEVEL = 2
NEIGHBOURHOODS = len(LEVELS)
PREFIXES += (NEIGHBOURHOOD_LEVEL << 33 | 1 << 32,)
KEY_MASK = (1 << KEY_BITS) - 1
# Odd, so that mixing is one to one: a mixed key is as good as the key itself.
MIXER = 0x9E3779B97 | 1

# Beside a place on the curve (35 bits): which it is, of some hundred million.
NUMBER_BITS = 28

# The map of what exists: 512 by 1,024 bytes, a bit a level. Open country costs one byte.
MAP_SHIFT = 7
MAP_ROWS, MAP_COLUMNS = ROWS >> MAP_SHIFT, COLUMNS >> MAP_SHIFT


def _narrowing() -> npt.NDArray[np.uint8]:
    """(rows of all levels,), 0..15: how often each row's columns are halved, level after level."""
    found = []
    for level in LEVELS:
        rows = np.arange(1 << level)
        # The side of the row nearer to the equator is its longest.
        from_equator = np.maximum(
            np.maximum(90.0 - (rows + 1) * (180.0 / (1 << level)), rows * (180.0 / (1 << level)) - 90.0), 0
        )
        halved = np.floor(-np.log2(np.cos(np.radians(from_equator))) + 1e-9)
        found.append(np.minimum(halved, level - 1).astype(np.uint8))
    return np.concatenate(found)


NARROWING = _narrowing()


def row_of(lat: float) -> int:
    row = int((lat + 90.0) * PER_DEGREE)
    return row if row < ROWS else ROWS - 1


def column_of(lon: float) -> int:
    return int((lon + 180.0) * PER_DEGREE) & (COLUMNS - 1)


def mixed_key(number: int, row: int, column: int) -> int:
    """Of a level's number, row and column, spread evenly over 36 bits."""
    return ((number << 33 | row << 17 | column) * MIXER) & KEY_MASK


def keys_of(level: Ints, row: Ints, column: Ints) -> Ints:
    """The keys of cells, not mixed. `level` is a position in LEVELS, or NEIGHBOURHOODS. All have one shape."""
    keys: Ints = np.array(PREFIXES)[level] | row << 17 | column
    return keys


def rows_of(lat: npt.NDArray[np.float64]) -> Ints:
    rows: Ints = np.clip(np.floor((lat + 90.0) * PER_DEGREE), 0, ROWS - 1).astype(np.int64)
    return rows


def columns_of(lon: npt.NDArray[np.float64]) -> Ints:
    """Not yet counted round: before -180 they are negative, past 180 they run on."""
    columns: Ints = np.floor((lon + 180.0) * PER_DEGREE).astype(np.int64)
    return columns


def map_of(keys: Ints) -> npt.NDArray[np.uint8]:
    """The map on which the cells of these keys exist, (MAP_ROWS, MAP_COLUMNS). Neighbourhoods are not on it."""
    there = np.zeros((MAP_ROWS, MAP_COLUMNS), dtype=np.uint8)
    keys = keys[keys >> 32 != PREFIXES[NEIGHBOURHOODS] >> 32]
    for each, (shift, begin) in enumerate(zip(SHIFTS, BEGINS, strict=True)):
        chosen = keys[keys >> 33 == each]
        if not len(chosen):
            continue
        rows, columns = chosen >> 17 & (ROWS - 1), chosen & (COLUMNS - 1)
        wide = shift + NARROWING[begin + rows].astype(np.int64)
        high = max(shift - MAP_SHIFT, 0)
        for width in np.unique(wide).tolist():
            alike = wide == width
            wider = max(width - MAP_SHIFT, 0)
            corners = np.unique(
                (rows[alike] << shift >> MAP_SHIFT) * MAP_COLUMNS + (columns[alike] << width >> MAP_SHIFT)
            )
            for corner in np.stack(np.divmod(corners, MAP_COLUMNS), 1).tolist() if high or wider else ():
                there[corner[0] : corner[0] + (1 << high), corner[1] : corner[1] + (1 << wider)] |= 1 << each
            if not (high or wider):
                there.reshape(-1)[corners] |= 1 << each
    return there


def along_curve(lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]) -> Ints:
    """The order (k,) in which places, in degrees, lie along a curve that keeps neighbours close: the bits of rows and
    columns in turn.
    """
    place = _spread(rows_of(lat)) << 1 | _spread(columns_of(lon) & (COLUMNS - 1))
    # Numbers sort many times faster than an order of them is found.
    packed = place << NUMBER_BITS | np.arange(len(place))
    packed.sort()
    order: Ints = packed & ((1 << NUMBER_BITS) - 1)
    return order


def _spread(number: Ints) -> Ints:
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        number = (number | number << shift) & mask
    return number
