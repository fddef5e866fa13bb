"""A real browser before real processes. Debian's Chromium, driven by Playwright; web, worker and sandbox on free ports
with a database of their own, all on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import ROOT, skip_or_fail

expect.set_options(timeout=20_000)  # on a busy machine an answer may take its time
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",  # a container's root has no user namespaces
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class City:
    """What `tests/browser/serve_city.py` built, and where it is served."""

    web_url: str
    sandbox_url: str
    shops: tuple[dict[str, Any], ...]
    logins: tuple[dict[str, str], ...]
    bakery: dict[str, Any]  # tests/browser/bakery.py
    markup: dict[str, Any]  # a shop of that file, too: every text of it is markup
    database_url: str

    def shop(self, merchant: str) -> dict[str, Any]:
        return next(shop for shop in self.shops if shop["merchant"] == merchant)

    def redeem(self, shop: dict[str, Any], code: str, *, key: str) -> httpx.Response:
        """As the shop's till does."""
        headers = {"Authorization": f"Bearer {shop['api_key']}", "Idempotency-Key": key}
        return httpx.post(f"{self.web_url}/api/v1/redemptions", json={"code": code}, headers=headers, timeout=15)


@pytest.fixture(scope="session")
def live_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Started once for each test process; it ends when its standard input does, so a killed test leaves nothing."""
    folder = tmp_path_factory.mktemp("city")
    environment = os.environ | {
        "GEOOFFERS_SANDBOX": "1",
        "DATABASE_URL": f"sqlite:///{folder / 'city.sqlite3'}",
        "REDIS_URL": "",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.browser.serve_city", str(folder)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as served:
        assert served.stdin is not None
        assert served.stdout is not None
        try:
            line = served.stdout.readline()
            assert line, "the city did not start; its error stands above"
            told = json.loads(line)
            yield City(**told | {name: tuple(told[name]) for name in ("shops", "logins")})
        finally:
            served.stdin.close()
            served.wait(timeout=30)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Lives as long as a module of tests: Playwright runs a loop in this thread, and under one Django refuses to ask
    its database, so a browser that stayed would fail every other test of the process."""
    if not CHROMIUM.exists():
        skip_or_fail("Chromium (Debian's, at /usr/bin/chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Complaints:
    """What the browser did not like: errors on the console (a blocked script or style is one), exceptions, answers
    of 400 and above. `expected` takes away what a test provokes on purpose."""

    heard: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("console", lambda said: self.heard.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.heard.append(str(error)))
        page.on("response", lambda r: self.heard.append(f"{r.status} {r.url}") if r.status >= 400 else None)

    def expected(self, *words: str) -> None:
        self.heard = [said for said in self.heard if not any(word in said for word in words)]


class Browsing:
    """Pages in contexts of their own, all of them listened to."""

    def __init__(self, browser: Browser, city: City) -> None:
        self._browser = browser
        self.city = city
        self.complaints = Complaints()
        self.contexts: list[BrowserContext] = []

    def page(self, *, width: int = 1440, height: int = 900, scheme: str = "light", **options: Any) -> Page:
        context = self._browser.new_context(
            base_url=self.city.web_url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
            locale="en-GB",
            **options,
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        self.complaints.listen(page)
        return page


@pytest.fixture
def browsing(chromium: Browser, live_city: City) -> Iterator[Browsing]:
    """Fails at its end when the browser complained of anything that the test did not expect."""
    opened = Browsing(chromium, live_city)
    yield opened
    for context in opened.contexts:
        context.close()
    assert opened.complaints.heard == []
