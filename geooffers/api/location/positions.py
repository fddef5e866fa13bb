"""POST /positions: where the phone was. docs/location-report.md tells every answer; update that page too.

The envelope is strict and answers 4xx. Each fix is judged by itself, under 200: phones repeat a refused batch for
ever, and one bad record must not hold up the rest.
"""

import functools
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Router
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from geooffers.api.edge import clock, errors, strict
from geooffers.api.identity import auth
from geooffers.api.location import dropped_fixes, report_batches
from geooffers.api.offers import coupons
from geooffers.usecases.location import report_positions as reporting
from geooffers.visits.engine import observations, transition_events

router = Router(tags=["Positions"], auth=auth.device_auth)


_FIX = {
    "uuid": "019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c",
    "recorded_at": "2026-06-02T12:00:00+03:00",
    "lat": 60.1695,
    "lon": 24.9525,
    "accuracy_m": 12.5,
    "background": True,
}
_TRANSITION = {
    "change": "entered",
    "fence_id": "019e7f5c-2b3c-7d4e-8f50-b2c3d4e5f6a7",
    "store_id": "019e7f5c-1b2c-7d3e-8f40-a1b2c3d4e5f6",
    "at": "2026-06-02T09:00:00Z",
    "confidence": 0.97,
}


class FixIn(strict.StrictSchema):
    """One position, as the phone recorded it."""

    model_config = strict.example(**_FIX)

    uuid: Annotated[strict.Uuid, Field(description="Made by the phone; a repeat of it is answered `duplicate`.")]
    recorded_at: Annotated[strict.Moment, Field(description="When the phone was there, not when it sends.")]
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    accuracy_m: Annotated[
        float, Field(ge=0, le=100_000, description="Radius of the circle of uncertainty; more than 0.")
    ]
    background: Annotated[bool, Field(description="Whether the app was in the background: each needs its own consent.")]
    speed_mps: Annotated[
        float | None, Field(ge=0, le=2_000, description="As the receiver says; leave it out when it does not know.")
    ] = None
    mock: Annotated[bool, Field(description="Whether the system says that an app made this position up.")] = False

    @field_validator("accuracy_m")
    @classmethod
    def _exact_only_at_null_island(cls, accuracy_m: float, info: ValidationInfo) -> float:
        # (0, 0) within 0 m is how a receiver says that it knows nothing; that is answered as what it is.
        if accuracy_m == 0 and not (info.data.get("lat") == 0 and info.data.get("lon") == 0):
            raise PydanticCustomError("out_of_range", "no position is exact: more than 0")
        return accuracy_m

    def as_fix(self) -> observations.Fix:
        return observations.Fix(
            uuid=self.uuid,
            recorded_at=observations.to_milliseconds(self.recorded_at),
            lat=self.lat,
            lon=self.lon,
            accuracy_m=self.accuracy_m,
            background=self.background,
            speed_mps=self.speed_mps,
            mock=self.mock,
        )


class ReportIn(strict.StrictSchema):
    model_config = strict.example(fixes=[_FIX])
    fixes: Annotated[
        list[FixIn],
        Field(min_length=1, max_length=reporting.MOST_FIXES),
        report_batches.judged_each(FixIn),
        BeforeValidator(report_batches.with_a_size),
    ]


class ResultOut(strict.ReplySchema):
    """What became of one fix. `code` says why it was ignored or rejected, `field` which field was wrong."""

    model_config = strict.example(status="rejected", code="out_of_range", field="lat") | {"frozen": True}
    status: Literal["accepted", "duplicate", "late", "ignored", "rejected"]
    code: str | None = None
    field: str | None = None


class TransitionOut(strict.ReplySchema):
    model_config = strict.example(**_TRANSITION)
    change: transition_events.Change
    fence_id: UUID
    store_id: UUID
    at: datetime
    confidence: Annotated[float, Field(ge=0, le=1, description="How sure it is; docs/visits.md has the formula.")]


class ReportOut(strict.ReplySchema):
    """`results[i]` belongs to `fixes[i]`. `coupons` are new, or those of the open visits when a fix was a repeat."""

    model_config = strict.example(
        results=[{"status": "accepted", "code": None, "field": None}],
        transitions=[_TRANSITION],
        coupons=[],
        move_m=120,
        after_s=300,
    )
    results: list[ResultOut]
    transitions: list[TransitionOut]
    coupons: list[coupons.CouponOut]
    move_m: Annotated[
        int | None,
        Field(
            description="Report again once the phone is so far from its newest fix: nearer, no boundary can have been "
            "crossed. 0: with the next fix. Null: no fix was used, so nothing can be said."
        ),
    ]
    after_s: Annotated[
        int | None,
        Field(description="Report again after so long, whether or not it moved. Null: time does not matter."),
    ]


@router.post(
    "",
    response=ReportOut,
    summary="Report positions",
    operation_id="reportPositions",
    description=(
        "Where the phone was: up to 500 fixes, in any order. Sending a report again is harmless. The answer tells what "
        "became of each fix, which visits began or ended, the coupons that this brought, and when to report again."
    ),
    openapi_extra=report_batches.REFUSALS,
)
def report_positions(request: auth.DeviceRequest, payload: ReportIn) -> ReportOut:
    now = clock.now()
    caller = request.auth
    report_batches.admit(caller, now=now)
    report = reporting.report_positions(
        reporter=caller,
        consents=caller.consents(now=now),
        fixes=[fix.as_fix() for fix in payload.fixes if isinstance(fix, FixIn)],
        now=now,
    )
    return report_out(report, told=payload.fixes, client="positions", now=now)


def report_out(report: reporting.Report, *, told: Sequence[object], client: str, now: datetime) -> ReportOut:
    """`told` is what the phone sent, well-formed or a FieldProblem; the report's results are of the well-formed."""
    judged = iter([_result(one.status, one.code) for one in report.results])
    results = [_rejected(one) if isinstance(one, errors.FieldProblem) else next(judged) for one in told]
    # Not used, or not yet: each has a code, but for those that came too late.
    dropped_fixes.count(
        client=client, reasons=Counter([one.code or one.status for one in results if one.code or one.status == "late"])
    )
    return ReportOut(
        results=results,
        transitions=[
            TransitionOut(
                change=one.change,
                fence_id=one.fence_id,
                store_id=one.store_id,
                at=one.at,
                confidence=one.confidence,
            )
            for one in report.transitions
        ],
        coupons=[coupons.coupon_out(coupon, now=now) for coupon in report.coupons],
        move_m=report.next.move_m,
        after_s=report.next.after_s,
    )


def _rejected(problem: errors.FieldProblem) -> ResultOut:
    return ResultOut(status="rejected", code=problem.code, field=problem.field or None)


@functools.cache
def _result(status: observations.Status, code: observations.Ignored | None) -> ResultOut:
    """There are few different ones, and five hundred in a report."""
    return ResultOut(status=status.value, code=code)
