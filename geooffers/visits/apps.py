from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "geooffers.visits"
    label = "visits"
