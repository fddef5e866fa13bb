"""A token that is revoked through one worker opens nothing in any of them: real processes, real HTTP."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.cast import make_device, make_shopper
from tests.races.serving import Workers, served

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requires_postgresql"), pytest.mark.slow]

WORKERS, WITHIN_S = 2, 1.0


class Connection:
    """Kept open, so it stays with one worker."""

    def __init__(self, workers: Workers, token: str) -> None:
        kept = httpx.Limits(max_connections=1, keepalive_expiry=None)
        self.http = httpx.Client(
            base_url=f"{workers.url}/api/v1", timeout=30, limits=kept, headers={"Authorization": f"Bearer {token}"}
        )
        self.worker = workers.worker_of(self.get())

    def get(self) -> httpx.Response:
        return self.http.get("/coupons")


@pytest.fixture
def workers(transactional_db: None, tmp_path: Path) -> Iterator[Workers]:
    with served(tmp_path, workers=WORKERS) as workers:
        yield workers


def one_to_each_worker(workers: Workers, token: str) -> list[Connection]:
    found: dict[int | None, Connection] = {}
    for _ in range(100):
        connection = Connection(workers, token)
        if found.setdefault(connection.worker, connection) is not connection:
            connection.http.close()
        if found.keys() == workers.pids():
            return list(found.values())
    raise AssertionError("the connections all lead to one worker")


def test_a_revoked_token_fails_in_every_process_within_a_second(workers: Workers) -> None:
    aino = make_shopper(firebase_uid="aino")
    lost = make_device(aino, token="lost", now=datetime.now(UTC))
    make_device(aino, token="kept", now=datetime.now(UTC))
    connections = one_to_each_worker(workers, "lost")
    assert [connection.get().status_code for connection in connections] == [200] * WORKERS
    revoking = httpx.delete(
        f"{workers.url}/api/v1/me/devices/{lost.pk}", headers={"Authorization": "Bearer kept"}, timeout=30
    )
    revoked_at = time.monotonic()
    assert revoking.status_code == 204, revoking.text
    answers = [connection.get() for connection in connections]
    assert time.monotonic() - revoked_at < WITHIN_S
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, "device_retired")] * WORKERS
    assert all(workers.worker_of(answer) == one.worker for answer, one in zip(answers, connections, strict=True))
    for connection in connections:
        connection.http.close()
