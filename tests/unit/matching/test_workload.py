"""The benchmark's workload, at the size that a test may take: no pair wrong, in plain Python and compiled."""

import numpy as np
import pytest

from benchmarks.workload import Workload, judged, workload
from geooffers.matching import batches
from geooffers.matching.columns import Ints
from geooffers.matching.index import Index

FENCES, POINTS = 10_000, 20_000


@pytest.fixture(scope="module")
def work() -> Workload:
    return workload(fences=FENCES, points=POINTS)


@pytest.fixture(scope="module")
def index(work: Workload) -> Index:
    return Index.of(work.fences)


@pytest.fixture(scope="module")
def right(work: Workload) -> Ints:
    return judged(work.fences, work.lat, work.lon)


def test_the_workload_is_what_it_says(work: Workload, right: Ints) -> None:
    """Else the tests below could be right about nothing."""
    circles, polygons = work.fences.circle_areas, work.fences.vertices
    hit = len(np.unique(right // FENCES)) / POINTS
    assert 0.5 < hit < 0.7
    assert len(work.fences) == FENCES
    assert 0.68 < len(circles) / FENCES < 0.72
    assert np.abs(circles[:, 0]).max() == 90
    assert np.abs(polygons[:, 0]).max() > 180


def test_no_pair_is_wrong_in_plain_python(work: Workload, index: Index, right: Ints) -> None:
    points, numbers = batches.inside_one_by_one(index._base, lat=work.lat, lon=work.lon)
    found = points * FENCES + index._base.base.ids[numbers]
    assert np.setxor1d(found, right).tolist() == []


def test_no_pair_is_wrong_compiled(work: Workload, index: Index, right: Ints) -> None:
    points, numbers = batches.inside_by_kernel(index._base, lat=work.lat, lon=work.lon)
    found = points * FENCES + index._base.base.ids[numbers]
    assert len(found) == len(np.unique(found))
    assert np.setxor1d(found, right).tolist() == []


def test_the_order_of_asking_does_not_matter(work: Workload, index: Index, right: Ints) -> None:
    """Large bases are asked along a curve, so many positions at once."""
    points, numbers = batches.inside_by_kernel(
        index._base, lat=work.lat, lon=work.lon, along_curve=True, at_once=12_000
    )
    assert np.setxor1d(points * FENCES + index._base.base.ids[numbers], right).tolist() == []
