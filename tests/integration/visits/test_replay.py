"""`manage.py replay` on files: what happened and why, three formats alike, the picture, and sentences for bad files."""

import csv
import io
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

NOON = datetime.fromisoformat("2026-06-02T12:00:00+00:00")
FENCES = [{"id": "café", "lat": 60.0, "lon": 25.0, "radius_m": 100}]
LAT_A_METRE = 1 / 111_412  # at 60 degrees
# Seconds after noon, metres north of the café's middle: outside, four fixes inside, three outside.
WALK = [(0, -300), (30, -200), (60, -50), (75, 0), (90, 10), (240, 10), (480, 10), (510, 150), (525, 200), (540, 300)]
HEADER = "trace_id,ts,lat,lon,accuracy_m,speed_mps,battery\n"


def at(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


def lat(north_m: float) -> float:
    return 60 + north_m * LAT_A_METRE


def rows(walk: list[tuple[int, float]] = WALK, name: str = "anna") -> str:
    return "".join(f"{name},{at(s)},{lat(north):.7f},25,8,1.2,0.9\n" for s, north in walk)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fences.json").write_text(json.dumps(FENCES))
    (tmp_path / "trace.csv").write_text(HEADER + rows())
    return tmp_path


def printed(folder: Path, *arguments: str, trace: str = "trace.csv") -> list[dict[str, str]]:
    out = io.StringIO()
    call_command("replay", str(folder / trace), "--fences", str(folder / "fences.json"), *arguments, stdout=out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def told(found: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(row["change"], row["at"][11:19], row["rule"]) for row in found]


IN_AND_OUT = [
    ("entered", "12:01:00", "firm_fixes"),
    ("dwelled", "12:08:00", "dwell_reached"),
    ("left", "12:08:30", "clear_fixes"),
]


def test_it_prints_each_change_with_the_fix_that_proved_it_and_the_rule(folder: Path) -> None:
    found = printed(folder)
    assert told(found) == IN_AND_OUT
    assert [row["fix"] for row in found] == ["4", "7", "9"]
    assert found[0] | {"reason": ""} == {
        "trace_id": "anna",
        "fix": "4",
        "at": "2026-06-02T12:01:00Z",
        "proven_at": "2026-06-02T12:01:15Z",
        "fence": "café",
        "change": "entered",
        "confidence": "0.92",
        "stale": "no",
        "rule": "firm_fixes",
        "reason": "",
    }
    assert "2 fixes are firmly inside" in found[0]["reason"]
    assert "margin of 5 m" in found[2]["reason"]


def test_tuning_and_dwell_are_asked_for(folder: Path) -> None:
    drive_by = printed(folder, "--tuning", "drive_by", "--dwell", "20")
    assert told(drive_by) == [
        ("entered", "12:01:00", "one_fix_inside"),
        ("settled", "12:01:15", "firm_fixes"),
        ("dwelled", "12:01:30", "dwell_reached"),
        ("left", "12:08:30", "one_fix_outside"),
    ]


def test_what_was_not_used_is_printed_when_asked_for(folder: Path) -> None:
    jump = f"anna,{at(31)},{lat(90_000):.7f},25,5,,\n"
    nowhere = f"anna,{at(541)},0,0,5,,\nanna,{at(542)},{lat(0)},25,9000,,\n"
    # Only so many fixes are kept to put a late one among.
    on = rows([(600 + 10 * more, 300.0) for more in range(6)])
    late = f"anna,{at(-3600)},{lat(0)},25,5,,\n"
    lines = rows().splitlines(keepends=True)
    (folder / "trace.csv").write_text(HEADER + "".join([*lines[:2], jump, *lines[2:], nowhere, on, late]))
    assert told(printed(folder)) == IN_AND_OUT
    dropped = [row for row in printed(folder, "--dropped") if row["change"] == "not used"]
    assert [(row["fix"], row["rule"]) for row in dropped] == [
        ("3", "set_aside"),
        ("12", "null_island"),
        ("13", "too_coarse"),
        ("20", "late"),
    ]
    assert all(row["reason"] and not row["fence"] for row in dropped)


def test_traces_of_one_file_are_phones_of_their_own(folder: Path) -> None:
    # Interleaved: taken as one phone they would be in two places at once.
    both = sorted([*rows().splitlines(), *rows([(s, 5000.0) for s, _ in WALK], "bo").splitlines()], key=lambda r: r[5:])
    (folder / "trace.csv").write_text(HEADER + "\n".join(both) + "\n")
    assert {row["trace_id"] for row in printed(folder, "--dropped")} == {"anna"}
    assert told(printed(folder, "--only", "anna")) == IN_AND_OUT
    assert printed(folder, "--only", "bo") == []
    with pytest.raises(CommandError, match="no trace 'eve'"):
        printed(folder, "--only", "eve")


@pytest.mark.parametrize("accuracy", ["", "-1", "100"])
def test_an_accuracy_that_nobody_knows_is_taken_for_100_m(folder: Path, accuracy: str) -> None:
    (folder / "trace.csv").write_text(HEADER + rows().replace(",8,1.2", f",{accuracy},-1"))
    # No fix so vague is firm in a fence of 100 m, and none is clearly outside so near to it: time has to tell.
    assert told(printed(folder)) == [
        ("entered", "12:01:00", "held_inside"),
        IN_AND_OUT[1],
        ("left", "12:08:30", "held_outside"),
    ]


def as_points() -> dict[str, object]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"time": at(s), "accuracy_m": 8, "speed_mps": 1.2},
                "geometry": {"type": "Point", "coordinates": [25, lat(north)]},
            }
            for s, north in WALK
        ],
    }


def as_line(times: int = len(WALK)) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": {"name": "anna", "accuracy_m": 8, "coordTimes": [at(s) for s, _ in WALK][:times]},
        "geometry": {"type": "LineString", "coordinates": [[25, lat(north)] for _, north in WALK]},
    }


def gpx(time: str = "<time>{}</time>") -> str:
    points = "".join(f'<trkpt lat="{lat(north):.7f}" lon="25">{time.format(at(s))}</trkpt>' for s, north in WALK)
    return f'<gpx version="1.1" creator="us"><trk><name>anna</name><trkseg>{points}</trkseg></trk></gpx>'


@pytest.mark.parametrize("document", [as_points(), as_line()])
def test_geojson_says_the_same_as_a_table(folder: Path, document: dict[str, object]) -> None:
    (folder / "trace.geojson").write_text(json.dumps(document))
    assert told(printed(folder, trace="trace.geojson")) == IN_AND_OUT


def test_gpx_is_read_and_knows_no_accuracy(folder: Path) -> None:
    (folder / "trace.gpx").write_text(gpx())
    assert told(printed(folder, trace="trace.gpx"))[:1] == [("entered", "12:01:00", "held_inside")]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.csv", HEADER + rows() + "anna,noon,60,25,,,\n", "t.csv, line 12: no time: 'noon'"),
        ("t.csv", HEADER + "anna,2026-06-02T12:00:00,60,25,,,\n", "line 2: a time without its offset"),
        ("t.csv", HEADER + f"anna,{at(0)},91,25,,,\n", "line 2: no place on earth"),
        ("t.csv", HEADER + f"anna,{at(0)},nan,25,,,\n", "line 2: no latitude: 'nan'"),
        ("t.csv", HEADER + f"anna,{at(0)},60,25,good,,\n", "line 2: no accuracy: 'good'"),
        ("t.csv", HEADER + f"anna,{at(0)}\n", "line 2: no latitude"),
        ("t.csv", "lat,lon\n60,25\n", "line 1: no column ts"),
        ("t.csv", HEADER, "no position"),
        ("t.csv", "", "no column"),
        ("t.gpx", gpx(time=""), "t.gpx, track 1, point 1 has no time"),
        ("t.gpx", "<gpx", "is not GPX"),
        ("t.geojson", "{", "is not JSON: .*line 1"),
        ("t.geojson", "[" * 100_000, "nested too deeply"),
        ("t.geojson", "[]", "no FeatureCollection"),
        ("t.geojson", json.dumps(as_line(times=3)), "feature 1: .*a time for each of its 10"),
        ("t.geojson", json.dumps(as_points()).replace(at(30), ""), "feature 2: no time"),
        ("t.geojson", '{"type": "Feature", "geometry": {"type": "Polygon"}}', "feature 1 is no Point"),
        ("t.txt", "", "the ending says the format"),
        ("fences.json", '[{"id": "x", "lat": 91, "lon": 0, "radius_m": 5}]', "fences.json, fence 1.*latitude"),
        ("fences.json", '[{"id": "x"}]', "fences.json, fence 1"),
        ("fences.json", "[7]", "fences.json, fence 1: no object"),
        ("fences.json", "[\n{]", "fences.json: .*line 2"),
        ("fences.json", '{"id": "x"}', "fences.json, line 1"),
    ],
)
def test_a_bad_file_is_named_with_the_line_and_nothing_is_printed(
    folder: Path, name: str, text: str, said: str
) -> None:
    (folder / name).write_text(text)
    out = io.StringIO()
    trace = folder / (name if name.startswith("t.") else "trace.csv")
    with pytest.raises(CommandError, match=said):
        call_command("replay", str(trace), "--fences", str(folder / "fences.json"), stdout=out)
    assert out.getvalue() == ""


def test_what_is_not_text_or_not_there_is_said(folder: Path) -> None:
    (folder / "t.csv").write_bytes(b"ts,lat,lon\n\xff\xfe")
    with pytest.raises(CommandError, match="not text"):
        printed(folder, trace="t.csv")
    with pytest.raises(CommandError, match=r"gone\.csv"):
        printed(folder, trace="gone.csv")
    with pytest.raises(CommandError, match="above 0"):
        printed(folder, "--dwell", "0")


def test_it_draws_a_picture(folder: Path) -> None:
    printed(folder, "--plot", str(folder / "out.png"))
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_too_many_traces_or_to_nowhere_is_refused_before_anything_is_printed(folder: Path) -> None:
    (folder / "trace.csv").write_text(HEADER + "".join(rows(name=f"phone-{number}") for number in range(7)))
    with pytest.raises(CommandError, match="name one with --only"):
        printed(folder, "--plot", str(folder / "out.png"))
    with pytest.raises(CommandError, match="nowhere"):
        printed(folder, "--only", "phone-1", "--plot", str(folder / "nowhere" / "out.png"))


def test_a_recorded_phone_is_found_in_its_fences(shared_data: Path) -> None:
    traces, out = shared_data / "traces", io.StringIO()
    files = [str(traces / "phone_with_fence_events.csv"), "--fences", str(traces / "phone_fences.json")]
    call_command("replay", *files, "--tuning", "drive_by", stdout=out)
    found = list(csv.DictReader(io.StringIO(out.getvalue())))
    begun = [row for row in found if row["change"] in ("entered", "appeared_inside")]
    ended = [row for row in found if row["change"] == "left"]
    # 23 and 22 by the plain inside test; three stays went on after a silence: closed as stale, begun anew.
    assert (len(begun), len(ended)) == (26, 25)
    assert {row["fence"] for row in begun} == {f"place-{number}" for number in range(1, 9)}


@pytest.mark.parametrize(
    "name", ["gotrack_aracaju", "liverpool_bus_14", "zurich_google_history", "zurich_gpsies_track"]
)
def test_every_table_of_recorded_traces_is_read(shared_data: Path, name: str) -> None:
    fences, out = shared_data / "containment" / "fences.jsonl", io.StringIO()
    call_command("replay", str(shared_data / "traces" / f"{name}.csv"), "--fences", str(fences), stdout=out)
    assert out.getvalue().startswith("trace_id,fix,at,")
