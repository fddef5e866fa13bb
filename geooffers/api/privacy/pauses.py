"""Pausing, and going on: as easy as a tap."""

from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from geooffers.api.edge import clock, contract, idempotency, rate_limits, strict
from geooffers.api.identity import auth
from geooffers.callers import limits, replies
from geooffers.shoppers.models import UNTIL_RESUMED, Shopper
from geooffers.usecases.privacy import pause_consents, resume_consents

router = Router(tags=["Consent"], auth=auth.device_auth)


class PauseIn(strict.StrictSchema):
    model_config = strict.example(pause="hour")
    pause: Annotated[
        pause_consents.PauseTaken,
        Field(strict=False, description="`hour`, `day`, or `until_resumed`: until the shopper ends it."),
    ]


class PauseOut(strict.ReplySchema):
    model_config = strict.example(paused=True, paused_until="2026-06-02T13:00:00Z")
    paused: bool
    paused_until: Annotated[datetime | None, Field(description="Null when nothing is paused, or without an end.")]


def pause_out(shopper: Shopper, *, now: datetime) -> PauseOut:
    paused = shopper.is_paused(now)
    ends = paused and shopper.paused_until != UNTIL_RESUMED
    return PauseOut(paused=paused, paused_until=shopper.paused_until if ends else None)


@router.post(
    "/pause",
    response=PauseOut,
    operation_id="pauseConsents",
    summary="Pause",
    description=(
        "When it answers, nothing is matched and no offer is pushed, on any phone of the shopper, until the pause ends "
        "by itself or by `/consents/resume`; where the phones were is forgotten. Consents stay as they are, coupons "
        "can be redeemed, and messages about them arrive. A second pause takes the place of the first."
    ),
)
def pause(request: auth.DeviceRequest, payload: PauseIn) -> PauseOut:
    # Not counted against any limit, as a withdrawal is not.
    now = clock.now()
    shopper = pause_consents.pause_consents(
        device=request.auth.device, pause=pause_consents.PauseTaken(payload.pause), now=now
    )
    return pause_out(shopper, now=now)


@router.post(
    "/resume",
    response=PauseOut,
    operation_id="resumeConsents",
    summary="End the pause",
    description=(
        "The consents given before count again. The Idempotency-Key keeps a late retry from ending a pause that was "
        "begun meanwhile: it gets the first answer."
    ),
    openapi_extra=contract.with_idempotency_key(),
)
def resume(request: auth.DeviceRequest) -> HttpResponse:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)

    def work() -> replies.Reply:
        shopper = resume_consents.resume_consents(device=request.auth.device, now=now)
        return replies.Reply(status=200, body=pause_out(shopper, now=now).model_dump(mode="json"))

    return idempotency.respond(request, caller=request.auth.holder_name, payload=None, now=now, work=work)
