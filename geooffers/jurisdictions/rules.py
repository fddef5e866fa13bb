"""The table of rules: read from TOML, checked, combined so that the strictest of each setting holds."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from geooffers.jurisdictions import codes

EVERYWHERE = "everywhere"
SHIPPED = Path(__file__).with_name("rules.toml")


class BadTable(Exception):
    """The message names the row, the setting and what is wrong with it."""


class PlaceKind(StrEnum):
    """What an exclusion zone is around."""

    HEALTH = "health"
    SCHOOL = "school"
    WORSHIP = "worship"
    SHELTER = "shelter"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class LawRow:
    """What holds in a place. Every setting has a strict end; `stricter` takes the stricter of two, one by one."""

    location_from_age: int
    profile_from_age: int
    unknown_age_is_located: bool
    unknown_age_is_profiled: bool
    health_push: bool
    zone_buffer_m: Mapping[PlaceKind, float] = field(default_factory=dict)
    because: tuple[str, ...] = ()

    def allows_location(self, *, youngest: int | None) -> bool:
        """`youngest` is the lowest age that somebody may have; None: nobody knows."""
        return self.unknown_age_is_located if youngest is None else youngest >= self.location_from_age

    def allows_profile(self, *, youngest: int | None) -> bool:
        return self.unknown_age_is_profiled if youngest is None else youngest >= self.profile_from_age

    def buffer_m(self, kind: PlaceKind) -> float:
        return self.zone_buffer_m.get(kind, 0.0)

    def stricter(self, other: "LawRow") -> "LawRow":
        kinds = {*self.zone_buffer_m, *other.zone_buffer_m}
        return LawRow(
            location_from_age=max(self.location_from_age, other.location_from_age),
            profile_from_age=max(self.profile_from_age, other.profile_from_age),
            unknown_age_is_located=self.unknown_age_is_located and other.unknown_age_is_located,
            unknown_age_is_profiled=self.unknown_age_is_profiled and other.unknown_age_is_profiled,
            health_push=self.health_push and other.health_push,
            zone_buffer_m={kind: max(self.buffer_m(kind), other.buffer_m(kind)) for kind in kinds},
            because=tuple(dict.fromkeys((*self.because, *other.because))),
        )


_SETTINGS = {each.name for each in fields(LawRow)} - {"because", "zone_buffer_m"}
_AGES = {"location_from_age", "profile_from_age"}


@dataclass(frozen=True, kw_only=True, eq=False)
class LawTable:
    """`rows` hold what each place says by itself, already no looser than what holds around it.

    A table is equal to itself alone, so that answers can be remembered by it.
    """

    everywhere: LawRow
    rows: Mapping[str, LawRow]

    def rule(self, code: str) -> LawRow:
        """Of a declared place, or of one that nobody declared ("")."""
        rule = self.everywhere
        for place in codes.around(code):
            if place in self.rows:
                rule = rule.stricter(self.rows[place])
        return rule

    def because(self, code: str, *, kind: PlaceKind) -> str:
        """The law behind the buffer around such a place, or nothing when there is no buffer."""
        wanted = self.rule(code).buffer_m(kind)
        for place in codes.around(code):
            row = self.rows.get(place)
            if wanted and row is not None and row.buffer_m(kind) == wanted:
                return "; ".join(row.because)
        return ""


def load(*files: Path) -> LawTable:
    """The shipped table, then any number of files that tighten it."""
    everywhere: LawRow | None = None
    rows: dict[str, LawRow] = {}
    for path in (SHIPPED, *files):
        told = _read(path)
        said = told.pop(EVERYWHERE, {})
        everywhere = _row(f"{path.name} [{EVERYWHERE}]", said, base=everywhere)
        # A country before its parts, which may not be looser than it.
        for code in sorted(told, key=len):
            where = f"{path.name} [{code}]"
            try:
                if codes.checked(code) != code:
                    raise codes.UnknownJurisdiction
            except codes.UnknownJurisdiction:
                raise BadTable(f"{where}: there is no such place in ISO 3166; write it as FI or US-WA") from None
            base = LawTable(everywhere=everywhere, rows=rows).rule(code)
            known = rows[code].because if code in rows else ()
            row = _row(where, told[code], base=base)
            rows[code] = replace(row, because=tuple(dict.fromkeys((*known, *_because(where, told[code])))))
    assert everywhere is not None  # noqa: S101  # the shipped file is always there
    return LawTable(everywhere=everywhere, rows=rows)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadTable(f"{path}: {error}") from error


def _row(where: str, said: Any, *, base: LawRow | None) -> LawRow:
    """What a row says over `base`; without one it has to say everything."""
    if not isinstance(said, dict):
        raise BadTable(f"{where}: a row is a table")
    _refuse_unknown(where, said, known={*_SETTINGS, "because", "zone_buffer_m"})
    if base is None and (missing := sorted(_SETTINGS - said.keys())):
        raise BadTable(f"{where}: {', '.join(missing)} is missing")
    settings: dict[str, Any] = {name: _setting(where, name, said[name]) for name in sorted(_SETTINGS & said.keys())}
    buffers = _buffers(where, said.get("zone_buffer_m", {}))
    if base is None:
        return LawRow(**settings, zone_buffer_m=buffers, because=_because(where, said))
    for name, value in settings.items():
        strictest = getattr(base, name)
        looser = value < strictest if name in _AGES else value and not strictest
        if looser:
            raise BadTable(f"{where}: {name} = {_toml(value)} is looser than {_toml(strictest)}, which holds there")
    for kind, buffer_m in buffers.items():
        if buffer_m < base.buffer_m(kind):
            held = base.buffer_m(kind)
            raise BadTable(f"{where}: zone_buffer_m.{kind} = {buffer_m:g} is looser than {held:g}, which holds there")
    return replace(base, **settings, zone_buffer_m={**base.zone_buffer_m, **buffers})


def _refuse_unknown(where: str, said: Mapping[str, Any], *, known: Iterable[str]) -> None:
    if unknown := sorted(said.keys() - set(known)):
        raise BadTable(f"{where}: there is no setting {', '.join(unknown)}")


def _setting(where: str, name: str, value: Any) -> int | bool:
    if name in _AGES:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 120:
            raise BadTable(f"{where}: {name} is an age in whole years")
        return value
    if not isinstance(value, bool):
        raise BadTable(f"{where}: {name} is true or false")
    return value


def _buffers(where: str, said: Any) -> dict[PlaceKind, float]:
    if not isinstance(said, dict):
        raise BadTable(f"{where}: zone_buffer_m is a table of metres by kind of place")
    _refuse_unknown(f"{where}: zone_buffer_m", said, known=list(PlaceKind))
    buffers = {}
    for kind, value in said.items():
        # Written so that NaN is out of range.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 5_000:
            raise BadTable(f"{where}: zone_buffer_m.{kind} is between 0 and 5,000 metres")
        buffers[PlaceKind(kind)] = float(value)
    return buffers


def _because(where: str, said: Mapping[str, Any]) -> tuple[str, ...]:
    because = said.get("because", "")
    if not isinstance(because, str) or len(because) > 120:
        raise BadTable(f"{where}: because is a text of at most 120 characters")
    return (because,) if because else ()


def _toml(value: object) -> str:
    return str(value).lower()
