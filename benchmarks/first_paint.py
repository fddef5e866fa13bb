"""First paint of each page, in Chromium's own timing: what the browser itself says of it after a load without cache.

`make bench` runs it where Debian's Chromium is installed. Web, worker and sandbox run on loopback with the demo's city.
The peer is the sign-in page of the admin, which somebody else's theme draws.
"""

import os
import shutil
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH_DIR = ROOT / "var" / "bench-pages"
CHROMIUM = Path("/usr/bin/chromium")
LOADS = 7
SIZES = {"1440 px": (1440, 900), "390 px": (390, 844)}
PAGES = {"admin's sign-in": "/admin/login/", "/phone": "/phone", "/scan sign-in": "/scan/sign-in"}
# Milliseconds since the navigation began. An observer, not a condition that is asked again and again: Playwright would
# evaluate that one later, from a string, which our pages' policy forbids.
FIRST_PAINT = """new Promise((painted) => new PerformanceObserver((seen) => {
  for (const { name, startTime } of seen.getEntries()) if (name === "first-paint") painted(startTime);
}).observe({ type: "paint", buffered: true }))"""

sys.path.insert(0, str(ROOT))


def main() -> None:
    if not CHROMIUM.exists():
        print("first paint: not run, there is no /usr/bin/chromium")
        return
    shutil.rmtree(BENCH_DIR, ignore_errors=True)
    os.environ["GEOOFFERS_SANDBOX"] = "1"
    os.environ["DATABASE_URL"] = f"sqlite:///{BENCH_DIR / 'bench.sqlite3'}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "geooffers.settings"
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    from geooffers.worker.demo import city, processes

    city.build()
    connections.close_all()
    with processes.Processes(log_dir=BENCH_DIR / "log", any_port=True) as services:
        services.start()
        measure(services.web_url)


def measure(web_url: str) -> None:
    from playwright.sync_api import sync_playwright

    print(f"{'first paint, ms':22}" + "".join(f"{size:>10}" for size in SIZES))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        taken: dict[tuple[str, str], list[float]] = {}
        for _ in range(LOADS):  # the pages in turn, so that noise falls on all alike
            for name, path in PAGES.items():
                for size, (width, height) in SIZES.items():
                    context = browser.new_context(viewport={"width": width, "height": height})  # an empty cache
                    page = context.new_page()
                    page.goto(web_url + path, wait_until="load")
                    taken.setdefault((name, size), []).append(page.evaluate(FIRST_PAINT))
                    context.close()
        browser.close()
    for name in PAGES:
        medians = [statistics.median(taken[name, size]) for size in SIZES]
        print(f"{name:22}" + "".join(f"{median:10.0f}" for median in medians))


if __name__ == "__main__":
    main()
