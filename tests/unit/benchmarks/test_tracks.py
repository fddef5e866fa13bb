"""The labelled tracks are what they say they are, by other means than those that made them."""

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.tracks import made
from benchmarks.tracks.ground import GEODESIC
from benchmarks.tracks.labels import Kind, Truth
from geooffers.matching.index import Index

SOME = 8


@pytest.fixture(scope="module")
def some():
    return {kind: list(made.tracks(kind=kind, count=SOME, tuning=True)) for kind in Kind}


def test_no_seed_is_for_tuning_and_for_testing():
    assert not set(made.TUNING_SEEDS) & set(made.TEST_SEEDS)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_same_seed_makes_the_same_track_and_another_one_another(kind):
    assert made.track(kind=kind, seed=3) == made.track(kind=kind, seed=3)
    assert made.track(kind=kind, seed=3) != made.track(kind=kind, seed=4)


def test_fixes_come_in_order_and_seldom_faster_than_every_five_seconds(some):
    for tracks in some.values():
        gaps = [after.at_s - before.at_s for track in tracks for before, after in pairwise(track.reports)]
        assert min(gaps) > 0
        assert np.quantile(gaps, 0.02) > 5


def test_an_honest_fix_is_in_the_fence_that_it_is_truly_in_unless_the_rim_is_near(some):
    """By the index and the claimed accuracy: five radii off is no longer an error."""
    for kind in (Kind.WALK_IN, Kind.CAFE, Kind.UNDERGROUND_GAP):
        for track in some[kind]:
            index = Index.build(track.fences)
            for inside in track.insides:
                for report in track.reports:
                    if inside.entered_s <= report.at_s <= inside.left_s and report.accuracy_m < 200:
                        matches = index.match_one(lat=report.lat, lon=report.lon, accuracy_m=5 * report.accuracy_m)
                        assert inside.fence in {match.fence for match in matches}


def test_the_claimed_accuracy_is_honest(some):
    """A chair does not move, so the errors around their mean show what the phone's claims are worth."""
    shares = []
    for track in some[Kind.CAFE]:
        still = [report for report in track.reports if 1_200 < report.at_s < 3_900]
        lat, lon = np.median([[one.lat, one.lon] for one in still], axis=0)
        count = len(still)
        _, _, metres = GEODESIC.inv(
            [one.lon for one in still], [one.lat for one in still], np.full(count, lon), np.full(count, lat)
        )
        shares.append(np.mean(np.asarray(metres) <= [one.accuracy_m for one in still]))
    assert 0.6 < np.mean(shares) < 0.78


def test_reflections_and_spoofed_fixes_are_known_as_such_and_lie_far_off(some):
    for kind in Kind:
        lying = [track for track in some[kind] if track.lies]
        assert bool(lying) == (kind in (Kind.URBAN_CANYON, Kind.TELEPORT))
    for track in some[Kind.URBAN_CANYON]:
        assert all(track.reports[number].accuracy_m <= 11 for number in track.lies)
        assert len(track.lies) < len(track.reports) / 4


def test_a_teleport_is_faster_than_any_plane(some):
    for track in some[Kind.TELEPORT]:
        first = min(track.lies)
        before, after = track.reports[first - 1], track.reports[first]
        _, _, metres = GEODESIC.inv(before.lon, before.lat, after.lon, after.lat)
        assert metres / (after.at_s - before.at_s) > 110


def test_what_happens_in_each_class_is_what_it_says(some):
    def truths(kind):
        return {inside.truth for track in some[kind] for inside in track.insides}

    assert Truth.STAY in truths(Kind.WALK_IN) & truths(Kind.CAFE) & truths(Kind.URBAN_CANYON)
    assert Truth.STAY in truths(Kind.UNDERGROUND_GAP) & truths(Kind.TUNNEL) & truths(Kind.PLANE)
    assert truths(Kind.WALK_BY) == {Truth.BRIEF}
    assert Truth.STAY not in truths(Kind.DRIVE_BY)
    assert Truth.PASS in truths(Kind.DRIVE_BY) & truths(Kind.TUNNEL) & truths(Kind.PLANE)
    assert not truths(Kind.TELEPORT)


def test_some_stays_go_on_behind_a_silence_longer_than_the_stale_limit(some):
    assert any(inside.continues for track in some[Kind.UNDERGROUND_GAP] for inside in track.insides)
