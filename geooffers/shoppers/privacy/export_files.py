"""Copies that wait to be fetched. One for each shopper, by a link that is good once; we keep the link's hash.

A copy says where phones are, so it waits sealed, as the states do that it was made from. Under a key that is gone it
does not open: then it goes, and another one is made when the shopper asks.
"""

import logging
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction

from geooffers.sealing import configured, rings
from geooffers.shoppers.identity import devices
from geooffers.shoppers.models import DataRequest, DataRequestKind, Device, Export, Shopper
from geooffers.shoppers.privacy import tombstones

log = logging.getLogger(__name__)

PURPOSE = b"geooffers export 1"
READY_WITHIN = timedelta(hours=1)
KEPT_FOR = timedelta(hours=24)


class NoSuchExport(Exception):
    """There is no such export: it was fetched, it expired, or a newer link took its place."""


class NotReady(Exception):
    """This export is still being made."""

    retry_after_s: ClassVar[int] = 60


def order(*, device: Device, now: datetime) -> tuple[Export, str]:
    """A copy will be made, and this is the link's token. One that is made already, or being made, gets a new link.

    Under the locks of the phone and its shopper: a shopper who is being erased gets none, and a former holder of the
    phone cannot order the data of the present one.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        locked = devices.lock_held(device=device)
        shopper = Shopper.objects.filter(pk=locked.shopper_id, erasure=None).select_for_update(no_key=True).first()
        if shopper is None:
            raise tombstones.Erased
        export = Export.objects.filter(shopper=shopper).select_for_update().first()
        if export is None or export.expires_at <= now:
            Export.objects.filter(shopper=shopper).delete()
            export = Export(
                shopper=shopper,
                request=DataRequest.objects.create(kind=DataRequestKind.ACCESS, asked_at=now),
                asked_at=now,
            )
        export.token_hash, export.expires_at = _hash(token), now + KEPT_FOR
        export.save()
    return export, token


def waiting(*, limit: int) -> list[Export]:
    return list(Export.objects.filter(body=None).select_related("shopper").order_by("asked_at")[:limit])


def put(*, export: Export, body: bytes, rows: dict[str, int], now: datetime) -> bool:
    """False: the shopper was erased meanwhile, and the copy is of nobody."""
    with transaction.atomic():
        if not Export.objects.filter(pk=export.pk, body=None).update(**_sealed(body, export_id=export.pk)):
            return False
        DataRequest.objects.filter(pk=export.request_id).update(done_at=now, rows=rows)
    return True


def fetch(*, shopper_id: UUID, token: str, now: datetime) -> bytes:
    """Once. The link alone opens nothing: it has to be a phone of the same shopper that follows it."""
    with transaction.atomic():
        mine = Export.objects.filter(shopper=shopper_id, token_hash=_hash(token), expires_at__gt=now)
        export = mine.select_for_update().first()
        if export is None:
            raise NoSuchExport
        if export.body is None:
            raise NotReady
        export_id, sealed = export.pk, bytes(export.body)
        export.delete()
    try:
        return open_body(sealed, export_id=export_id)
    except (rings.KeyGone, rings.NotOurs) as why:
        log.error("a copy that waited is lost: %s", why)
        raise NoSuchExport from why


def open_body(sealed: bytes, *, export_id: UUID) -> bytes:
    """rings.KeyGone, rings.NotOurs."""
    return configured.ring().key_of(sealed).open_row(sealed, row=export_id.bytes, purpose=PURPOSE)


def move(*, export: Export) -> int:
    """From the key that it names to the newest. 0: it was fetched meanwhile, or no key opens it, and it is deleted."""
    same = Export.objects.filter(pk=export.pk, key_id=export.key_id)
    sealed = same.values_list("body", flat=True).first()
    if sealed is None:
        return 0
    try:
        body = open_body(bytes(sealed), export_id=export.pk)
    except (rings.KeyGone, rings.NotOurs) as why:
        log.error("a copy that waited is lost: %s", why)
        same.delete()
        return 0
    return same.update(**_sealed(body, export_id=export.pk))


def _sealed(body: bytes, *, export_id: UUID) -> dict[str, Any]:
    key = configured.ring().newest
    return {"body": key.seal_row(body, row=export_id.bytes, purpose=PURPOSE), "key_id": key.id}


def forget_old(*, before: datetime, limit: int) -> int:
    old = Export.objects.filter(expires_at__lte=before).order_by("expires_at").values_list("pk", flat=True)[:limit]
    return Export.objects.filter(pk__in=list(old)).delete()[0]


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
