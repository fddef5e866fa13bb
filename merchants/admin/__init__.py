"""The merchants' admin, one file per subject. Importing it registers the pages."""

from merchants.admin import keys, offers, people, shops
from merchants.admin.areas import fences, matching_index, zones

__all__ = ["fences", "keys", "matching_index", "offers", "people", "shops", "zones"]
