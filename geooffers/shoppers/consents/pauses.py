"""A pause: "not now". Consents stay as they are, and until it ends none of what they allow is done.

The shopper's own row says it for all their phones, now and later; each consent state carries it too, because that is
the row which reports and claims lock. What changes something runs in its caller's transaction, which holds the shopper.
"""

from datetime import datetime

from django.db.models import Q

from geooffers.shoppers.consents import consents
from geooffers.shoppers.models import PAUSED_PURPOSES, UNTIL_RESUMED, ConsentState, Pause, Shopper


class Paused(Exception):
    """The shopper has paused: nothing is matched until the pause ends, or they end it."""

    def __init__(self, *, until: datetime) -> None:
        super().__init__()
        self.members = {} if until == UNTIL_RESUMED else {"paused_until": until.isoformat()}


def refuse_if_paused(*, pause: Pause, now: datetime) -> None:
    if pause.holds(now) and pause.ends_at is not None:
        raise Paused(until=pause.ends_at)


def begin(*, shopper: Shopper, until: datetime, now: datetime) -> None:
    """The newest word counts: an hour said in a pause without end makes it an hour."""
    if not shopper.is_paused(now):
        shopper.paused_from = now
    _set(shopper=shopper, until=until)


def end(*, shopper: Shopper, now: datetime) -> bool:
    """Whether there was a pause to end."""
    if not shopper.is_paused(now):
        return False
    _set(shopper=shopper, until=now)
    return True


def carry_over(*, anonymous: Shopper, account: Shopper, now: datetime) -> bool:
    """At sign-in, once the consents have moved: of two pauses the longer one goes on, for all the account's phones.

    Whether there is a pause now, so that what any of these phones was doing has to end.
    """
    ends = [each.paused_until for each in (anonymous, account) if each.is_paused(now) and each.paused_until is not None]
    if not ends:
        return False
    begin(shopper=account, until=max(ends), now=now)
    return True


def _set(*, shopper: Shopper, until: datetime) -> None:
    shopper.paused_until = until
    shopper.save(update_fields=["paused_from", "paused_until"])
    # All of them locked first and in their order; an update alone would take them in any.
    held = ConsentState.objects.filter(Q(purpose__in=PAUSED_PURPOSES), shopper=shopper)
    states = consents.lock_for_change(states=held)
    ConsentState.objects.filter(pk__in=[state.pk for state in states]).update(paused_until=until)
