"""A recorded track is thinned, timed into the last minutes, and given fences along it; what is no track is refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from geooffers.worker.demo import track
from tests.cast import NOON


def write_gpx(folder: Path, points: list[tuple[float, float]], kind: str = "trk") -> Path:
    inner = "".join(
        f'<{"rte" if kind == "rte" else "trk"}pt lat="{lat}" lon="{lon}"></{"rte" if kind == "rte" else "trk"}pt>'
        for lat, lon in points
    )
    body = f"<rte>{inner}</rte>" if kind == "rte" else f"<trk><trkseg></trkseg><trkseg>{inner}</trkseg></trk>"
    file = folder / "walk.gpx"
    file.write_text(f'<?xml version="1.0"?><gpx version="1.1" creator="test">{body}</gpx>')
    return file


def straight_line(count: int) -> list[tuple[float, float]]:
    return [(60.0 + index * 0.0005, 24.0) for index in range(count)]


def test_a_long_track_is_thinned_evenly_and_keeps_both_ends(tmp_path: Path) -> None:
    places = track.read(write_gpx(tmp_path, straight_line(500)))
    assert len(places) == track.MAX_FIXES
    assert (places[0].lat, places[-1].lat) == (60.0, pytest.approx(60.0 + 499 * 0.0005))


def test_a_route_without_tracks_is_walked_too(tmp_path: Path) -> None:
    assert len(track.read(write_gpx(tmp_path, straight_line(5), kind="rte"))) == 5


def test_all_fixes_lie_within_the_last_minutes_in_order(tmp_path: Path) -> None:
    steps = track.timed(track.read(write_gpx(tmp_path, straight_line(500))), now=NOON)
    times = [step.at for step in steps]
    assert times == sorted(times)
    assert times[-1] == NOON
    assert NOON - times[0] <= track.TOLD_WITHIN + timedelta(seconds=1)


def test_fences_stand_on_the_track_apart_from_each_other_and_from_its_start(tmp_path: Path) -> None:
    places = track.read(write_gpx(tmp_path, straight_line(500)))
    fences = track.fence_places(places)
    assert len(fences) == 3
    assert all(fence in places for fence in fences)
    distances = [track.distance_m(one, other) for one, other in zip([places[0], *fences], fences, strict=False)]
    assert min(distances) >= 400


def test_a_short_track_gets_one_fence_at_its_far_end(tmp_path: Path) -> None:
    places = track.read(write_gpx(tmp_path, straight_line(4)))
    assert track.fence_places(places) == [places[-1]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "not GPX"),
        ("<gpx><trk>", "not GPX"),
        ('<?xml version="1.0"?><gpx version="1.1" creator="t"></gpx>', "0 usable points"),
    ],
)
def test_what_is_no_track_is_refused_with_a_sentence(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "bad.gpx"
    file.write_text(content)
    with pytest.raises(track.TrackUnusable, match=says):
        track.read(file)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(track.TrackUnusable, match=r"nowhere\.gpx: No such file"):
        track.read(tmp_path / "nowhere.gpx")
