"""The end of a shopper: their rows are locked first of all, and emptied last.

docs/erasure.md draws the whole walk; each app with rows about people has an `erasing.py` of its own. Everything here
runs in the transaction of `usecases.privacy.erase_shopper`.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db.models import F, Q, QuerySet

from geooffers.shoppers.consents import consents
from geooffers.shoppers.models import Age, ConsentReceipt, ConsentState, DataRequest, Device, Export, Shopper

# A test fails when a model with a path to Shopper is in no app's list.
MODELS = frozenset({Shopper, Device, ConsentState, ConsentReceipt, Export})

# What an erasure leaves of a receipt. A test fails for a field that is neither here nor emptied below.
LEFT_OF_A_RECEIPT = frozenset({"id", "purpose", "text", "given", "at", "pseudonym"})


class Moved(Exception):
    """A sign-in changed the holder of a phone while this transaction waited for the locks: look again."""


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """Whom an erasure is about, from the moment their rows are locked."""

    shopper_ids: tuple[UUID, ...]  # the shopper, then the anonymous ones that became them
    device_ids: tuple[UUID, ...]
    token_hashes: tuple[bytes, ...]
    now: datetime


def lock(*, shopper_id: UUID, now: datetime) -> Erasing | None:
    """Devices, then the shopper, then their consents: the first of all locks, and those that everybody takes who writes
    about this person. None: there is no such shopper any more.

    A sign-in that waits for one of these rows finds under its lock that the account, or the phone, is gone.
    """
    held = _lock_devices(Q(shopper=shopper_id))
    shopper = Shopper.objects.filter(pk=shopper_id, erasure=None).select_for_update(no_key=True).first()
    if shopper is None:
        return None
    before = Shopper.objects.filter(merged_into=shopper_id).order_by("pk").select_for_update(no_key=True)
    shopper_ids = (shopper.pk, *before.values_list("pk", flat=True))
    if set(Device.objects.filter(shopper=shopper_id).values_list("pk", flat=True)) != {device.pk for device in held}:
        raise Moved
    return _erasing(shopper_ids=shopper_ids, held=held, now=now)


def lock_phones(*, device_ids: Iterable[UUID], now: datetime) -> Erasing:
    """Phones alone, without their holders: they belonged to a shopper who is erased, which the backup does not know."""
    return _erasing(shopper_ids=(), held=_lock_devices(Q(pk__in=list(device_ids))), now=now)


def erase_now(*, of: Erasing, request: DataRequest) -> dict[str, int]:
    """Call it after every other app's: these locks make writers of rows that point here wait."""
    counts = {
        "consent receipts": _let_go_of_receipts(of=of),
        "consent states": _states(shopper_ids=of.shopper_ids, device_ids=of.device_ids).delete()[0],
    }
    counts["exports"] = Export.objects.filter(shopper__in=of.shopper_ids).delete()[0]
    # What another holder of the phone once agreed to on it stays theirs, and no longer says on which phone.
    ConsentReceipt.objects.filter(device__in=of.device_ids).update(device=None)
    counts["devices"] = Device.objects.filter(pk__in=of.device_ids).delete()[0]
    # Without the key nobody can tell any more whose pseudonym stands in the ledger.
    counts["shoppers"] = Shopper.objects.filter(pk__in=of.shopper_ids).update(
        firebase_uid=None,
        language="",
        age=Age.UNKNOWN,
        jurisdiction="",
        ledger_key=b"",
        ended_at=of.now,
        paused_from=None,
        paused_until=None,
        erasure=request,
    )
    return counts


def waiting(*, limit: int) -> list[Shopper]:
    """Erased shoppers of whom `erase` still has rows to delete: the longest waiting first, merged ones before."""
    erased = Shopper.objects.filter(erasure__isnull=False).select_related("erasure")
    return list(erased.order_by("erasure__asked_at", F("merged_into").asc(nulls_last=True), "pk")[:limit])


def finish(*, shopper: Shopper, now: datetime) -> None:
    """Nothing points at the row any more, and the ones before it are gone."""
    request = shopper.erasure
    shopper.delete()
    if request is not None and not Shopper.objects.filter(erasure=request).exists():
        DataRequest.objects.filter(pk=request.pk).update(done_at=now)


def add_counts(*, request: DataRequest, counts: Mapping[str, int]) -> None:
    """How many rows of what went, into the audit row."""
    request = DataRequest.objects.select_for_update().get(pk=request.pk)
    if Shopper.objects.filter(erasure=request).exists():
        request.done_at = None  # done before, perhaps, and a backup has brought somebody back
    for what, count in counts.items():
        if count:
            request.rows[what] = request.rows.get(what, 0) + count
    request.save(update_fields=["rows", "done_at"])


def _let_go_of_receipts(*, of: Erasing) -> int:
    if not of.shopper_ids:
        return 0
    person = Shopper.objects.get(pk=of.shopper_ids[0])
    pseudonym = hmac.digest(bytes(person.ledger_key), b"consent receipts", sha256)
    return ConsentReceipt.objects.filter(shopper__in=of.shopper_ids).update(
        shopper=None, pseudonym=pseudonym, device=None, source="", app_version="", locale=""
    )


def _lock_devices(wanted: Q) -> list[Device]:
    """In order of id, by ids that were read before: a condition on the shopper would let go of a row that a sign-in
    moved while we waited, unnoticed."""
    ids = list(Device.objects.filter(wanted).values_list("pk", flat=True))
    return list(Device.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))


def _erasing(*, shopper_ids: tuple[UUID, ...], held: Iterable[Device], now: datetime) -> Erasing:
    device_ids = tuple(device.pk for device in held)
    consents.lock_for_change(states=_states(shopper_ids=shopper_ids, device_ids=device_ids))
    hashes = [hash_ for device in held for hash_ in (device.token_hash, device.previous_token_hash) if hash_]
    return Erasing(
        shopper_ids=shopper_ids,
        device_ids=device_ids,
        token_hashes=tuple(bytes(hash_) for hash_ in hashes),
        now=now,
    )


def _states(*, shopper_ids: Iterable[UUID], device_ids: Iterable[UUID]) -> QuerySet[ConsentState]:
    return ConsentState.objects.filter(Q(shopper__in=shopper_ids) | Q(device__in=device_ids))
