"""A query of the ORM, compiled once for each kind of database. Where a value comes in, `Given` stands for it.

    _OF_SHOPPER = Select(lambda: Visit.objects.filter(shopper=Given("shopper", Visit.shopper.field)).values_list("pk"))
    rows = _OF_SHOPPER.rows(shopper=shopper_id)

What changes a statement's text is no value but part of its `shape`: how many values a list has, say. It goes to the
function that composes the query, by place, and each shape is compiled once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery

# Of one statement. A shape that is asked no more makes room for another.
SHAPES_KEPT = 128

Row = tuple[Any, ...]
Of = TypeVar("Of", bound=Model)


class _Slot(NamedTuple):
    """Where a parameter of the compiled statement comes from; `place` is that in a list."""

    name: str
    field: Any
    place: int | None = None

    def filled(self, given: Mapping[str, Any]) -> Any:
        value = given[self.name]
        return self.field.get_db_prep_value(value if self.place is None else value[self.place], connection)


class Given(Expression):
    """The value that is given by this name when the statement runs. `field` says how the database stores it."""

    def __init__(self, name: str, field: Any) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [_Slot(self.name, self.output_field)]


class GivenList(Given):
    """For `column__in`: so many values, which are given as one list."""

    def __init__(self, name: str, field: Any, *, count: int) -> None:
        super().__init__(name, field)
        self.count = count

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        slots = [_Slot(self.name, self.output_field, place) for place in range(self.count)]
        return f"({', '.join(['%s'] * self.count)})", slots


@dataclass(frozen=True, kw_only=True)
class _Compiled:
    sql: str
    parameters: Sequence[Any]
    converters: Sequence[tuple[int, Sequence[Any], Any]] = ()
    """Of the columns that have any: their place, the ORM's functions, and the expression that these are told."""
    made: "_Made | None" = None

    def filled(self, given: Mapping[str, Any]) -> list[Any]:
        return [each.filled(given) if isinstance(each, _Slot) else each for each in self.parameters]

    def converted(self, row: Row) -> Row:
        values = list(row)
        for place, functions, expression in self.converters:
            for convert in functions:
                values[place] = convert(values[place], expression, connection)
        return tuple(values)


@dataclass(frozen=True, kw_only=True)
class _Made:
    """How the ORM makes models of a row (`django.db.models.query.ModelIterable`): which columns are the model's own,
    who fills in those of `select_related`, and where the annotations are."""

    model: type[Model]
    columns: slice
    names: Sequence[str]
    related: Sequence[Any]
    annotations: Sequence[tuple[str, int]]

    @classmethod
    def by(cls, compiler: Any) -> "_Made | None":
        if compiler.klass_info is None:  # of a values_list
            return None
        places = compiler.klass_info["select_fields"]
        columns = slice(places[0], places[-1] + 1)
        return cls(
            model=compiler.klass_info["model"],
            columns=columns,
            names=[column[0].target.attname for column in compiler.select[columns]],
            # The stubs are of a later Django, which asks for one argument more.
            related=get_related_populators(compiler.klass_info, compiler.select, connection.alias),  # type: ignore[call-arg]
            annotations=list(compiler.annotation_col_map.items()),
        )

    def of(self, row: Row) -> Any:
        made = self.model.from_db(connection.alias, self.names, row[self.columns])
        for related in self.related:
            related.populate(row, made)
        for name, place in self.annotations:
            setattr(made, name, row[place])
        return made


class Select:
    """`compose` makes a query of the shape: a `values_list` for `rows`, else one for `models`, with `only`,
    `select_related` and annotations as it says. `endings`: what a kind of database is told after it."""

    def __init__(self, compose: Callable[..., QuerySet[Any, Any]], *, endings: Mapping[str, str] | None = None) -> None:
        self._compose = compose
        self._endings = endings or {}
        self._compiled = lru_cache(SHAPES_KEPT)(self._compile)

    def rows(self, *shape: Any, **given: Any) -> list[Row]:
        return self._rows(self._compiled(connection.vendor, *shape), given)

    def models(self, *shape: Any, **given: Any) -> list[Any]:
        compiled = self._compiled(connection.vendor, *shape)
        assert compiled.made is not None  # noqa: S101  # no values_list
        return [compiled.made.of(row) for row in self._rows(compiled, given)]

    def _rows(self, compiled: _Compiled, given: Mapping[str, Any]) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, compiled.filled(given))
            found: list[Row] = cursor.fetchall()
        return [compiled.converted(row) for row in found] if compiled.converters else found

    def _compile(self, vendor: str, *shape: Any) -> _Compiled:
        compiler = self._compose(*shape).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        return _Compiled(
            sql=sql + self._endings.get(vendor, ""),
            parameters=parameters,
            converters=[(place, functions, expression) for place, (functions, expression) in converters.items()],
            made=_Made.by(compiler),
        )


class Update:
    """`compose` makes the rows to change, and the new values by column."""

    def __init__(self, compose: Callable[..., tuple[QuerySet[Any, Any], Mapping[str, Any]]]) -> None:
        self._compose = compose
        self._compiled = lru_cache(SHAPES_KEPT)(self._compile)

    def run(self, *shape: Any, **given: Any) -> int:
        """How many rows were changed."""
        compiled = self._compiled(connection.vendor, *shape)
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, compiled.filled(given))
            return int(cursor.rowcount)

    def _compile(self, vendor: str, *shape: Any) -> _Compiled:
        rows, values = self._compose(*shape)
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(values)
        sql, parameters = query.get_compiler(connection=connection).as_sql()
        return _Compiled(sql=sql, parameters=parameters)


def columns_of(model: type[Model]) -> list[str]:
    """For `values_list`: every column of a model, so that `model_of` can make one."""
    return [field.attname for field in model._meta.concrete_fields]


def model_of(model: type[Of], row: Row) -> Of:
    return model.from_db(connection.alias, columns_of(model), row)
