"""The query in front of every call of a phone: device, shopper, consents and packed state, in one.

Written with the ORM, and compiled by it once for each kind of database: compiling it anew for each call cost more than
asking it. A value of a row is converted when it is asked for, by the ORM's own converters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar

from django.db import connection
from django.db.models import F, FilteredRelation, Model, Q, QuerySet

from geooffers.shoppers.models import Device, Purpose, Shopper
from geooffers.visits.models import DeviceState

By = Literal["token_hash", "previous_token_hash"]
Of = TypeVar("Of", bound=Model)


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


_OF: dict[type[Model], str] = {Device: "", Shopper: "shopper__", DeviceState: "state__"}
NAMES = [prefix + column for model, prefix in _OF.items() for column in _columns(model)]
NAMES += ["given_purpose", "given_by", "outdated_at"]
_PLACES = {name: place for place, name in enumerate(NAMES)}
_KEYS = {field.attname: field for field in Device._meta.concrete_fields if field.unique}
_PURPOSE, _BY, _OUTDATED, _DEVICE = (_PLACES[name] for name in ("given_purpose", "given_by", "outdated_at", "id"))


def written(*, by: By, value: bytes) -> QuerySet[Device, Any]:
    """One row for each consent that the shopper gives now, by this phone or another; one with nulls without any."""
    return (
        Device.objects.annotate(
            given=FilteredRelation("shopper__consents", condition=Q(shopper__consents__given=True)),
        )
        .annotate(
            given_purpose=F("given__purpose"), given_by=F("given__device"), outdated_at=F("given__text__outdated_at")
        )
        .filter(**{by: value})
        .values_list(*NAMES)
    )


@dataclass(frozen=True, kw_only=True)
class _Compiled:
    sql: str
    before: tuple[Any, ...]  # parameters, and where between them the value stands
    after: tuple[Any, ...]
    converters: dict[int, tuple[Sequence[Any], Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """As the database gave them; they differ in the consent alone."""

    found: list[tuple[Any, ...]]
    compiled: _Compiled

    def value(self, name: str) -> Any:
        return self._converted(_PLACES[name])

    def values(self, *, of: type[Model]) -> list[Any]:
        prefix = _OF[of]
        return [self.value(prefix + column) for column in _columns(of)]

    def _converted(self, place: int) -> Any:
        value = self.found[0][place]
        converting = self.compiled.converters.get(place)
        if converting is not None:
            converters, expression = converting
            for convert in converters:
                value = convert(value, expression, connection)
        return value


def find(*, by: By, value: bytes) -> Rows | None:
    compiled = _compiled(by, connection.vendor)
    with connection.cursor() as cursor:
        prepared = _KEYS[by].get_db_prep_value(value, connection)
        cursor.execute(compiled.sql, (*compiled.before, prepared, *compiled.after))
        found = cursor.fetchall()
    return Rows(found=found, compiled=compiled) if found else None


@cache
def _compiled(by: By, vendor: str) -> _Compiled:
    compiler = written(by=by, value=bytes(32)).query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    # Beside the value there is at most the condition that a consent be given.
    (place,) = (place for place, param in enumerate(params) if not isinstance(param, bool))
    return _Compiled(
        sql=sql,
        before=tuple(params[:place]),
        after=tuple(params[place + 1 :]),
        converters=compiler.get_converters([expression for expression, *_ in compiler.select]),
    )


def model(rows: Rows, *, of: type[Of]) -> Of:
    return of.from_db(connection.alias, _columns(of), rows.values(of=of))


def given(rows: Rows) -> frozenset[Purpose]:
    """The location purposes are held by a device: another phone's do not count here, and nothing that was agreed to
    before its words meant something else."""
    # Both ids are of one column type, so they need no converting to be compared.
    return frozenset(
        Purpose(row[_PURPOSE])
        for row in rows.found
        if row[_PURPOSE] and row[_BY] in (None, row[_DEVICE]) and row[_OUTDATED] is None
    )
