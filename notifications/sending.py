"""One batch of the sender: claim, send outside any transaction, settle.

Sending happens on a few threads that never touch the database; claiming and settling happen on the caller's.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from geooffers.shoppers.models import Device
from notifications import outbox
from notifications.channels.protocol import PushMessage, PushTransport, TransportError
from notifications.models import Kind

logger = logging.getLogger(__name__)

LEASE_S = 120.0
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 600.0


@dataclass(frozen=True)
class Sent:
    provider_id: str


@dataclass(frozen=True)
class NotTried:
    """Too late for this lease, or for the coupon."""

    expired: bool


@dataclass(frozen=True)
class Failed:
    error: TransportError


Outcome = Sent | NotTried | Failed


def send_batch(
    *,
    transport: PushTransport,
    guards: Mapping[Kind, Q],
    clock: Callable[[], datetime],
    limit: int = 100,
    connections: int = 8,
    lease_s: float = LEASE_S,
) -> Counter[str]:
    """Send what is due, at most `limit` messages; how many ended in which way. An empty count: nothing was due."""
    if lease_s <= transport.longest_send_s:
        raise ValueError(f"a lease of {lease_s:g} s is shorter than one send, {transport.longest_send_s:g} s")
    started = time.monotonic()
    # A message that begins after this could still be on its way when the lease ends and somebody else sends it.
    last_begin = started + lease_s - transport.longest_send_s
    claimed = outbox.claim(now=clock(), limit=limit, lease_s=lease_s, guards=guards)
    counts: Counter[str] = Counter()
    if not claimed:
        return counts
    with ThreadPoolExecutor(max_workers=min(connections, len(claimed)), thread_name_prefix="push") as pool:
        running = {pool.submit(_send, transport, push, clock, last_begin): push for push in claimed}
        for done in as_completed(running):
            push = running[done]
            settled, outcome = _settle(push=push, outcome=done.result(), now=clock())
            counts[outcome if settled else "lease_lost"] += 1
    return counts


def _send(transport: PushTransport, push: outbox.Claimed, clock: Callable[[], datetime], last_begin: float) -> Outcome:
    if time.monotonic() > last_begin:
        return NotTried(expired=False)
    now = clock()
    if push.expires_at <= now:
        return NotTried(expired=True)
    try:
        return Sent(transport.send(message=_message(push), now=now))
    except TransportError as error:
        return Failed(error)
    except Exception:
        # A message that trips our own code must not take the others with it; its attempts are counted.
        logger.exception("push %s: the transport failed in an unforeseen way", push.id)
        return Failed(TransportError("unforeseen", permanent=False))


def _message(push: outbox.Claimed) -> PushMessage:
    """The data members stand in docs/push-payload.md. The code is never among them: lock screens and vendors read."""
    return PushMessage(
        address_kind=push.address_kind,
        address=push.address,
        tag=push.tag,
        title=push.title,
        body=push.body,
        data={
            "delivery_id": str(push.id),
            "coupon_id": str(push.subject),
            "kind": push.kind.value,
            "link": push.link,
        },
        expires_at=push.expires_at,
    )


def _settle(*, push: outbox.Claimed, outcome: Outcome, now: datetime) -> tuple[bool, str]:
    match outcome:
        case Sent(provider_id):
            return outbox.settle_sent(push=push, provider_id=provider_id, now=now), "sent"
        case NotTried(expired=True):
            return outbox.settle_expired(push=push, now=now), "expired"
        case NotTried():
            return outbox.give_back(push=push), "given_back"
        case Failed(error):
            return _settle_failed(push=push, error=error, now=now)


def _settle_failed(*, push: outbox.Claimed, error: TransportError, now: datetime) -> tuple[bool, str]:
    logger.warning("push %s, attempt %d: %s %s", push.id, push.attempts, error.code, error.detail)
    if error.device_gone:
        # Only the address we wrote to: the phone may have renewed it while we were sending.
        Device.objects.filter(pk=push.device_id, push_address=push.address).update(push_address="", push_kind="")
    if error.permanent:
        return outbox.settle_dead(push=push, reason=error.code, now=now), "dead"
    wait_s = error.retry_after_s or pause_s(attempts=push.attempts)
    # Jitter on what the vendor asked for as well: a whole batch coming back at once would be refused again.
    wait_s *= 1 + random.random() / 4  # noqa: S311  # spreads retries, guards nothing
    return outbox.settle_retry(push=push, reason=error.code, wait_s=wait_s, now=now), "retry"


def pause_s(*, attempts: int) -> float:
    return float(min(FIRST_PAUSE_S * 2 ** (attempts - 1), LONGEST_PAUSE_S))
