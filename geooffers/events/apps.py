from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "geooffers.events"
    label = "events"
