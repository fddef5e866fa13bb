from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

from geooffers.jurisdictions import held, rules


class ShoppersConfig(AppConfig):
    name = "geooffers.shoppers"
    label = "shoppers"

    def ready(self) -> None:
        """A table that would loosen something stops the start."""
        try:
            held.table()
        except rules.BadTable as bad:
            raise ImproperlyConfigured(f"jurisdictions: {bad}") from bad
