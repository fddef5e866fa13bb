"""What decides which consents a shopper may give: their age, as far as a store tells it, and where they live."""

from typing import Annotated

from ninja import Router
from pydantic import Field

from geooffers.api.edge import clock, contract, rate_limits, strict
from geooffers.api.identity import auth
from geooffers.callers import limits
from geooffers.jurisdictions import codes
from geooffers.shoppers.consents import allowed
from geooffers.shoppers.models import Age, Purpose, Shopper
from geooffers.usecases.identity import declare_jurisdiction, signal_age

router = Router(tags=["Consent"], auth=auth.device_auth)

AGE_TOLD = (
    "What the phone's app store says of its owner (Google's Age Signals, Apple's Declared Age Range): the category "
    "that holds the lowest age of its range, or `unknown`."
)
PLACE_TOLD = "Where the shopper says that they live, by ISO 3166-2: `FI`, `US-WA`."

AgeIn = Annotated[Age, Field(strict=False, description=AGE_TOLD)]
Jurisdiction = Annotated[str, Field(max_length=codes.MAX_LENGTH, description=PLACE_TOLD)]


class AgeSignalIn(strict.StrictSchema):
    model_config = strict.example(age="16_17")
    age: AgeIn


class JurisdictionIn(strict.StrictSchema):
    model_config = strict.example(jurisdiction="US-WA")
    jurisdiction: Annotated[Jurisdiction | None, Field(description="Null takes the declaration back.")]


class CircumstancesOut(strict.ReplySchema):
    model_config = strict.example(age="16_17", jurisdiction="US-WA", allowed=["analytics"])
    age: Annotated[Age, Field(description="The youngest that any of the shopper's phones was told.")]
    jurisdiction: str | None
    allowed: Annotated[list[Purpose], Field(description="What may be agreed to at this age and there.")]


def circumstances_out(shopper: Shopper) -> CircumstancesOut:
    may = allowed.purposes(shopper=shopper)
    return CircumstancesOut(
        age=Age(shopper.age),
        jurisdiction=shopper.jurisdiction or None,
        allowed=[purpose for purpose in Purpose if purpose in may],
    )


@router.put(
    "/age-signal",
    response=CircumstancesOut,
    operation_id="signalAge",
    summary="Pass on the age signal",
    description=(
        "Whenever the app store tells another category. Consents that may not be given at that age end at once, as by "
        "a withdrawal, and do not come back by themselves."
    ),
)
def put_age(request: auth.DeviceRequest, payload: AgeSignalIn) -> CircumstancesOut:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    return circumstances_out(signal_age.signal_age(device=request.auth.device, age=Age(payload.age), now=now))


@router.put(
    "/jurisdiction",
    response=CircumstancesOut,
    operation_id="declareJurisdiction",
    summary="Say where I live",
    description=(
        "Its law may ask for more than holds everywhere, never for less. Consents that may not be given there end at "
        "once. Nobody derives this from a position."
    ),
    openapi_extra=contract.refusals(codes.UnknownJurisdiction),
)
def put_jurisdiction(request: auth.DeviceRequest, payload: JurisdictionIn) -> CircumstancesOut:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    shopper = declare_jurisdiction.declare_jurisdiction(
        device=request.auth.device, code=payload.jurisdiction or "", now=now
    )
    return circumstances_out(shopper)
