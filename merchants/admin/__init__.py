"""The merchants' admin, one file per subject. Importing it registers the pages."""

from merchants.admin import fences, keys, matching_index, offers, people, shops, zones

__all__ = ["fences", "keys", "matching_index", "offers", "people", "shops", "zones"]
