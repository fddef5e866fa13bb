"""No index repeats the head of another one of its table: each costs a write, and finds nothing that the other does not.

A foreign key gets an index of its own unless it says `db_index=False`. Where a longer one begins with its column,
deleting the row that it points at finds the rows by that one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.db import models

# Models that are being rewritten, each to go from here when it is.
LEFT_ALONE: set[str] = set()


@dataclass(frozen=True, kw_only=True)
class Index:
    name: str
    columns: tuple[str, ...]
    unique: bool = False


def whole_indexes(model: type[models.Model]) -> Iterator[Index]:
    """Those over all rows of a table; one with a condition finds some of them only, and takes nobody's place."""
    meta = model._meta
    for field in meta.concrete_fields:
        if field.unique or field.db_index:
            yield Index(name=field.name, columns=(field.name,), unique=field.unique)
    for index in meta.indexes:
        if index.fields and index.condition is None:
            yield Index(name=index.name, columns=tuple(column for column, _ in index.fields_orders))
    for constraint in meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields and constraint.condition is None:
            yield Index(name=constraint.name, columns=tuple(constraint.fields), unique=True)


def repeated(found: list[Index]) -> list[str]:
    """A unique one keeps something true, whatever begins with its columns."""
    return [
        f"{one.name} is the head of {other.name}"
        for one in found
        for other in found
        if one is not other and not one.unique and other.columns[: len(one.columns)] == one.columns
    ]


def ours() -> list[type[models.Model]]:
    rooms = ("geooffers", "merchants", "notifications")
    return [model for model in apps.get_models() if model.__module__.split(".")[0] in rooms]


@pytest.mark.parametrize("model", ours(), ids=lambda model: model._meta.label)
def test_no_index_is_the_head_of_another(model: type[models.Model]) -> None:
    if model._meta.label not in LEFT_ALONE:
        assert repeated(list(whole_indexes(model))) == []


def test_such_an_index_is_found() -> None:
    by_shopper = Index(name="shopper", columns=("shopper",))
    by_both = Index(name="both", columns=("shopper", "at"))
    by_time = Index(name="at", columns=("at",))
    only_one = Index(name="one", columns=("shopper",), unique=True)
    assert repeated([by_shopper, by_both, by_time]) == ["shopper is the head of both"]
    assert repeated([by_shopper, only_one]) == ["shopper is the head of one"]
    assert repeated([only_one, by_both, by_time]) == []
