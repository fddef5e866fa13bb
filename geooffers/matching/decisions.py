"""Inside, outside, or too close to say: the cheap decisions, written once for plain Python and Numba.

A circle. The squared line through the earth from the centre against that of the rim. Measured against the geodesic up
to 200 km, it errs by less than a tenth of the margin here; the ring left open is 25 micrometres wide at 500 m. What is
left open is the geodesic's.

A polygon. Edges that pass to the east of the place are counted; each is on one side of it by the sign of a 2 by 2
determinant. Where rounding could turn the sign (Shewchuk's bound), and where the place is a vertex or on a level edge,
shapely is asked on the original. So the count never disagrees with exact arithmetic.
"""

from collections.abc import Sequence

OUTSIDE, INSIDE, OPEN = 0, 1, 2

LINE_DECIDES_UP_TO_M = 200_000.0
LARGEST_LINE2 = LINE_DECIDES_UP_TO_M * LINE_DECIDES_UP_TO_M

# (3 + 16 eps) eps for eps = 2 ** -53, and a little for what underflows.
ROUNDING = 3.4e-16
UNDERFLOW = 1e-290


def in_circle(circles: Sequence[float], at: int, x: float, y: float, z: float) -> int:
    """`circles` holds x, y, z and the squared line of each; `at` is where this one begins."""
    dx, dy, dz = circles[at] - x, circles[at + 1] - y, circles[at + 2] - z
    line2 = circles[at + 3]
    over = dx * dx + dy * dy + dz * dz - line2
    margin = line2 * (1e-7 + 2e-16 * line2) + 1e-7
    if line2 > LARGEST_LINE2:
        return OPEN
    if over > margin:
        return OUTSIDE
    return INSIDE if over < -margin else OPEN


def in_slab(
    vertices: Sequence[float], edges: Sequence[int], first: int, begin: int, end: int, lon: float, lat: float
) -> int:
    """`vertices` holds lon, lat of each, the polygon's from `first` on; its slab's edges are from `begin` to `end`."""
    odd = False
    for each in edges[begin:end]:
        at = 2 * (first + each)
        south, north = vertices[at + 1], vertices[at + 3]
        if (south > lat) != (north > lat):
            west, east = vertices[at], vertices[at + 2]
            if west < lon and east < lon:
                continue
            if west > lon and east > lon:
                odd = not odd
                continue
            one = (east - west) * (lat - south)
            other = (lon - west) * (north - south)
            side = one - other
            if abs(side) <= ROUNDING * (abs(one) + abs(other)) + UNDERFLOW:
                return OPEN
            if (side > 0) == (north > south):
                odd = not odd
        elif south == lat or north == lat:
            west, east = vertices[at], vertices[at + 2]
            if south == north:
                if west <= lon <= east or east <= lon <= west:
                    return OPEN
            elif lon == (west if south == lat else east):
                return OPEN
    return INSIDE if odd else OUTSIDE
