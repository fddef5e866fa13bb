from django.apps import AppConfig


class CallersConfig(AppConfig):
    name = "geooffers.callers"
    label = "callers"
