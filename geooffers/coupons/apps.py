from django.apps import AppConfig


class CouponsConfig(AppConfig):
    name = "geooffers.coupons"
    label = "coupons"
