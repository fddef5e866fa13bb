"""Checks for `manage.py check --database default`: are all the keys there that the rows need?"""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Info

from geooffers import database_schema
from geooffers.usecases.privacy import rotate_keys


def keys_are_there(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases:
        return []
    if database_schema.unapplied():
        return []  # `migrate` asks before it begins, and what is there may not be sealed yet
    found = rotate_keys.uses()
    lost = [use for use in found if use.rows and not use.known]
    messages: list[CheckMessage] = [
        Error(
            f"{use.rows} {use.what} were made with a key that is not in {use.setting}.",
            hint="Put it back behind the newest, and run manage.py rotatekeys before you take it away.",
            id="geooffers.E002",
        )
        for use in lost
    ]
    messages += [
        Info(
            f"{use.setting}: {use.rows} {use.what} need the older key {use.key_id}.",
            hint="docs/keys.md",
            id="geooffers.I001",
        )
        for use in found
        if use.rows and use.known and not use.newest
    ]
    return messages
