"""What a shopper agreed to: the state that is read and locked, and the receipt that proves it.

Every function that changes something runs inside its caller's transaction. The state row is the first of the locks
(docs/locking.md has the order): a report holds it for share while it acts on it, a withdrawal takes it for
update, so one of the two is wholly before the other.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from geooffers import events
from geooffers.shoppers.consents import allowed
from geooffers.shoppers.models import (
    LOCATION_PURPOSES,
    PAUSED_PURPOSES,
    ConsentReceipt,
    ConsentState,
    ConsentText,
    Device,
    Purpose,
    ReceiptSource,
    Shopper,
)
from geooffers.statements.compiled import Given, Select


def states_of(*, device: Device | Given, shopper: Shopper | Given) -> QuerySet[ConsentState]:
    """The device's own and its shopper's, in the order in which they are locked."""
    return ConsentState.objects.filter(Q(device=device) | Q(device=None), shopper=shopper).order_by("pk")


def counts(*, now: datetime | Given) -> Q:
    """Of a state: what it says may be acted on. Given, to words that still mean what they said, and not in a pause.

    Not by a join to the text: a statement that waited for a row would join the text that the row had before.
    """
    outdated = ConsentText.objects.filter(outdated_at__isnull=False)
    return Q(given=True) & (Q(paused_until=None) | Q(paused_until__lte=now)) & ~Q(text__in=outdated)


def lock_for_share(
    *, device: Device, shopper: Shopper, purposes: Iterable[Purpose], now: datetime
) -> frozenset[Purpose]:
    """Those of `purposes` that count, and go on counting until this transaction ends.

    Django has no FOR SHARE, and FOR UPDATE would make two reports of one shopper wait for each other. SQLite needs
    no lock: its transaction is the only writer.
    """
    rows = _COUNTING.rows(device=device.pk, shopper=shopper.pk, now=now)
    given = frozenset(Purpose(purpose) for (purpose,) in rows)
    return given & frozenset(purposes) & allowed.purposes(shopper=shopper)


def _counting() -> QuerySet[ConsentState, Any]:
    column = ConsentState._meta.get_field
    device, shopper = Given("device", column("device")), Given("shopper", column("shopper"))
    now = Given("now", column("paused_until"))
    return states_of(device=device, shopper=shopper).filter(counts(now=now)).values_list("purpose")


_COUNTING = Select(_counting, endings={"postgresql": " FOR SHARE"})


def withdraw_from_all(
    *, device: Device, shopper: Shopper, purposes: Collection[Purpose], source: ReceiptSource, now: datetime
) -> frozenset[Purpose]:
    """Of the shopper and every phone of theirs; what there was to withdraw. `device` is the phone that asked."""
    withdrawn = set()
    for state in lock_for_change(states=ConsentState.objects.filter(shopper=shopper, purpose__in=purposes)):
        if state.given:
            holder = state.device or device
            _change(state=state, given=False, text=state.text, device=holder, source=source, locale="", now=now)
            withdrawn.add(Purpose(state.purpose))
    return frozenset(withdrawn)


def lock_for_change(*, states: QuerySet[ConsentState]) -> list[ConsentState]:
    """Without a join: a row that changed its text while we waited would find the old text joined, and drop out."""
    return list(states.order_by("pk").select_for_update())


def give(
    *,
    device: Device,
    shopper: Shopper,
    purpose: Purpose,
    text: ConsentText,
    now: datetime,
    locale: str = "",
    source: ReceiptSource = ReceiptSource.APP,
) -> ConsentState:
    """Given to the same words already: nothing changes and no second receipt is written.

    The shopper is locked (`holders.lock`): given in a pause, the consent is in the pause; and what their age or the law
    of where they live does not allow is refused.
    """
    if purpose not in allowed.purposes(shopper=shopper):
        raise allowed.NotAllowed
    state = _locked_state(device=device, shopper=shopper, purpose=purpose, text=text, now=now)
    if state.given and state.text_id == text.pk:
        return state
    return _change(state=state, given=True, text=text, device=device, source=source, locale=locale, now=now)


def withdraw(
    *,
    device: Device,
    shopper: Shopper,
    purpose: Purpose,
    now: datetime,
    locale: str = "",
    source: ReceiptSource = ReceiptSource.APP,
) -> bool:
    """Whether there was something to withdraw; repeating it is harmless."""
    held = states_of(device=device, shopper=shopper).filter(purpose=purpose)
    for state in lock_for_change(states=held):
        if state.given:
            _change(state=state, given=False, text=state.text, device=device, source=source, locale=locale, now=now)
            return True
    return False


def may_be_located(*, device: Device, now: datetime) -> bool:
    return ConsentState.objects.filter(counts(now=now), device=device, purpose__in=LOCATION_PURPOSES).exists()


def move_to_account(*, device: Device, anonymous: Shopper, account: Shopper, now: datetime) -> None:
    """At sign-in: the account's own word wins, also a withdrawn one; where it has said nothing, the anonymous moves.

    The device's location consents continue with the account, which is the same person.
    """
    states = lock_for_change(states=ConsentState.objects.filter(shopper__in=[anonymous, account]))
    account_has_said = {state.purpose for state in states if state.shopper_id == account.pk and state.device_id is None}
    for state in states:
        if state.shopper_id != anonymous.pk:
            continue
        if state.device_id is None and state.purpose in account_has_said:
            state.delete()
            continue
        state.shopper = account
        state.save(update_fields=["shopper"])
        _receipt(state=state, device=device, source=ReceiptSource.SIGN_IN, now=now)


def end_with_holder(*, device: Device, source: ReceiptSource, now: datetime) -> None:
    """The holder leaves the device: what they allowed on it ends, with receipts."""
    for state in lock_for_change(states=ConsentState.objects.filter(device=device)):
        if state.given:
            state.given = False
            _receipt(state=state, device=device, source=source, now=now)
        state.delete()


def _locked_state(
    *, device: Device, shopper: Shopper, purpose: Purpose, text: ConsentText, now: datetime
) -> ConsentState:
    held = states_of(device=device, shopper=shopper).filter(purpose=purpose)
    found = lock_for_change(states=held)
    if not found:
        try:
            with transaction.atomic():
                return ConsentState.objects.create(
                    shopper=shopper,
                    device=device if purpose in LOCATION_PURPOSES else None,
                    purpose=purpose,
                    given=False,
                    text=text,
                    changed_at=now,
                    paused_until=shopper.paused_until if purpose in PAUSED_PURPOSES else None,
                )
        except IntegrityError:
            # The shopper's other phone was faster; its row is there now.
            found = lock_for_change(states=held)
    return found[0]


def _change(
    *,
    state: ConsentState,
    given: bool,
    text: ConsentText,
    device: Device,
    source: ReceiptSource,
    locale: str,
    now: datetime,
) -> ConsentState:
    state.given, state.text, state.changed_at = given, text, now
    state.save(update_fields=["given", "text", "changed_at"])
    _receipt(state=state, device=device, source=source, locale=locale, now=now)
    return state


def _receipt(*, state: ConsentState, device: Device, source: ReceiptSource, now: datetime, locale: str = "") -> None:
    ConsentReceipt.objects.create(
        shopper=state.shopper,
        device=device if state.device_id is not None else None,
        purpose=state.purpose,
        text=state.text,
        given=state.given,
        source=source,
        app_version=device.app_version,
        locale=locale or state.shopper.language,
        at=now,
    )
    events.append(events.Happened(kind=events.EventKind.CONSENT_CHANGED, at=now, shopper_id=state.shopper_id))
