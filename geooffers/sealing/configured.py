"""The data keys of this installation, from the settings."""

from functools import cache

from django.conf import settings

from geooffers.sealing import rings


@cache
def _read(text: str) -> rings.Ring:
    return rings.read_ring(text)


def ring() -> rings.Ring:
    return _read(settings.DATA_KEYS)
