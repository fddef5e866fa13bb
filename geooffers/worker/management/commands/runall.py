"""`manage.py runall` (make run): the whole service in the sandbox, for developing against it."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from geooffers.worker.demo import processes


class Command(BaseCommand):
    help = "Migrate, then run web, worker and sandbox on loopback until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        pass

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError(
                "runall is for the sandbox (GEOOFFERS_SANDBOX=1); in production run runweb and runworker."
            )
        call_command("migrate", interactive=False, verbosity=0)
        connections.close_all()
        with processes.Processes(log_dir=settings.VAR_DIR / "log") as services:
            try:
                services.start()
                self.stdout.write(f"API documentation  {services.web_url}/api/v1/docs")
                self.stdout.write(f"A phone to walk    {services.web_url}/phone")
                self.stdout.write(f"Admin              {services.web_url}/admin/   (manage.py createsuperuser)")
                self.stdout.write(f"Pushes received    {services.sandbox_url}/sandbox/messages")
                self.stdout.write(f"Logs               {services.log_dir}")
                while True:
                    time.sleep(1)
                    services.check()
            except processes.ProcessFailed as error:
                raise CommandError(str(error)) from error
            except KeyboardInterrupt:
                self.stdout.write("stopping")
