"""Where a phone's messages go. An address belongs to the device that showed it last."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from geooffers.shoppers.models import Device, PushKind


def renew_push_address(*, device: Device, kind: PushKind, address: str, now: datetime) -> None:
    try:
        with transaction.atomic():
            take_over(device=device, kind=kind, address=address, now=now)
    except IntegrityError:
        # Two phones showed one address at once, and neither saw the other's row; now it is there to be taken.
        with transaction.atomic():
            take_over(device=device, kind=kind, address=address, now=now)


def take_over(*, device: Device, kind: PushKind, address: str, now: datetime) -> None:
    """Inside a transaction: the row that had the address is emptied, this one gets it."""
    # In id order, so that two phones that swap addresses do not wait for each other.
    rows = Device.objects.filter(Q(pk=device.pk) | Q(push_address=address)).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    Device.objects.filter(push_address=address).exclude(pk=device.pk).update(push_kind="", push_address="")
    Device.objects.filter(pk=device.pk).update(push_kind=kind, push_address=address, push_renewed_at=now)
