"""The header Retry-After."""

import email.utils
from datetime import UTC, datetime

LONGEST_S = 3600.0


def seconds(header: str, *, now: datetime) -> float | None:
    """Seconds or a date, both are allowed; nonsense counts as nothing."""
    if header.isascii() and header.isdigit():
        return min(float(header), LONGEST_S)
    try:
        moment = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_S)
