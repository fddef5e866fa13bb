from django.apps import AppConfig
from django.core.checks import Tags, register


class WorkerConfig(AppConfig):
    name = "geooffers.worker"
    label = "worker"

    def ready(self) -> None:
        from geooffers.worker import checks

        register(checks.keys_are_there, Tags.database)
