"""The metrics. docs/monitoring.md lists every one of them: update that page too.

They are read from the database when Prometheus asks, not counted in the processes: any number of these serve and work,
a request lands in one of them, and each would tell of itself alone (docs/decisions/0011). So the same answer comes from
every process, and a worker that is dead is told by what it leaves undone. Every query reads an index of what is due or
recent; none grows with what is kept.

No label holds anything that somebody sent: they are words of ours, and of our own processes. And nothing about visits
and phones is told of a few: below twenty people it is 0.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db.models import Count, Min, Sum
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from geooffers.api.models import DroppedFixes
from geooffers.events import counting
from geooffers.events.models import Event, EventCount, EventFollower
from geooffers.shoppers.models import Shopper
from geooffers.visits.models import DeviceState, EndReason, Visit
from geooffers.worker.models import Forgotten, TaskLease
from geooffers.worker.tasks import forget
from geooffers.worker.timetable import TASKS
from merchants.models import FenceFollower
from notifications.models import SETTLED, Channel, Delivery, DeliveryState

FEWEST_PEOPLE = 20
HEARD_WITHIN = timedelta(minutes=10)
LATELY = timedelta(hours=1)
A_DAY = timedelta(days=1)
# A process that has not told of itself for so long is gone; its row is tidied up by the others.
FOLLOWS_WITHIN = timedelta(minutes=5)


def exposition(*, now: datetime) -> bytes:
    """Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(now))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        yield from _reports(self._now)
        yield from _deliveries(self._now)
        yield from _not_sent(self._now)
        yield from _tasks(self._now)
        yield from _forgetting(self._now)
        yield from _erasures(self._now)
        yield from _followers(self._now)
        yield from _events(self._now)


def _reports(now: datetime) -> Iterator[Metric]:
    heard = DeviceState.objects.filter(last_fix_at__gte=now - HEARD_WITHIN)
    open_ones = Visit.objects.filter(ended_at=None)
    yield _gauge(
        "geooffers_phones_heard",
        "Phones whose newest fix is at most ten minutes old; 0 when they are fewer than twenty people's.",
        _of_many(**heard.aggregate(count=Count("pk"), people=Count("device__shopper", distinct=True))),
    )
    yield _gauge(
        "geooffers_visits_open",
        "Visits that have begun and not ended; 0 when they are fewer than twenty people's.",
        _of_many(**open_ones.aggregate(count=Count("pk"), people=Count("shopper", distinct=True))),
    )
    begun = Visit.objects.filter(began_at__gt=now - LATELY).order_by().values_list("end_reason")
    by_end = begun.annotate(Count("pk"), Count("shopper", distinct=True))
    told = {end: _of_many(count=count, people=people) for end, count, people in by_end}
    ends = dict.fromkeys(["", *EndReason.values], 0) | told
    yield _gauges(
        "geooffers_visits_begun",
        "Visits that began within the last hour, by how they ended, open when they have not; 0 when they are fewer "
        "than twenty people's.",
        ("end",),
        {(end or "open",): count for end, count in ends.items()},
    )
    hour = (now - LATELY).replace(minute=0, second=0, microsecond=0)
    dropped = DroppedFixes.objects.filter(hour__gte=hour).order_by().values_list("client", "reason")
    yield _gauges(
        "geooffers_dropped_fixes",
        "Fixes acknowledged and not used, in this hour and the one before, by the way they came and why.",
        ("client", "reason"),
        {(client, reason): count for client, reason, count in dropped.annotate(Sum("count"))},
    )


def _of_many(*, count: int, people: int) -> int:
    return count if people >= FEWEST_PEOPLE else 0


def _deliveries(now: datetime) -> Iterator[Metric]:
    owed: dict[tuple[str, ...], float] = {
        (str(channel), str(state)): 0 for channel in Channel for state in (DeliveryState.READY, DeliveryState.CLAIMED)
    }
    for state in (DeliveryState.READY, DeliveryState.CLAIMED):  # one by one: each has a partial index of its own
        by_channel = Delivery.objects.filter(state=state).order_by().values_list("channel")
        owed |= {(channel, str(state)): count for channel, count in by_channel.annotate(Count("pk"))}
    yield _gauges(
        "geooffers_deliveries_owed",
        "Deliveries that are not settled: ready to be sent, or claimed by a worker.",
        ("channel", "state"),
        owed,
    )
    due = Delivery.objects.filter(state=DeliveryState.READY, not_before__lte=now).order_by().values_list("channel")
    oldest = dict(due.annotate(Min("not_before")))
    yield _gauges(
        "geooffers_delivery_oldest_due_age_seconds",
        "How long the delivery waits that has been due longest; 0 when none is.",
        ("channel",),
        {(str(channel),): _age(oldest.get(channel), now=now) for channel in Channel},
    )
    settled = Delivery.objects.filter(settled_at__gt=now - LATELY).order_by().values_list("channel", "state")
    counts = {(channel, state): count for channel, state, count in settled.annotate(Count("pk"))}
    yield _gauges(
        "geooffers_deliveries_settled",
        "Deliveries settled within the last hour, by how they ended.",
        ("channel", "state"),
        {(str(channel), str(end)): counts.get((channel, end), 0) for channel in Channel for end in SETTLED},
    )


def _not_sent(now: datetime) -> Iterator[Metric]:
    """Why. The reasons are words of ours, and Firebase's names for its errors."""
    settled = Delivery.objects.filter(settled_at__gt=now - LATELY).exclude(state=DeliveryState.SENT)
    counts = settled.order_by().values_list("channel", "state", "reason").annotate(Count("pk"))
    yield _gauges(
        "geooffers_deliveries_not_sent",
        "Deliveries settled within the last hour that were not sent, by how they ended and why.",
        ("channel", "state", "reason"),
        {(channel, str(state), reason): count for channel, state, reason, count in counts},
    )
    again: Counter[tuple[str, ...]] = Counter()
    for state in (DeliveryState.READY, DeliveryState.CLAIMED):  # one by one, as above
        tried = Delivery.objects.filter(state=state).exclude(reason="").order_by().values_list("channel", "reason")
        again.update({(channel, reason): count for channel, reason, count in tried.annotate(Count("pk"))})
    yield _gauges(
        "geooffers_deliveries_to_retry",
        "Deliveries that are not settled and whose last try failed, by why.",
        ("channel", "reason"),
        again,
    )


def _tasks(now: datetime) -> Iterator[Metric]:
    """Of the worker. A task that never ran stands at 0, which is long ago."""
    leases = {lease.name: lease for lease in TaskLease.objects.all()}
    known = [(each.name, each.every_s, leases.get(each.name) or TaskLease(name=each.name)) for each in TASKS]
    told: list[tuple[str, str, dict[tuple[str, ...], float]]] = [
        (
            "geooffers_task_interval_seconds",
            "How often a periodic task of the worker is to run.",
            {(name,): every_s for name, every_s, _ in known},
        ),
        (
            "geooffers_task_last_run_timestamp_seconds",
            "When a task last came to its end, well or not.",
            {(name,): _timestamp(lease.last_run_at) for name, _, lease in known},
        ),
        (
            "geooffers_task_last_success_timestamp_seconds",
            "When a task last came to its end without a fault.",
            {(name,): _timestamp(lease.done_at) for name, _, lease in known},
        ),
        (
            "geooffers_task_failures",
            "How often in a row a task has ended in a fault.",
            {(name,): lease.failures for name, _, lease in known},
        ),
        (
            "geooffers_task_running_seconds",
            "For how long a task has been running; 0 when it is not.",
            {(name,): _age(lease.started_at, now=now) for name, _, lease in known},
        ),
        (
            "geooffers_task_overruns",
            "How often a task took longer than its lease, or its worker died with it.",
            {(name,): lease.overruns for name, _, lease in known},
        ),
    ]
    for name, about, values in told:
        yield _gauges(name, about, ("task",), values)


def _forgetting(now: datetime) -> Iterator[Metric]:
    lately = Forgotten.objects.filter(at__gt=now - A_DAY).order_by().values_list("what").annotate(Sum("rows"))
    forgotten = {step.name: 0 for step in forget.STEPS} | dict(lately)
    yield _gauges(
        "geooffers_forgotten_rows",
        "Rows that were forgotten within the last day.",
        ("table",),
        {(name,): rows for name, rows in forgotten.items()},
    )
    yield _gauges(
        "geooffers_keep_seconds",
        "How long rows are kept before they are forgotten.",
        ("table",),
        {(step.name,): step.keep().total_seconds() for step in forget.STEPS},
    )
    yield _gauges(
        "geooffers_oldest_row_age_seconds",
        "How old the oldest row is that is still to be forgotten; 0 when there is none.",
        ("table",),
        {(step.name,): _age(step.oldest(), now=now) for step in forget.STEPS},
    )


def _erasures(now: datetime) -> Iterator[Metric]:
    waiting = Shopper.objects.filter(erasure__isnull=False)
    found = waiting.aggregate(count=Count("erasure", distinct=True), oldest=Min("erasure__asked_at"))
    yield _gauge("geooffers_erasures_unfinished", "Shoppers who asked to be erased and are not yet.", found["count"])
    yield _gauge(
        "geooffers_erasure_oldest_age_seconds",
        "How long ago the oldest of them asked; 0 when there is none.",
        _age(found["oldest"], now=now),
    )


def _followers(now: datetime) -> Iterator[Metric]:
    """Of each process that matches: how its index stands."""
    there = list(FenceFollower.objects.filter(seen_at__gt=now - FOLLOWS_WITHIN))
    columns = (
        ("geooffers_index_lag_seconds", "How old the oldest edit of a fence was that it took in lately.", "lag_s"),
        ("geooffers_index_areas", "Live fences and active zones in its index.", "areas"),
        ("geooffers_index_changes", "How many of them changed since its base was built.", "changes"),
    )
    for name, about, column in columns:
        yield _gauges(
            name,
            about,
            ("host", "pid"),
            {(each.host, str(each.pid)): getattr(each, column) or 0 for each in there},
        )
    for name, about, column in (
        ("geooffers_index_seen_age_seconds", "How long ago it last told of itself.", "seen_at"),
        (
            "geooffers_index_base_age_seconds",
            "How long ago its base was built; 0 when it is in memory.",
            "base_built_at",
        ),
    ):
        yield _gauges(
            name,
            about,
            ("host", "pid"),
            {(each.host, str(each.pid)): _age(getattr(each, column), now=now) for each in there},
        )


def _events(now: datetime) -> Iterator[Metric]:
    """What the followers have delivered and what they have not."""
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    there = list(EventFollower.objects.order_by("name"))
    columns: list[tuple[str, str, dict[tuple[str, ...], float]]] = [
        (
            "geooffers_event_follower_lag_seconds",
            "How old the oldest event is that a follower has not been given; 0 when it has been given all.",
            {(each.name,): _event_lag(each, last=last, now=now) for each in there},
        ),
        (
            "geooffers_event_follower_behind",
            "How many numbers of events a follower is behind the last; some of them are nobody's.",
            {(each.name,): max(last - each.delivered, 0) for each in there},
        ),
        (
            "geooffers_event_follower_failures",
            "How often in a row a follower's handler has failed.",
            {(each.name,): each.failures for each in there},
        ),
        (
            "geooffers_event_follower_missed",
            "Events that were pruned before a follower was given them.",
            {(each.name,): each.missed for each in there},
        ),
    ]
    for name, about, values in columns:
        yield _gauges(name, about, ("follower",), values)
    hour = (now - LATELY).replace(minute=0, second=0, microsecond=0)
    counted = EventCount.objects.filter(hour__gte=hour).order_by().values_list("kind").annotate(Sum("count"))
    yield _gauges(
        "geooffers_events",
        "Events that happened in this hour and the one before, by kind; those of visits are not counted.",
        ("kind",),
        {(str(kind),): 0 for kind in counting.COUNTED} | {(kind,): count for kind, count in counted},
    )


def _event_lag(follower: EventFollower, *, last: int, now: datetime) -> float:
    """All that was appended before `complete_at` has been given to it; an event may be told long after its time."""
    if follower.delivered >= last:
        return 0.0
    unread = Event.objects.filter(pk__gt=follower.delivered).order_by("pk").values_list("at", flat=True).first()
    return min((_age(moment, now=now) for moment in (unread, follower.complete_at) if moment), default=0.0)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _gauges(name: str, about: str, labels: Iterable[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=list(labels))
    for of, value in sorted(values.items()):
        family.add_metric(list(of), value)
    return family


def _age(since: datetime | None, *, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since is not None else 0.0


def _timestamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment is not None else 0.0
