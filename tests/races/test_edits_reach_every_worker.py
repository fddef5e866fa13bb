"""An operator edits a fence in the admin while sixteen phones report: every worker answers by it within two seconds.

Real worker processes, real HTTP, the admin's own form. Each phone keeps its connection, so it stays with one worker;
which one, the system tells. That the edit itself costs little among a million fences is benchmarks/many_fences.py's.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from merchants.models import Geofence, User
from tests.acceptance.tenants.admin_walk import form_data
from tests.cast import AINO_LAT, AINO_LON, make_device, make_store
from tests.races.serving import Workers, served

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WORKERS, PHONES = 3, 16
WITHIN_S = 2.0
PASSWORD = "a-long-password-1"


@dataclass
class Phone:
    """It stands in Café Aino and reports ten times a second at most, as fast as it is answered."""

    token: str
    workers: Workers
    worker: int | None = None
    # When a report began, and what it was told: (seconds, change, fence).
    told: list[tuple[float, str, str]] = field(default_factory=list)
    began: list[float] = field(default_factory=list)
    failed: BaseException | None = None

    def connect(self) -> None:
        kept = httpx.Limits(max_connections=1, keepalive_expiry=None)
        self.http = httpx.Client(base_url=self.workers.url, timeout=60, limits=kept)
        self.worker = self.workers.worker_of(self.report())

    def report(self) -> httpx.Response:
        fix = {
            "uuid": str(uuid4()),
            "recorded_at": datetime.now(UTC).isoformat(),
            "lat": AINO_LAT,
            "lon": AINO_LON,
            "accuracy_m": 5.0,
            "background": False,
        }
        began = time.monotonic()
        answer = self.http.post(
            "/api/v1/positions", json={"fixes": [fix]}, headers={"Authorization": f"Bearer {self.token}"}
        )
        assert answer.status_code == 200, answer.text
        self.told += [(began, one["change"], one["fence_id"]) for one in answer.json()["transitions"]]
        self.began.append(began)
        return answer

    def keep_reporting(self, over: threading.Event) -> None:
        try:
            while not over.is_set():
                answer = self.report()
                over.wait(0.1)
            assert self.workers.worker_of(answer) == self.worker, "the connection was not kept"
        except BaseException as error:
            self.failed = error


@pytest.fixture
def workers(transactional_db: None, tmp_path: Path) -> Iterator[Workers]:
    with served(tmp_path, workers=WORKERS) as workers:
        yield workers


@pytest.fixture
def phones(workers: Workers) -> Iterator[list[Phone]]:
    """Connected so that every worker has at least one."""
    found = []
    for number in range(PHONES):
        make_device(token=f"phone-{number}", now=datetime.now(UTC))
        found.append(Phone(token=f"phone-{number}", workers=workers))
    for phone in found:
        phone.connect()
    for _ in range(100):
        missing = workers.pids() - {phone.worker for phone in found}
        if not missing:
            break
        crowded = max(found, key=lambda phone: sum(other.worker == phone.worker for other in found))
        crowded.http.close()
        crowded.connect()
    yield found
    for phone in found:
        phone.http.close()


class Operator:
    """Somebody at the admin, in a browser's stead: pages, forms, cookies."""

    def __init__(self, workers: Workers) -> None:
        password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1_000)  # the server knows this one
        User.objects.create(username="operator", password=password, is_staff=True, is_superuser=True)
        self.http = httpx.Client(base_url=workers.url, timeout=60)
        self.http.get("/admin/login/")
        answer = self._post("/admin/login/", {"username": "operator", "password": PASSWORD})
        assert answer.headers["location"] == "/admin/"

    def _post(self, address: str, data: dict[str, object]) -> httpx.Response:
        answer = self.http.post(address, data={**data, "csrfmiddlewaretoken": self.http.cookies["csrftoken"]})
        assert answer.status_code == 302, answer.text[:2_000]
        return answer

    def save(self, address: str, **typed: object) -> float:
        """The page's form with this typed in; when the answer was there."""
        self._post(address, {**form_data(self.http.get(address).text), **typed})
        return time.monotonic()

    def press(self, address: str) -> float:
        self._post(address, {})
        return time.monotonic()


def longest_wait(phones: list[Phone], *, saved_at: float, change: set[str], fence: str) -> float:
    """Until every phone was told; no report that begins two seconds after the save may be answered by the old fence."""
    waits = []
    for phone in phones:
        until = time.monotonic() + 60
        told_at = None
        while told_at is None:
            assert phone.failed is None, phone.failed
            assert time.monotonic() < until, f"worker {phone.worker} does not know of the edit"
            time.sleep(0.02)
            told_at = next((at for at, what, which in phone.told if what in change and which == fence), None)
        late = [at - saved_at for at in phone.began if saved_at + WITHIN_S <= at < told_at]
        assert late == [], f"worker {phone.worker} still answered by the fence as it was"
        waits.append(told_at - saved_at)
        phone.told.clear()
    return max(waits)


@pytest.fixture
def operator(workers: Workers) -> Iterator[Operator]:
    operator = Operator(workers)
    yield operator
    operator.http.close()


def test_every_worker_follows_the_admin_while_sixteen_phones_report(
    workers: Workers, phones: list[Phone], operator: Operator
) -> None:
    store = make_store()
    assert {phone.worker for phone in phones} == workers.pids(), "a worker has no phone"
    over = threading.Event()
    threads = [threading.Thread(target=phone.keep_reporting, args=(over,)) for phone in phones]
    for thread in threads:
        thread.start()
    try:
        circle = {"kind": "circle", "radius_m": "150", "center_lon": str(AINO_LON), "dwell_s": "300"}
        circle["tuning"] = "drive_by"  # one fix decides, so that what is waited for is the edit
        here, away = {"center_lat": str(AINO_LAT)}, {"center_lat": str(AINO_LAT + 0.02)}
        saved_at = operator.save("/admin/merchants/geofence/add/", store=str(store.pk), name="door", **circle, **here)
        fence = Geofence.objects.get()
        page, known = f"/admin/merchants/geofence/{fence.pk}/", str(fence.public_id)
        entered, left = {"entered", "appeared_inside"}, {"left"}
        waits = [longest_wait(phones, saved_at=saved_at, change=entered, fence=known)]
        for moved, change in ((away, left), (here, entered)):
            saved_at = operator.save(f"{page}change/", **moved)
            waits.append(longest_wait(phones, saved_at=saved_at, change=change, fence=known))
        saved_at = operator.press(f"{page}archive/")
        waits.append(longest_wait(phones, saved_at=saved_at, change=left, fence=known))
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=60)
    assert [phone.failed for phone in phones] == [None] * PHONES
    assert all(len(phone.began) > 10 for phone in phones), "there was no crowd"
    print("longest waits:", [f"{wait:.2f} s" for wait in waits])
