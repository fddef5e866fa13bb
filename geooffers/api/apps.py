from django.apps import AppConfig
from django.core.checks import register


class ApiConfig(AppConfig):
    name = "geooffers.api"
    label = "api"

    def ready(self) -> None:
        from geooffers.api import checks

        register(checks.sandbox_is_off, deploy=True)
