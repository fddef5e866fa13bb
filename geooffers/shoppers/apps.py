from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

from geooffers.jurisdictions import configured, rules
from geooffers.sealing import configured as data_keys
from geooffers.sealing import rings


class ShoppersConfig(AppConfig):
    name = "geooffers.shoppers"
    label = "shoppers"

    def ready(self) -> None:
        """A table that would loosen something stops the start, and so do keys that cannot be read."""
        try:
            configured.table()
        except rules.BadTable as bad:
            raise ImproperlyConfigured(f"jurisdictions: {bad}") from bad
        try:
            data_keys.ring()
        except rings.BadKeys as unreadable:
            raise ImproperlyConfigured(f"GEOOFFERS_DATA_KEYS: {unreadable}") from None
