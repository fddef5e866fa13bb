"""The lock on a shopper: what all their phones ask for at once follows each other."""

from uuid import UUID

from geooffers.shoppers.models import Shopper


def lock(*, shopper_id: UUID) -> Shopper:
    """After the device, before the consent states (docs/locking.md). Rows that point at the shopper do not wait."""
    return Shopper.objects.select_for_update(no_key=True).get(pk=shopper_id)
