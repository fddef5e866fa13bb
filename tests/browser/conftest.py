"""A real browser before real processes. Debian's Chromium, driven by Playwright; web, worker and sandbox on free ports
with a database of their own, all on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from geooffers.worker.demo import processes
from tests.conftest import ROOT, skip_or_fail

expect.set_options(timeout=20_000)  # on a busy machine an answer may take its time
ServeWith = Callable[[dict[str, str]], str]
CHROMIUM = Path("/usr/bin/chromium")
# No test has a network: no name is found, and no address but this one.
NO_NETWORK = "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
LOOPBACK = ("127.0.0.1", "testserver")  # the second by the rules of tests/browser/filming.py
FLAGS = (
    f"--host-resolver-rules={NO_NETWORK}",
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

    def redeem(self, shop: dict[str, Any], code: str, *, key: str, at: str = "") -> httpx.Response:
        """As the shop's till does."""
        headers = {"Authorization": f"Bearer {shop['api_key']}", "Idempotency-Key": key}
        return httpx.post(f"{at or self.web_url}/api/v1/redemptions", json={"code": code}, headers=headers, timeout=15)


@contextmanager
def served_city(folder: Path) -> Iterator[City]:
    """It ends when its standard input does, so a killed test leaves nothing."""
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


@pytest.fixture(scope="session")
def live_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Started once for each test process."""
    with served_city(tmp_path_factory.mktemp("city")) as city:
        yield city


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
    of 400 and above; and what it asked of anybody but this machine, though it could not get there. `expected` takes
    away what a test provokes on purpose."""

    heard: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("request", self.overhear)
        page.on("console", lambda said: self.heard.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.heard.append(str(error)))
        page.on("response", lambda r: self.heard.append(f"{r.status} {r.url}") if r.status >= 400 else None)

    def overhear(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme not in ("data", "blob") and asked.hostname not in LOOPBACK:
            self.heard.append(f"asked beyond this machine: {request.url}")

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

    def close(self) -> None:
        while self.contexts:
            self.contexts.pop().close()


@pytest.fixture
def browsing(chromium: Browser, live_city: City) -> Iterator[Browsing]:
    """Fails at its end when the browser complained of anything that the test did not expect."""
    opened = Browsing(chromium, live_city)
    yield opened
    opened.close()
    assert opened.complaints.heard == []


@pytest.fixture
def serve_with(browsing: Browsing, tmp_path: Path) -> Iterator[ServeWith]:
    """Another web process of the same city, with these settings beside its own; its address."""
    services = processes.Processes(log_dir=tmp_path)

    def serve(more: dict[str, str]) -> str:
        port = processes.free_port(0)
        environment = {
            "GEOOFFERS_SANDBOX": "1",
            "GEOOFFERS_SANDBOX_URL": browsing.city.sandbox_url,
            "DATABASE_URL": browsing.city.database_url,
        }
        web = ("runweb", "--port", str(port), "--workers", "1", "--no-migrate")
        services.spawn("web", *web, environment=environment | more)
        services.wait_for("web", f"http://127.0.0.1:{port}/readyz")
        return f"http://127.0.0.1:{port}"

    with services:
        yield serve
        browsing.close()  # a page that still asked would complain that nobody answers
