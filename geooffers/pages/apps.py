from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "geooffers.pages"
    label = "pages"
