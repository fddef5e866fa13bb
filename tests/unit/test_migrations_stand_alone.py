"""A published migration runs as it did, wherever the code of today moves: it imports none of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("geooffers", "merchants", "notifications")
MIGRATIONS = [path for app in OURS for path in sorted((ROOT / app).rglob("migrations/*.py"))]


def named_in(source: str) -> Iterator[str]:
    """Every module that it imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def live_modules_in(source: str) -> list[str]:
    return [name for name in named_in(source) if name.split(".")[0] in (*OURS, "") and "migrations" not in name]


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_migration_imports_no_live_module(path: Path) -> None:
    assert live_modules_in(path.read_text()) == []


def test_a_live_module_would_be_seen() -> None:
    assert live_modules_in("import merchants.models\nfrom geooffers.sealing import columns") == [
        "merchants.models",
        "geooffers.sealing",
    ]


def test_there_is_one_initial_migration_an_app() -> None:
    numbered = [path for path in MIGRATIONS if path.name[0].isdigit()]
    assert {path.name for path in numbered} == {"0001_initial.py"}
    assert len({path.parent for path in numbered}) == len(numbered)
