"""Fences that lie close together and are of about one size, so that most of them are never looked at when the nearest
are asked for.

A cluster has a ball in space that holds all of its fences: nothing in it is nearer than the ball. Large fences are not
among small ones, whose ball they would make as large. Straight lines through the earth are shorter than ways along the
ground, so nothing is special at 180 degrees or at a pole.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geooffers.matching import earth, slabs
from geooffers.matching.columns import Floats, Ints

FENCES = 32
"""In a cluster; the last one has fewer."""

# Fences in a cluster differ in size by so many times at most, as powers of two: four times.
SIZE_STEP = 2
# For rounding.
SPARE_M = 0.01


@dataclass(frozen=True, kw_only=True)
class Clusters:
    members: npt.NDArray[np.uint32]
    """(n,): the numbers of all fences, cluster by cluster, FENCES in each."""
    balls: Floats
    """(clusters, 4): x, y, z of the centre and the radius, in metres."""


def clusters_of(*, circles: Floats, circle_areas: Floats, polygons: Floats) -> Clusters:
    """Of a base's arrays: circles (c, 4), circle_areas (c, 3), polygons (p, 8). Fences are numbered along a curve."""
    centres = np.concatenate([circles[:, :3], _box_centres(polygons)])
    radii = np.concatenate([circle_areas[:, 2], _box_radii(polygons)])
    size = np.floor(np.log2(np.maximum(radii, 1.0)) / SIZE_STEP).astype(np.int64)
    is_polygon = np.arange(len(radii)) >= len(circles)
    members = np.lexsort((size, is_polygon)).astype(np.uint32)
    centres, radii = centres[members], radii[members]
    begins = np.arange(0, len(members), FENCES)
    counts = np.diff(np.append(begins, len(members)))
    middles = np.add.reduceat(centres, begins) / counts[:, None] if len(begins) else np.empty((0, 3))
    reach = np.linalg.norm(centres - np.repeat(middles, counts, axis=0), axis=1) + radii
    ball = np.maximum.reduceat(reach, begins) + SPARE_M if len(begins) else np.empty(0)
    return Clusters(members=members, balls=np.column_stack([middles, ball]))


def at_least_m(balls: Floats, here: earth.Here) -> Floats:
    """(clusters,): how many metres each ball is away, straight through the earth; below zero for a place in it."""
    x, y, z, radius = balls.T
    distances: Floats = np.sqrt((x - here.x) ** 2 + (y - here.y) ** 2 + (z - here.z) ** 2) - radius
    return distances


def members_of(members: npt.NDArray[np.uint32], clusters: Ints) -> Ints:
    """The numbers of the fences in these clusters, which are numbered from 0."""
    places = (clusters[:, None] * FENCES + np.arange(FENCES)).reshape(-1)
    found: Ints = members[places[places < len(members)]].astype(np.int64)
    return found


def _box_centres(polygons: Floats) -> Floats:
    """(p, 8) records to (p, 3) places in space, in metres."""
    lat = (polygons[:, slabs.SOUTH] + polygons[:, slabs.NORTH]) / 2
    return earth.in_space(lat=lat, lon=(polygons[:, slabs.WEST] + polygons[:, slabs.EAST]) / 2)


def _box_radii(polygons: Floats) -> Floats:
    """(p,), in metres, and surely not too short: every place of a box is reached along a meridian and then along a
    parallel, and a straight line is shorter.
    """
    south, north = polygons[:, slabs.SOUTH], polygons[:, slabs.NORTH]
    up = np.radians(north - south) / 2 * earth.LARGEST_CURVATURE_M
    nearest = np.where((south < 0) & (north > 0), 0.0, np.minimum(np.abs(south), np.abs(north)))
    aside = np.radians(polygons[:, slabs.EAST] - polygons[:, slabs.WEST]) / 2
    # A radius of curvature along a parallel is at most that at the pole.
    radii: Floats = up + aside * np.cos(np.radians(nearest)) * earth.LARGEST_CURVATURE_M
    return radii
