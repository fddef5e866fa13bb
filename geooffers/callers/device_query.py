"""The query in front of every call of a phone: device, shopper, packed state and given consents, in one.

It is SQL, and a value of a row is converted when it is asked for. To compile it anew by the ORM for each call cost more
than to ask it, and to make the models costs more than both; most calls need neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar

from django.db import connection
from django.db.models import Field, Model
from django.db.models.expressions import Col

from geooffers.shoppers.models import Device, Purpose, Shopper
from geooffers.visits.models import DeviceState

Key = Literal["token_hash", "previous_token_hash"]
Of = TypeVar("Of", bound=Model)
Converters = dict[str, list[tuple[Callable[[Any, Any, Any], Any], Col]]]

_ALIASES: dict[type[Model], str] = {Device: "device", Shopper: "shopper", DeviceState: "state"}
# `device.id`, `shopper.age`, `state.version` …: so a value is asked for, and so it stands in the query.
_FIELDS_OF: dict[type[Model], dict[str, "Field[Any, Any]"]] = {
    model: {f"{alias}.{field.column}": field for field in model._meta.concrete_fields}
    for model, alias in _ALIASES.items()
}
FIELDS = {name: field for fields in _FIELDS_OF.values() for name, field in fields.items()}
_COLUMNS = [*FIELDS, "consent.purpose", "consent.device_id", "wording.outdated_at"]
_PLACES = {name: place for place, name in enumerate(_COLUMNS)}
_PURPOSE, _HELD_BY, _OUTDATED = (_PLACES[name] for name in _COLUMNS[-3:])
_DEVICE = _PLACES["device.id"]

# One row for each consent that the shopper gives now, by this phone or another; one with nulls when there is none.
_SQL = f"""\
SELECT {", ".join(_COLUMNS)}
FROM shoppers_device device
JOIN shoppers_shopper shopper ON shopper.id = device.shopper_id
LEFT JOIN visits_devicestate state ON state.device_id = device.id
LEFT JOIN shoppers_consentstate consent ON consent.shopper_id = shopper.id AND consent.given
LEFT JOIN shoppers_consenttext wording ON wording.id = consent.text_id
WHERE device."""  # noqa: S608  # names of our own columns
_SQL_BY: dict[Key, str] = {
    "token_hash": f"{_SQL}token_hash = %s",
    "previous_token_hash": f"{_SQL}previous_token_hash = %s",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """`rows` as the database gave them; they differ in the consent alone."""

    rows: list[tuple[Any, ...]]
    converters: Converters

    def value(self, name: str) -> Any:
        value = self.rows[0][_PLACES[name]]
        for convert, column in self.converters.get(name, ()):
            value = convert(value, column, connection)
        return value

    def model(self, of: type[Of]) -> Of:
        fields = _FIELDS_OF[of]
        return of.from_db(
            connection.alias, [field.attname for field in fields.values()], [self.value(name) for name in fields]
        )

    def given(self) -> frozenset[Purpose]:
        """The location purposes are held by a device: another phone's do not count here, and nothing that was agreed to
        before its words meant something else."""
        # Both ids are of one column type, so they need no converting to be compared.
        return frozenset(
            Purpose(row[_PURPOSE])
            for row in self.rows
            if row[_PURPOSE] and row[_HELD_BY] in (None, row[_DEVICE]) and row[_OUTDATED] is None
        )


def find(*, by: Key, value: bytes) -> Found | None:
    with connection.cursor() as cursor:
        cursor.execute(_SQL_BY[by], [FIELDS[f"device.{by}"].get_db_prep_value(value, connection)])
        rows = cursor.fetchall()
    return Found(rows=rows, converters=_converters(connection.vendor)) if rows else None


@cache
def _converters(vendor: str) -> Converters:
    """What the ORM does to the values of a column that come out of this kind of database."""
    found: Converters = {}
    for name, field in FIELDS.items():
        column = field.get_col(field.model._meta.db_table)
        converters = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
        if converters:
            found[name] = [(convert, column) for convert in converters]
    return found
