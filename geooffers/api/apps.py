from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "geooffers.api"
    label = "api"
