"""A class name stands for one idea: of two modules with a class of one name, a reader has to open both."""

import ast
from collections import defaultdict

from tests.conftest import ROOT

PACKAGES = ("geooffers", "merchants", "notifications")
# Django finds each of these by its name.
GIVEN = {"Command", "Migration"}


def test_no_two_classes_of_the_house_have_one_name() -> None:
    places = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(str(path.relative_to(ROOT)))
    assert len(places) > 300
    assert {name: where for name, where in places.items() if len(where) > 1 and name not in GIVEN} == {}
