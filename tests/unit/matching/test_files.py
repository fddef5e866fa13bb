"""A base on disk: mapped as it was, and never trusted when something is missing."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from geooffers.matching import files
from geooffers.matching.areas import Circle, Fence
from geooffers.matching.index import Index
from tests.unit.matching.shapes import box, polygon

FENCES = [Fence(id=number, area=Circle(lat=60 + number / 100, lon=24.9, radius_m=300)) for number in range(50)] + [
    Fence(id=-number, area=polygon(box(24.8, 60 + number / 100, 25, 60.005 + number / 100))) for number in range(1, 50)
]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    Index.build(FENCES).save(tmp_path / "base")
    return tmp_path / "base"


def test_what_was_saved_answers_as_before(saved: Path) -> None:
    before, after = Index.build(FENCES), Index.open(saved)
    assert len(after) == 99
    for lat in np.arange(59.99, 60.55, 0.0037).tolist():
        fix = {"lat": lat, "lon": 24.903, "accuracy_m": 40}
        assert after.match_one(**fix) == before.match_one(**fix)
    assert after.nearest(lat=60.2, lon=24.95, limit=7) == before.nearest(lat=60.2, lon=24.95, limit=7)
    files.verify(saved)


def test_a_change_over_a_mapped_base_is_saved_with_it(saved: Path, tmp_path: Path) -> None:
    changed = Index.open(saved).with_changes(
        put=[Fence(id=7, area=Circle(lat=10, lon=10, radius_m=100))], remove=[8, -8]
    )
    changed.save(tmp_path / "next")
    after = Index.open(tmp_path / "next")
    assert len(after) == len(changed) == 97
    assert after.changes == 0
    assert after.inside_one(lat=10, lon=10) == [7]
    assert after.inside_one(lat=60.08, lon=24.9) == changed.inside_one(lat=60.08, lon=24.9)


def test_nothing_is_written_over_and_no_part_is_left_behind(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        Index.build(FENCES[:3]).save(saved)
    assert [path.name for path in tmp_path.iterdir()] == ["base"]
    assert len(Index.open(saved)) == 99


def test_an_empty_index_is_saved_too(tmp_path: Path) -> None:
    Index.build([]).save(tmp_path / "base")
    assert Index.open(tmp_path / "base").inside_one(lat=60, lon=25) == []


@pytest.mark.parametrize("name", ["manifest.json", "slots.npy", "vertices.npy", "by_id.npy"])
@pytest.mark.parametrize("harm", ["gone", "cut", "emptied"])
def test_a_directory_that_lost_something_is_refused(saved: Path, name: str, harm: str) -> None:
    path = saved / name
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] if harm == "cut" else b"")
    with pytest.raises(files.DamagedBase):
        Index.open(saved)


def test_a_directory_of_another_format_is_refused(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    (saved / "manifest.json").write_text(json.dumps(manifest | {"format": files.FORMAT + 1}))
    with pytest.raises(files.DamagedBase, match="format"):
        Index.open(saved)


def test_no_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(files.DamagedBase):
        Index.open(tmp_path / "none")


def test_a_single_changed_bit_is_found_by_reading_everything(saved: Path) -> None:
    path = saved / "vertices.npy"
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(files.DamagedBase):
        files.verify(saved)


def test_a_mapped_index_outlives_its_directory(saved: Path) -> None:
    index = Index.open(saved)
    shutil.rmtree(saved)
    assert index.inside_one(lat=60.1, lon=24.9) == Index.build(FENCES).inside_one(lat=60.1, lon=24.9)
