"""Sign-ins are limited, also for tests: whoever has signed in once at a city comes back with the same cookies."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

_known: dict[tuple[str, str], list[Any]] = {}


def come_back(page: Page, *, city: str, who: str, or_sign_in: Callable[[], None]) -> None:
    cookies = _known.get((city, who))
    if cookies is not None:
        page.context.add_cookies(cookies)
        return
    or_sign_in()
    _known[city, who] = page.context.cookies()
