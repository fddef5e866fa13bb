"""A phone signs in to an account: it changes its token and its shopper, in one transaction.

The phone brings the new token; it is valid when we commit. Should the answer be lost, the phone repeats the call with
the old token, which is good for this alone, and gets the same answer.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from geooffers.coupons import merging as coupons_merging
from geooffers.decisions import interrupting
from geooffers.decisions import merging as decisions_merging
from geooffers.shoppers.consents import ages, consents, pauses, texts
from geooffers.shoppers.identity import devices, tokens
from geooffers.shoppers.models import ConsentState, Device, Purpose, ReceiptSource, Shopper
from geooffers.usecases.identity.enforce_jurisdiction import obey_law
from geooffers.usecases.identity.release_device import LEFT, leave
from geooffers.visits import merging as visits_merging
from geooffers.visits import recording
from geooffers.visits.models import DeviceState, EndReason
from notifications.messages import cancelling, moving

ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    device_id: UUID
    shopper_id: UUID


def sign_in(*, device_id: UUID, shown_hash: bytes, new_hash: bytes, firebase_uid: str, now: datetime) -> SignedIn:
    """`shown_hash` is of the token that the phone called with: its token, or the one before."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _sign_in(
                    device_id=device_id,
                    shown_hash=shown_hash,
                    new_hash=new_hash,
                    firebase_uid=firebase_uid,
                    now=now,
                )
        except IntegrityError:
            # Another phone of the account consented, or began a visit, between our look and our write. Its row is
            # there when we look again.
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("not reached")


def _sign_in(*, device_id: UUID, shown_hash: bytes, new_hash: bytes, firebase_uid: str, now: datetime) -> SignedIn:
    device = devices.lock(device_id=device_id)
    if tokens.is_replaced_already(device=device, shown_hash=shown_hash, new_hash=new_hash):
        return _same_again(device=device, firebase_uid=firebase_uid)
    before = device.shopper
    # Somebody else's language says nothing of theirs.
    language = before.language if before.is_anonymous else texts.FALLBACK
    account = _account(firebase_uid=firebase_uid, language=language, now=now)
    if before.is_anonymous:
        _bring(device=device, anonymous=before, account=account, now=now)
    elif before.pk != account.pk:
        # Somebody else's phone now: nothing moves.
        leave(
            device=device,
            source=ReceiptSource.SIGN_OUT,
            reason=EndReason.SIGNED_IN,
            why="device_changed_hands",
            now=now,
        )
    # Last, because this lock makes writers of rows that point at the device wait.
    device.shopper = account
    tokens.replace(device=device, new_hash=new_hash)
    device.save(update_fields=["shopper", *LEFT, *tokens.REPLACED])
    return SignedIn(device_id=device.pk, shopper_id=account.pk)


def _same_again(*, device: Device, firebase_uid: str) -> SignedIn:
    if device.shopper.firebase_uid != firebase_uid:
        raise tokens.NewTokenTaken
    return SignedIn(device_id=device.pk, shopper_id=device.shopper_id)


def _account(*, firebase_uid: str, language: str, now: datetime) -> Shopper:
    """Locked: two phones that sign in to one account bring their things one after the other.

    Erased while we waited for the lock, the account is not found by its uid any more: then this is a new one.
    """
    while True:
        Shopper.objects.get_or_create(firebase_uid=firebase_uid, defaults={"language": language, "created_at": now})
        account = Shopper.objects.select_for_update(no_key=True).filter(firebase_uid=firebase_uid).first()
        if account is not None:
            return account


def _bring(*, device: Device, anonymous: Shopper, account: Shopper, now: datetime) -> None:
    """The anonymous shopper was this person all along: what is still good becomes the account's, and they end."""
    consents.move_to_account(device=device, anonymous=anonymous, account=account, now=now)
    interrupting.move_to_account(anonymous=anonymous, account=account)
    ages.joined(account=account, anonymous=anonymous)
    if anonymous.jurisdiction and not account.jurisdiction:
        account.jurisdiction = anonymous.jurisdiction
        account.save(update_fields=["jurisdiction"])
    obey_law(device=device, shopper=account, now=now)
    if pauses.carry_over(anonymous=anonymous, account=account, now=now):
        phones = Device.objects.filter(Q(shopper=account) | Q(pk=device.pk)).values_list("pk", flat=True)
        recording.end_presence_of_devices(device_ids=list(phones), now=now, reason=EndReason.PAUSED)
    # Where the phone is stays known; the version moves on so that a report that is being worked out for the anonymous
    # shopper starts over.
    DeviceState.objects.filter(device=device).update(version=F("version") + 1)
    joined = visits_merging.move_to_account(anonymous=anonymous, account=account, now=now)
    coupons_merging.move_to_account(device=device, anonymous=anonymous, account=account, joined=joined, now=now)
    decisions_merging.move_to_account(anonymous=anonymous, account=account, joined=joined)
    visits_merging.drop(joined=joined)
    moving.move(from_shopper=anonymous, to_shopper=account)
    wants_marketing = ConsentState.objects.filter(
        shopper=account, device=None, purpose=Purpose.MARKETING_PUSH, given=True
    )
    if not wants_marketing.exists():
        cancelling.cancel_marketing(shopper=account, reason="no_consent", now=now)
    anonymous.ended_at, anonymous.merged_into = now, account
    anonymous.save(update_fields=["ended_at", "merged_into"])
