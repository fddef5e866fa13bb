from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from geooffers.coupons import codes


class CouponsConfig(AppConfig):
    name = "geooffers.coupons"
    label = "coupons"

    def ready(self) -> None:
        """A key ring that cannot be read stops the start, not the first shopper."""
        try:
            codes.read_keys(settings.CODE_KEYS)
        except codes.BadKeys as problem:
            raise ImproperlyConfigured(f"GEOOFFERS_CODE_KEYS: {problem}") from None
