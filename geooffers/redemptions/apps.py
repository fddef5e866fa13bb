from django.apps import AppConfig


class RedemptionsConfig(AppConfig):
    name = "geooffers.redemptions"
    label = "redemptions"
