"""What reports of positions and of region events have in common: a batch of records, each judged by itself.

The envelope is strict and answers 4xx; a record that is wrong is rejected under 200 and holds up no other.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import ValidationError, WrapValidator

from geooffers.api.edge import contract, errors
from geooffers.callers import report_rate
from geooffers.callers.device_lookup import DeviceCaller
from geooffers.shoppers.consents import pauses
from geooffers.usecases.location import report_positions as reporting

REFUSALS = contract.refusals(
    reporting.ConsentMissing,
    pauses.Paused,
    reporting.TooManyWrites,
    report_rate.TooManyReports,
    reporting.EmptyBatch,
    reporting.BatchTooLarge,
)


def admit(caller: DeviceCaller, *, now: datetime) -> None:
    """`report_rate.TooManyReports` and `pauses.Paused` are what it refuses."""
    report_rate.BUCKETS.spend(device_id=caller.device_id, now=now)
    pauses.refuse_if_paused(pause=caller.pause, now=now)


def with_a_size(batch: Any) -> Any:
    """Before anything in it is read."""
    if isinstance(batch, list) and not batch:
        raise reporting.EmptyBatch
    if isinstance(batch, list) and len(batch) > reporting.MOST_FIXES:
        raise reporting.BatchTooLarge
    return batch


def judged_each(record: type[Schema]) -> WrapValidator:
    """Of a list of `record`: in place of one that is wrong stands its first FieldProblem."""

    def judge(value: Any, read: Callable[[Any], list[Any]]) -> list[Any]:
        """All at once, which is all there is to do for a phone that sends what it should; else each by itself."""
        try:
            return [*read(value)]
        except ValidationError as error:
            if not isinstance(value, list):
                raise
            first: dict[int, Any] = {}
            for mistake in error.errors(include_url=False, include_input=False):
                place, *within = mistake["loc"]
                first.setdefault(int(place), {**mistake, "loc": tuple(within)})
            return [
                errors.field_problem(first[number]) if number in first else record.model_validate(one)
                for number, one in enumerate(value)
            ]

    return WrapValidator(judge)
