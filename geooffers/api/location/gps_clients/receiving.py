"""What all adapters do once a body is read: the fixes go the way of POST /positions, everything is counted.

    POST /ingest/...  ->  auth  ->  the client's own file: body -> fixes and reasons  ->  here  ->  report_positions

Whatever was sent is answered with 2xx, so that the client deletes it. Refused are only who is not known (401), who
calls too often, and what we could not do (5xx): of those the client keeps its backlog, and should.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import JsonResponse

from geooffers.api.edge import clock
from geooffers.api.identity import auth
from geooffers.api.location import dropped_fixes as dropping
from geooffers.api.location.gps_clients.parsing import fixes, reading
from geooffers.api.location.gps_clients.parsing.fixes import ClientFix, DropReason
from geooffers.callers import report_rate
from geooffers.callers.device_lookup import DeviceCaller
from geooffers.usecases.location import report_positions as reporting
from geooffers.visits.engine.observations import Status

log = logging.getLogger(__name__)

HEADER = "X-Geooffers-Counts"
# A body of 1 MB has not more records that are ones.
MOST_RECORDS = 5_000
# Every other is counted for the operator, and all but late ones are told in the log: of those nothing was lost.
_USED = {Status.ACCEPTED, Status.DUPLICATE}
_ORDINARY = {*_USED, Status.LATE}

Read = Callable[[datetime], Iterable[ClientFix | DropReason]]


def receive(request: auth.DeviceRequest, *, client: str, read: Read) -> Counter[str]:
    """How many records ended in which way. `read` is given the time of the request, for records without one."""
    now = clock.now()
    report_rate.BUCKETS.spend(device_id=request.auth.device_id, now=now)
    counts: Counter[str] = Counter()
    found: list[ClientFix] = []
    try:
        for record in read(now):
            if isinstance(record, ClientFix):
                found.append(record)
            else:
                counts[record] += 1
    except reading.UnreadableReport as unreadable:
        counts[unreadable.reason] += 1
    if found:
        counts += _report(caller=request.auth, found=found, now=now)
    _tell_the_operator(request, client=client, counts=counts)
    return counts


def each(records: Sequence[Any], read_one: Callable[[Any], ClientFix | DropReason]) -> Iterator[ClientFix | DropReason]:
    """Every record by itself; of too many the last."""
    for record in records[-MOST_RECORDS:]:
        yield read_one(record)
    for _ in records[:-MOST_RECORDS]:
        yield DropReason.BATCH_TOO_LARGE


def _report(*, caller: DeviceCaller, found: list[ClientFix], now: datetime) -> Counter[str]:
    counts: Counter[str] = Counter()
    newest = sorted(found, key=lambda fix: fix.recorded_at)[-reporting.MOST_FIXES :]
    if len(found) > len(newest):
        counts[DropReason.BATCH_TOO_LARGE] = len(found) - len(newest)
    try:
        report = reporting.report_positions(
            reporter=caller,
            consents=caller.consents(now=now),
            fixes=[fixes.as_fix(fix) for fix in newest],
            now=now,
        )
    except reporting.ConsentMissing:
        # Kept on the phone, they would arrive after a consent that did not hold for them.
        counts["consent_missing"] += len(newest)
        return counts
    for result in report.results:
        counts[result.code or result.status] += 1
    return counts


def _tell_the_operator(request: auth.DeviceRequest, *, client: str, counts: Counter[str]) -> None:
    """One line, of words of ours and numbers alone."""
    dropping.count(client=client, reasons={reason: count for reason, count in counts.items() if reason not in _USED})
    dropped = {reason: count for reason, count in counts.items() if reason not in _ORDINARY}
    if not dropped:
        return
    log.info("ingest %s dropped %s, request %s", client, _listed(dropped), request.META.get("geooffers.request_id", ""))


def answer(counts: Counter[str], *, body: Any) -> JsonResponse:
    """What makes the client delete its records, and the counts beside it."""
    response = JsonResponse(body, safe=False)
    response[HEADER] = _listed(counts)
    return response


def plain(counts: Counter[str]) -> dict[str, int]:
    return {str(reason): count for reason, count in sorted(counts.items())}


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason}={count}" for reason, count in sorted(counts.items()))
