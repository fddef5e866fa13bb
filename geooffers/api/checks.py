"""Checks for `manage.py check --deploy`: what must never be served to the world."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def sandbox_is_off(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.SANDBOX:
        return []
    return [
        Error(
            "GEOOFFERS_SANDBOX is on: keys are public and pushes go to the local look-alike.",
            hint=(
                "Unset it, and set GEOOFFERS_SECRET_KEY, GEOOFFERS_CODE_KEYS, GEOOFFERS_DATA_KEYS and "
                "GOOGLE_APPLICATION_CREDENTIALS."
            ),
            id="geooffers.E001",
        )
    ]
