"""A consumer of a stream calls as the API does, so what they share knows nothing of requests and answers."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

HTTP = ("django.http", "django.views", "django.urls", "ninja", "geooffers.api")
FILES = sorted(path for room in ("callers", "usecases") for path in (ROOT / "geooffers" / room).rglob("*.py"))


def imported(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def of_http(source: str) -> set[str]:
    return {name for name in imported(source) if any(name == http or name.startswith(f"{http}.") for http in HTTP)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_imports_nothing_of_http(path: Path) -> None:
    assert of_http(path.read_text()) == set()


def test_the_search_sees_each_way_to_import_it() -> None:
    for line in (
        "import ninja",
        "from django import http",
        "from django.http import HttpRequest",
        "import django.http",
    ):
        assert of_http(line)
    assert not of_http("from django.db import connection")
