"""The merchants' admin, one file per subject. Importing it registers the pages."""

from merchants.admin import fences, keys, offers, people, shops

__all__ = ["fences", "keys", "offers", "people", "shops"]
