"""Deletes where an erased shopper was: device states and presences at once, the visits later, by the task `erase`."""

from geooffers.shoppers.models import Shopper
from geooffers.shoppers.privacy.erasing import Erasing
from geooffers.visits import recording
from geooffers.visits.models import DeviceState, EndReason, Presence, Visit

MODELS = frozenset({DeviceState, Visit, Presence})


def erase_now(*, of: Erasing) -> dict[str, int]:
    """Every phone leaves every visit, then its state goes."""
    presences = Presence.objects.filter(device__in=of.device_ids).count()
    recording.end_presence_of_devices(device_ids=of.device_ids, now=of.now, reason=EndReason.WITHDRAWN)
    states = DeviceState.objects.filter(device__in=of.device_ids)
    return {"presences": presences, "device states": states.delete()[0]}


def erase_rest(*, shopper: Shopper, limit: int) -> dict[str, int]:
    """At most `limit` visits. Decisions and coupons let go of them by themselves."""
    visits = Visit.objects.filter(shopper=shopper).order_by("pk").select_for_update(of=("self",))
    ids = list(visits.values_list("pk", flat=True)[:limit])
    Visit.objects.filter(pk__in=ids).delete()
    return {"visits": len(ids)}
