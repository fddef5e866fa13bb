"""What is known of where an erased shopper was: gone at once while it lives, the record of visits by the round."""

from geooffers.shoppers.erasing import Erasing
from geooffers.shoppers.models import Device, Shopper
from geooffers.visits import recording
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit

MODELS = frozenset({DeviceState, Visit, Presence})


def erase_now(*, of: Erasing) -> dict[str, int]:
    """Every phone leaves every visit. All their states are locked first: the stale round may be closing one of them."""
    states = DeviceState.objects.filter(device__in=of.device_ids)
    list(states.order_by("pk").select_for_update().values_list("pk", flat=True))
    presences = Presence.objects.filter(device__in=of.device_ids).count()
    for device_id in of.device_ids:
        recording.end_presence_of_device(device=Device(pk=device_id), now=of.now, reason=EndReason.WITHDRAWN)
    return {"presences": presences, "device states": states.delete()[0]}


def erase_rest(*, shopper: Shopper, limit: int) -> dict[str, int]:
    """At most `limit` visits. Decisions and coupons let go of them by themselves."""
    visits = Visit.objects.filter(shopper=shopper).order_by("pk").select_for_update(of=("self",))
    ids = list(visits.values_list("pk", flat=True)[:limit])
    Visit.objects.filter(pk__in=ids).delete()
    return {"visits": len(ids)}
