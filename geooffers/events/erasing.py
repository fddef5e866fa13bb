"""An erased shopper's events lose their shopper. The events stay for followers that have not counted them yet.

Below the rooms that know shoppers, so it is given their ids alone.
"""

from collections.abc import Collection
from uuid import UUID

from geooffers.events.models import Event

MODELS = frozenset({Event})


def erase_now(*, shopper_ids: Collection[UUID]) -> dict[str, int]:
    """After all that appends about these shoppers has been locked out, or was waited for."""
    return {"events": Event.objects.filter(shopper_id__in=shopper_ids).update(shopper_id=None)}
