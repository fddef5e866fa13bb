from django.apps import AppConfig


class RoundsConfig(AppConfig):
    name = "geooffers.rounds"
    label = "rounds"
