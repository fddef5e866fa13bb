"""manage.py exportopenapi: the OpenAPI document on standard output, as /api/v1/openapi.json serves it."""

import json
from typing import Any

from django.core.management.base import BaseCommand
from ninja.responses import NinjaJSONEncoder

from geooffers.api.app import api


class Command(BaseCommand):
    help = "Print the OpenAPI document."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(api.get_openapi_schema(), cls=NinjaJSONEncoder, indent=2))
