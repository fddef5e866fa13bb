"""`manage.py demo` (make demo): the main job by itself, told line by line, then served."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from geooffers.worker.demo import city, phone, processes, story, track
from merchants.models import Merchant


class Command(BaseCommand):
    help = "Build a made-up city, walk a shopper through it over HTTP, redeem the coupon, and keep serving."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="End after the story, with status 0 if all of it happened."
        )
        parser.add_argument("--any-port", action="store_true", help="Take free ports instead of 8000 and 8085.")
        parser.add_argument("--track", type=Path, help="A GPX file to walk instead.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The demo is for the sandbox: set GEOOFFERS_SANDBOX=1, or run `make demo`.")
        try:
            places = track.read(options["track"]) if options["track"] else None
        except track.TrackUnusable as error:
            raise CommandError(str(error)) from error
        call_command("migrate", interactive=False, verbosity=0)
        if Merchant.objects.exists():
            raise CommandError("This database already holds merchants; the demo wants one of its own: run `make demo`.")
        town = city.build_along(places) if places else city.build()
        connections.close_all()
        with processes.Processes(log_dir=settings.VAR_DIR / "demo" / "log", any_port=options["any_port"]) as services:
            try:
                services.start()
                tale = story.Story(city=town, web_url=services.web_url, sandbox_url=services.sandbox_url, say=self.say)
                tale.line(
                    "city", f"{len(town.shops)} shops, each with a fence and an offer; web, worker and sandbox are up"
                )
                if places:
                    tale.walk_a_track(places)
                else:
                    tale.walk_into_a_shop()
                services.check()
                tale.line("demo", "done: everything above happened over HTTP")
                if not options["once"]:
                    self.keep_serving(services, town)
            except (story.StepMissing, phone.CallFailed, processes.ProcessFailed) as error:
                raise CommandError(f"The story broke off: {error}\nLogs: {services.log_dir}") from error
            except KeyboardInterrupt:
                self.say("stopping")

    def keep_serving(self, services: processes.Processes, town: city.City) -> None:
        self.say("")
        self.say(f"API documentation  {services.web_url}/api/v1/docs")
        self.say(f"A phone to walk    {services.web_url}/phone")
        self.say(f"Admin              {services.web_url}/admin/")
        for login in town.logins:
            self.say(f"                   {login.username} / {login.password}   ({login.who})")
        self.say(f"Pushes received    {services.sandbox_url}/sandbox/messages")
        self.say("Ctrl-C ends it.")
        while True:
            time.sleep(1)
            services.check()

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
