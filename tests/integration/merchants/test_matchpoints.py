"""`manage.py matchpoints` on files: the answers, the picture, and sentences for what cannot be read."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image, ImageColor

from merchants.live_fences import fence_map

FENCES = [
    {"id": "café", "kind": "circle", "lat": 60.1695, "lon": 24.9525, "radius_m": 150},
    {
        "id": "a block",
        "kind": "polygon",
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[24.95, 60.16], [24.96, 60.16], [24.96, 60.17], [24.95, 60.16]]],
        },
    },
    {
        "id": "fiji",
        "kind": "polygon",
        "geometry": {"type": "Polygon", "coordinates": [[[179, -18], [-179, -18], [-179, -17], [179, -18]]]},
        "geometry_cut": {
            "type": "MultiPolygon",
            "coordinates": [
                [[[179, -18], [180, -18], [180, -17.5], [179, -18]]],
                [[[-180, -18], [-179, -18], [-179, -17], [-180, -17.5], [-180, -18]]],
            ],
        },
    },
]  # fmt: skip
POINTS = "point_id,lat,lon,why\np1,60.1695,24.9525,centre\np2,60.165,24.957,block\np3,-17.6,-180,fiji\np4,0,0,sea\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fences.jsonl").write_text("\n".join(json.dumps(fence) for fence in FENCES) + "\n\n")
    (tmp_path / "points.csv").write_text(POINTS)
    return tmp_path


def printed(folder: Path, *arguments: str) -> str:
    out = io.StringIO()
    call_command("matchpoints", str(folder / "fences.jsonl"), str(folder / "points.csv"), *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_each_points_fences_in_order(folder: Path) -> None:
    assert printed(folder) == "point_id,inside\np1,café\np2,a block\np3,fiji\np4,\n"


def test_it_draws_a_map(folder: Path) -> None:
    printed(folder, "--plot", str(folder / "map.png"))
    with Image.open(folder / "map.png") as picture:
        assert picture.format == "PNG"
        colours = {colour for _, colour in picture.convert("RGB").getcolors(maxcolors=1 << 24)}
    for drawn in (fence_map.LINE, fence_map.INSIDE, fence_map.OUTSIDE):
        assert ImageColor.getrgb(drawn) in colours, drawn


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("fences.jsonl", '{"id": "x", "kind": "circle", "lat": 91, "lon": 0, "radius_m": 5}', "line 5.*latitude"),
        ("fences.jsonl", '{"id": "x", "kind": "polygon", "geometry": {"type": "Point"}}', "line 5.*no area"),
        ("fences.jsonl", '{"id": "x"', "line 5"),
        ("fences.jsonl", '{"kind": "circle"}', "line 5.*id"),
        ("fences.jsonl", "[" * 100_000, "line 5"),
        ("points.csv", "p5,north,0", "line 6.*north"),
        ("points.csv", "p5,nan,0", "line 6.*no place"),
        ("points.csv", "p5,0,181", "line 6.*no place"),
        ("points.csv", "p5", "line 6"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(folder: Path, name: str, line: str, said: str) -> None:
    with (folder / name).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(CommandError, match=said):
        printed(folder)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"fences\.jsonl"):
        printed(tmp_path)


def test_the_exact_answers_of_others_are_ours(shared_data: Path, tmp_path: Path) -> None:
    out = io.StringIO()
    containment = shared_data / "containment"
    call_command("matchpoints", str(containment / "fences.jsonl"), str(containment / "points.csv"), stdout=out)
    found = {row["point_id"]: set(row["inside"].split()) for row in csv.DictReader(io.StringIO(out.getvalue()))}
    with (containment / "expected.csv").open(newline="") as lines:
        expected = list(csv.DictReader(lines))
    wrong = [
        row["point_id"]
        for row in expected
        if (found[row["point_id"]] ^ set(row["inside"].split())) - set(row["near"].split())
    ]
    assert len(found) == len(expected) == 2458
    assert wrong == []
