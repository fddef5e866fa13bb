"""The merchants' admin, one file per subject. Importing it registers the pages."""

from merchants.admin import keys, offers, people, shops

__all__ = ["keys", "offers", "people", "shops"]
