from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "geooffers.decisions"
    label = "decisions"
