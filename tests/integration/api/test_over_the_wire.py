"""The web process as it is served (Granian), over a real socket: what a test client cannot send."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

HOST = "127.0.0.1"
CANARY = "60.16987654"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Web:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "log"
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder / 'web.sqlite3'}",
            "GEOOFFERS_SANDBOX": "1",
            "GEOOFFERS_LOG_LEVEL": "DEBUG",
            "REDIS_URL": "",
        }
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "runweb", "--port", str(self.port), "--workers", "1"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            assert self._process.poll() is None, self.log.read_text()
            try:
                if b" 200 " in self.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError(self.log.read_text())

    def send(self, request: bytes) -> bytes:
        """The whole answer to one request, sent as it is."""
        with socket.create_connection((HOST, self.port), timeout=20) as connection:
            connection.sendall(request)
            answer = b""
            while chunk := connection.recv(65_536):
                answer += chunk
            return answer

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    web = Web(tmp_path_factory.mktemp("web"))
    yield web
    web.close()


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    head = [f"{line} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    if body:
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


def code_of(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answer[:500]
    return body.partition(b'"code": "')[2].partition(b'"')[0].decode()


def test_two_authorization_headers_arrive_as_two(web: Web) -> None:
    answer = web.send(request("GET /api/v1/consents", "Authorization: Bearer a", "Authorization: Bearer b"))
    assert (answer.split(b" ")[1], code_of(answer)) == (b"400", "authorization_twice")


def test_a_header_of_64_kb_does_not_reach_the_database(web: Web) -> None:
    answer = web.send(request("GET /api/v1/consents", "Authorization: Bearer " + "x" * 65_536))
    assert answer.split(b" ")[1] == b"431"


def test_a_body_of_3_mb_is_refused(web: Web) -> None:
    answer = web.send(request("POST /api/v1/devices", body=b'{"a": "' + b"x" * 3_000_000 + b'"}'))
    assert (answer.split(b" ")[1], code_of(answer)) == (b"413", "body_too_large")


def test_a_body_in_chunks_is_counted_as_well(web: Web) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = request("POST /api/v1/devices", "Content-Type: application/json", "Transfer-Encoding: chunked")
    answer = web.send(head + chunk * 48 + b"0\r\n\r\n")
    assert answer.split(b" ")[1] in (b"400", b"411", b"413"), answer[:300]


def test_the_document_and_the_docs_are_served(web: Web) -> None:
    assert b'"openapi": "3.1.0"' in web.send(request("GET /api/v1/openapi.json"))
    assert b"swagger-ui" in web.send(request("GET /api/v1/docs"))
    assert web.send(request("GET /static/ninja/swagger-ui-bundle.js")).split(b" ")[1] == b"200"


def test_the_logs_hold_the_path_and_no_query_and_no_body(web: Web) -> None:
    body = f'{{"lat": {CANARY}}}'.encode()
    web.send(request(f"POST /api/v1/positions?lat={CANARY}", f"User-Agent: {CANARY}", body=body))
    web.send(request(f"GET /api/v1/nowhere?lat={CANARY}"))
    web.send(request(f"POST /api/v1/devices?lat={CANARY}", body=b"{" + body))
    time.sleep(0.5)
    log = web.log.read_text()
    assert '"POST /api/v1/positions" 401' in log
    assert CANARY not in log


def test_the_address_of_an_app_that_reports_in_it_is_in_no_log(web: Web) -> None:
    token = "w" * 42 + "A"
    body = f'{{"install_id": "0f8b1c52-6a0e-4d5b-9a51-2f7f0e6f3a12", "token": "{token}", "platform": "android"}}'
    known = f"Authorization: Bearer {token}"
    assert b" 201 " in web.send(request("POST /api/v1/devices", body=body.encode()))
    key = web.send(request("GET /api/v1/ingest/key", known)).rpartition(b'"reporting_key": "')[2].partition(b'"')[0]
    query = f"lat={CANARY}&lon=24.95&timestamp=1780390800"
    answers = [
        web.send(request(f"GET /api/v1/ingest/osmand?id={key.decode()}&{query}")),
        web.send(request(f"GET /api/v1/ingest/osmand?id=nobody&{query}")),
        web.send(request(f"GET /api/v1/ingest/gpslogger?{query}", known)),
        web.send(request(f"POST /api/v1/ingest/traccar?id={key.decode()}&{query}")),
    ]
    assert [answer.split(b" ")[1] for answer in answers] == [b"200", b"401", b"200", b"200"]
    time.sleep(0.5)
    log = web.log.read_text()
    assert log.count('"GET /api/v1/ingest/osmand"') == 2
    assert not any(secret in log for secret in (CANARY, token, key.decode(), "?"))


def test_a_body_that_is_too_large_is_read_to_its_end_and_acknowledged(web: Web) -> None:
    """A client that is still sending when it is answered sees a broken connection, and sends the same for ever."""
    token = "x" * 42 + "A"
    body = f'{{"install_id": "0f8b1c52-6a0e-4d5b-9a51-2f7f0e6f3a13", "token": "{token}", "platform": "ios"}}'
    assert b" 201 " in web.send(request("POST /api/v1/devices", body=body.encode()))
    large = b'{"location": [' + b'{"uuid": "x"}, ' * 400_000 + b"0]}"
    answer = web.send(
        request("POST /api/v1/ingest/background-geolocation", f"Authorization: Bearer {token}", body=large)
    )
    assert answer.split(b" ")[1] == b"200"
    assert b'{"counts": {"body_too_large": 1}}' in answer
