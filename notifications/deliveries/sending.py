"""One batch of one channel: claim, send outside any transaction, settle.

Sending happens on a few threads that never touch the database; all else happens on the caller's.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from geooffers.shoppers.models import Device
from notifications.channels.protocol import PushMessage, Transport, TransportError
from notifications.deliveries import claiming, settling
from notifications.deliveries.claiming import Claimed, Guards
from notifications.deliveries.limits import Limits

logger = logging.getLogger(__name__)

M = TypeVar("M")


class ChannelTask(Protocol[M]):
    """What the rooms above know of a channel's messages."""

    def guards(self, *, now: datetime) -> Guards: ...

    def message(self, *, claimed: Claimed, now: datetime) -> M:
        """What is to be told, as it reads now. May ask the database."""

    def told(self, *, claimed: Claimed, message: M, now: datetime) -> None:
        """The vendor took it, and the delivery is settled."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How many deliveries ended in which way; none were due when it is empty. `next_at`: when to ask again at the
    latest; None when nothing waits, or when there may be more at once."""

    counts: Counter[str] = field(default_factory=Counter)
    next_at: datetime | None = None


@dataclass(frozen=True)
class Sent:
    provider_id: str


@dataclass(frozen=True)
class NotTried:
    """Too late for this lease, or for the message."""

    expired: bool


@dataclass(frozen=True)
class Failed:
    error: TransportError


Outcome = Sent | NotTried | Failed


def send_due(
    *, transport: Transport[M], task: ChannelTask[M], clock: Callable[[], datetime], limits: Limits | None = None
) -> Batch:
    """Send what is due, at most a batch. `limits`: other ones than the transport's own."""
    limits = limits or transport.limits
    if limits.lease_s <= transport.longest_send_s:
        raise ValueError(f"a lease of {limits.lease_s:g} s is shorter than one send, {transport.longest_send_s:g} s")
    started, now = time.monotonic(), clock()
    # A message that begins after this could still be on its way when the lease ends and somebody else sends it.
    last_begin = started + limits.lease_s - transport.longest_send_s
    claimed = claiming.claim(channel=transport.channel, limits=limits, now=now, guards=task.guards(now=now))
    if not claimed:
        return Batch(next_at=claiming.next_due_at(channel=transport.channel))
    counts: Counter[str] = Counter()
    for each, message, outcome in _outcomes(transport, task, claimed, clock, limits=limits, last_begin=last_begin):
        settled, ended = _settle(transport, each, outcome, limits=limits, now=clock())
        if settled and message is not None and isinstance(outcome, Sent):
            task.told(claimed=each, message=message, now=clock())
        counts[ended if settled else "lease_lost"] += 1
    return Batch(counts=counts)


def _outcomes(
    transport: Transport[M],
    task: ChannelTask[M],
    claimed: Iterable[Claimed],
    clock: Callable[[], datetime],
    *,
    limits: Limits,
    last_begin: float,
) -> Iterator[tuple[Claimed, M | None, Outcome]]:
    """Each as soon as it is known, with what was told."""
    with ThreadPoolExecutor(max_workers=limits.connections, thread_name_prefix=transport.channel) as pool:
        running: dict[Future[Outcome], tuple[Claimed, M]] = {}
        for each in claimed:
            message = _rendered(task, each, now=clock())
            if isinstance(message, Failed):
                yield each, None, message
            else:
                running[pool.submit(_send, transport, each, message, clock, last_begin)] = (each, message)
        for done in as_completed(running):
            yield *running[done], done.result()


def _rendered(task: ChannelTask[M], claimed: Claimed, *, now: datetime) -> M | Failed:
    try:
        return task.message(claimed=claimed, now=now)
    except Exception:
        # A message that trips our own code must not take the others with it; its attempts are counted.
        logger.exception("delivery %s cannot be rendered", claimed.id)
        return Failed(TransportError("unforeseen", permanent=False))


def _send(
    transport: Transport[M], claimed: Claimed, message: M, clock: Callable[[], datetime], last_begin: float
) -> Outcome:
    if time.monotonic() > last_begin:
        return NotTried(expired=False)
    now = clock()
    if claimed.expires_at <= now:
        return NotTried(expired=True)
    try:
        return Sent(transport.send(message=message, now=now))
    except TransportError as error:
        return Failed(error)
    except Exception:
        logger.exception("delivery %s: the transport failed in an unforeseen way", claimed.id)
        return Failed(TransportError("unforeseen", permanent=False))


def push_message(*, claimed: Claimed) -> PushMessage:
    """The data members stand in docs/push-payload.md. The code is never among them: lock screens and vendors read."""
    return PushMessage(
        address_kind=claimed.address_kind,
        address=claimed.address,
        tag=claimed.tag,
        title=claimed.title,
        body=claimed.body,
        data={
            "delivery_id": str(claimed.id),
            "coupon_id": str(claimed.subject),
            "kind": claimed.kind.value,
            "link": claimed.link,
        },
        expires_at=claimed.expires_at,
    )


def _settle(
    transport: Transport[M], claimed: Claimed, outcome: Outcome, *, limits: Limits, now: datetime
) -> tuple[bool, str]:
    match outcome:
        case Sent(provider_id):
            settled = settling.settle_sent(claimed=claimed, provider_id=provider_id, now=now)
            if not settled and transport.last_word_stands:
                settling.tell_again(claimed=claimed, now=now)
            return settled, "sent"
        case NotTried(expired=True):
            return settling.settle_expired(claimed=claimed, now=now), "expired"
        case NotTried():
            return settling.give_back(claimed=claimed), "given_back"
        case Failed(error):
            return _settle_failed(transport, claimed, error, limits=limits, now=now)


def _settle_failed(
    transport: Transport[M], claimed: Claimed, error: TransportError, *, limits: Limits, now: datetime
) -> tuple[bool, str]:
    logger.warning(
        "%s delivery %s, attempt %d: %s %s", transport.channel, claimed.id, claimed.attempts, error.code, error.detail
    )
    if error.device_gone and claimed.device_id is not None:
        # Only the address we wrote to: the phone may have renewed it while we were sending.
        same = Device.objects.filter(pk=claimed.device_id, push_address=claimed.address)
        same.update(push_address="", push_kind="")
    if error.permanent:
        return settling.settle_dead(claimed=claimed, reason=error.code, now=now), "dead"
    wait_s = error.retry_after_s or limits.pause_s(attempts=claimed.attempts)
    # Jitter on what the vendor asked for as well.
    wait_s *= 1 + random.random() * limits.jitter  # noqa: S311  # spreads retries, guards nothing
    settled = settling.settle_retry(claimed=claimed, reason=error.code, wait_s=wait_s, limits=limits, now=now)
    if not settled and transport.last_word_stands:
        settling.tell_again(claimed=claimed, now=now)  # an answer that went wrong may have been taken
    return settled, "retry"
