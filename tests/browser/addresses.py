"""Every page that the URL conf knows, with an address for each, as a visitor finds it."""

import re
from collections.abc import Iterator

from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from playwright.sync_api import Page

# What a pattern leaves open, where no list has a row for it.
ANYTHING = {"<uidb64>": "a", "<token>": "b"}
ROW = re.compile(r"<(path:object_id|id)>")


def routes(patterns: list[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[str]:
    """As the patterns say them: `admin/merchants/offer/<path:object_id>/change/`."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


class Visitor:
    """Who asks for each address before a browser opens it: is there a page for them?"""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._rows: dict[str, str | None] = {}

    def address_of(self, route: str) -> str | None:
        """None where the list that a row would be taken from is empty."""
        for name, value in ANYTHING.items():
            route = route.replace(name, value)
        # Django's one pattern that is no path: the page of an app, for whichever of them.
        route = re.sub(r"\^\(\?P<app_label>(\w+)[^)]*\)", r"\1", route).removesuffix("$")
        if not ROW.search(route):
            return f"/{route}"
        row = self._row_of(ROW.split(route)[0])
        return f"/{ROW.sub(row, route)}" if row else None

    def _row_of(self, folder: str) -> str | None:
        if folder not in self._rows:
            listed = self._page.request.get(f"/{folder}")
            found = re.search(rf'"/{folder}([^/"]+)/change/', listed.text()) if listed.ok else None
            self._rows[folder] = found and found[1]
        return self._rows[folder]

    def finds_a_page(self, address: str) -> bool:
        answer = self._page.request.get(address, max_redirects=0)
        assert answer.status < 500, address
        is_html = "text/html" in answer.headers.get("content-type", "")
        return answer.status == 200 and is_html and answer.body() != b""
