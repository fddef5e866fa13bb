from django.apps import AppConfig


class ShoppersConfig(AppConfig):
    name = "geooffers.shoppers"
    label = "shoppers"
