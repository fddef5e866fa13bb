"""`python -m tests.privacy_page` writes the tables of docs/privacy.md from docs/privacy.toml and the models."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"
BEGIN, END = "<!-- written by `python -m tests.privacy_page` -->\n", "<!-- until here -->\n"
PERIODS = ("VISITS", "MESSAGES", "EVENTS", "REPLIES", "REDEMPTIONS", "REFUSED_SCANS", "RECEIPTS", "AUDIT", "TOMBSTONES")


def catalogue() -> dict[str, Any]:
    return tomllib.loads((DOCS / "privacy.toml").read_text())


def tables(read: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for group in read["group"]:
        yield from group["table"]


def in_words(period: timedelta) -> str:
    years, days = divmod(period.days, 365)
    return f"{years} years" if years > 1 and not days else f"{period.days} days"


def written(read: Mapping[str, Any]) -> str:
    from django.apps import apps
    from django.conf import settings

    periods = {name: in_words(getattr(settings, f"KEEP_{name}")) for name in PERIODS}
    out = []
    for group in read["group"]:
        out.append(f"### {group['name']}\n")
        for table in group["table"]:
            model = apps.get_model(table["model"])
            out.append(f"**{model.__name__}** (`{model._meta.db_table}`). {table['what']}\n")
            facts = {"kept": table["kept"].format(**periods), "erasure": table["erased"], "seen by": table["seen_by"]}
            out.append("".join(f"* {name}: {words}\n" for name, words in facts.items()))
            rows = [
                f"| `{field.column}` | {field.get_internal_type()}{', may be empty' if field.null else ''} "
                f"| {table['columns'][field.name]} |\n"
                for field in model._meta.concrete_fields
            ]
            out.append("| column | type | holds |\n| --- | --- | --- |\n" + "".join(rows))
    out.append("### Tables that are about no person\n")
    out.append("".join(f"* {name.partition('.')[2]}: {why}\n" for name, why in read["nobody"].items()))
    return "\n".join(out)


def page() -> str:
    return (DOCS / "privacy.md").read_text()


def with_tables(text: str, made: str) -> str:
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{made}\n{END}{rest.split(END)[1]}"


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geooffers.settings")
    os.environ.setdefault("GEOOFFERS_SANDBOX", "1")
    # The page tells the defaults, whatever this machine is set to.
    for name in [name for name in os.environ if re.fullmatch(r"GEOOFFERS_KEEP_.*_DAYS", name)]:
        del os.environ[name]
    django.setup()
    (DOCS / "privacy.md").write_text(with_tables(page(), written(catalogue())))


if __name__ == "__main__":
    main()
