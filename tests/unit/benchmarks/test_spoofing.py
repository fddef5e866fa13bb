"""The count of flagged tracks, by judges whose verdict is known beforehand."""

import pytest

from benchmarks import spoofing
from benchmarks.tracks.labels import Kind


@pytest.fixture(scope="module")
def tracks():
    return spoofing.corpus(each=3, tuning=True)


def knows_all(track, arrivals):
    return [arrival.number in track.lies for arrival in arrivals]


def too_early(track, arrivals):
    return [arrival.number < min(track.lies, default=0) for arrival in arrivals]


def suspects_all(track, arrivals):
    return [True for _ in arrivals]


@pytest.mark.parametrize("arrive", [spoofing.in_order, spoofing.disturbed])
@pytest.mark.parametrize(
    ("judge", "teleports", "honest"), [(knows_all, 3, 0), (too_early, 0, 0), (suspects_all, 3, 12)]
)
def test_tracks_are_flagged_by_what_the_judge_says(tracks, judge, arrive, teleports, honest):
    called = spoofing.judged(judge, tracks, arrive=arrive)
    assert (called.flagged[Kind.TELEPORT], called.honest) == (teleports, honest)
    assert called.fixes == (called.honest_fixes if judge is suspects_all else 0)


def test_disturbed_fixes_are_all_there_some_twice_and_out_of_order(tracks):
    track = tracks[0]
    for arrivals in spoofing.disturbed(track):
        numbers = [arrival.number for arrival in arrivals]
        assert set(numbers) == set(range(len(track.reports)))
        assert len(numbers) > len(track.reports)
        assert numbers != sorted(numbers)
        assert all(arrival.received_s >= arrival.report.at_s for arrival in arrivals)
