"""manage.py runsandbox: the local stand-in for Firebase Cloud Messaging."""

import asyncio
import ipaddress
import signal
from argparse import ArgumentParser
from typing import Any

from aiohttp import web
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from notifications.sandbox.keys import load_keys
from notifications.sandbox.server import Sandbox

SHUTDOWN_S = 1.0


class Command(BaseCommand):
    help = "Run the local Firebase look-alike. It trusts whoever reaches it, so it binds to loopback only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8085, help="0 takes a free port")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        if not _is_loopback(host):
            raise CommandError(f"{host} is not a loopback address. The sandbox is for this machine only.")
        asyncio.run(self._serve(host, port))

    async def _serve(self, host: str, port: int) -> None:
        runner = web.AppRunner(
            Sandbox(keys=load_keys(folder=settings.SANDBOX_DIR)).application(),
            access_log=None,
            shutdown_timeout=SHUTDOWN_S,
        )
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        bound_host, bound_port = runner.addresses[0][:2]
        self.stdout.write(f"sandbox: http://{bound_host}:{bound_port}")
        self.stdout.flush()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
        await runner.cleanup()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
