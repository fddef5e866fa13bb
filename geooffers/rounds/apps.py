from django.apps import AppConfig
from django.core.checks import Tags, register


class RoundsConfig(AppConfig):
    name = "geooffers.rounds"
    label = "rounds"

    def ready(self) -> None:
        from geooffers.rounds import checks

        register(checks.keys_are_there, Tags.database)
