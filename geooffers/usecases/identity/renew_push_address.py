"""Where a phone's messages go. An address belongs to the device that showed it last."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from geooffers.shoppers.identity.devices import ChangedHands
from geooffers.shoppers.models import Device, PushKind
from geooffers.shoppers.privacy import tombstones


def renew_push_address(*, device: Device, kind: PushKind, address: str, now: datetime) -> None:
    with transaction.atomic():
        take_over(device=device, kind=kind, address=address, now=now)


def take_over(*, device: Device, kind: PushKind, address: str, now: datetime) -> None:
    """Inside a transaction: the row that had the address is emptied, this one gets it, if its holder is still there."""
    _one_at_a_time(address)
    # In id order, so that two phones that swap addresses do not wait for each other.
    rows = Device.objects.filter(Q(pk=device.pk) | Q(push_address=address)).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    Device.objects.filter(push_address=address).exclude(pk=device.pk).update(push_kind="", push_address="")
    ours = Device.objects.filter(pk=device.pk, hand_overs=device.hand_overs)
    if not ours.update(push_kind=kind, push_address=address, push_renewed_at=now):
        # While we waited for the row.
        raise ChangedHands if Device.objects.filter(pk=device.pk).exists() else tombstones.Erased


def _one_at_a_time(address: str) -> None:
    """Phones that show the same address follow each other. A row lock would not do: nobody may have it yet, and who
    waited for the row of the one before would not see the row of the one between. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [address])
