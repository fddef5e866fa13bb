"""The order of the rooms stands in two contracts: one has containers, or packages from outside of them, not both."""

import tomllib
from typing import Any

from tests.conftest import ROOT

LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
BESIDE = ("merchants", "notifications")


def contract(name: str) -> dict[str, Any]:
    return next(one for one in LINTER["contracts"] if one["name"].startswith(name))


def rooms(layers: list[str], *, split_by: str) -> list[str]:
    return [room.strip() for layer in layers for room in layer.split(split_by)]


def test_both_contracts_name_the_same_rooms_in_the_same_order() -> None:
    inside = rooms(contract("Every arrow")["layers"], split_by="|")
    around = rooms(contract("Merchants and notifications stand")["layers"], split_by=":")
    assert [f"geooffers.{room}" for room in inside] == [room for room in around if "|" not in room]


def test_no_package_of_the_house_is_left_out() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages == {"geooffers", *BESIDE} == set(LINTER["root_packages"])
