"""The sandbox in a thread of the test, reached over real HTTP; what tests ask of it."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from aiohttp import web

from notifications.channels.fcm import FcmTransport
from notifications.channels.protocol import PushMessage
from notifications.sandbox.credentials import sandbox_credentials
from notifications.sandbox.keys import PROJECT, SandboxKeys
from notifications.sandbox.server import Sandbox


class RunningSandbox:
    def __init__(self, keys: SandboxKeys) -> None:
        self.keys = keys
        self.url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="sandbox")
        self._thread.start()
        assert self._ready.wait(10)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.AppRunner(Sandbox(keys=self.keys).application(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}".format(*runner.addresses[0][:2])
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def transport(self, *, timeout_s: float = 1.0) -> FcmTransport:
        return FcmTransport(
            credential=sandbox_credentials(keys=self.keys, address=self.url),
            project=PROJECT,
            address=self.url,
            timeout_s=timeout_s,
        )

    def order(self, *faults: dict[str, Any], latency_s: float = 0.0) -> None:
        order = {"faults": faults, "latency_s": latency_s}
        requests.post(f"{self.url}/sandbox/faults", json=order, timeout=10).raise_for_status()

    def overview(self) -> dict[str, Any]:
        return self._get("/sandbox")

    def messages(self) -> list[dict[str, Any]]:
        return self._get("/sandbox/messages")["messages"]

    def drawer(self, address: str) -> list[dict[str, Any]]:
        return self._get("/sandbox/drawer", address=address)

    def passes(self) -> dict[str, dict[str, Any]]:
        return self._get("/sandbox/passes")["passes"]

    def states_told(self) -> list[str]:
        """Of all passes, in order."""
        return [state for _, state in self._get("/sandbox/passes")["told"]]

    def _get(self, path: str, **query: str) -> Any:
        return requests.get(self.url + path, params=query, timeout=10).json()


def a_message(address: str = "fid-1", **changes: Any) -> PushMessage:
    message: dict[str, Any] = {
        "address_kind": "fid",
        "address": address,
        "tag": "coupon-1",
        "title": "Free cardamom bun",
        "body": "With any coffee, today.",
        "data": {"delivery_id": "d-1", "coupon_id": "c-1", "kind": "coupon_issued", "link": "/coupons/c-1"},
        "expires_at": datetime.now(UTC) + timedelta(hours=1),
    }
    return PushMessage(**message | changes)
