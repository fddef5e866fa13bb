"""What vouches for a phone: its app, by Firebase App Check, and Google Play, by a token that carries our challenge."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Router, Status
from pydantic import Field

from geooffers.api.edge import clock, contract, rate_limits, strict
from geooffers.api.identity import app_check, auth, play_integrity
from geooffers.callers import limits
from geooffers.shoppers.models import Integrity
from geooffers.usecases.identity import attest_device

router = Router(tags=["Devices"], auth=auth.device_auth)

_CHALLENGE = "1795701600.nJ3kq0vX7b2Wc9sLr5tYh8mPz1dFg4aQe6uRo0iKxwA"


class ChallengeOut(strict.ReplySchema):
    model_config = strict.example(challenge=_CHALLENGE, expires_at="2026-11-26T12:10:00Z")
    challenge: Annotated[str, Field(description="To be given to Play as the `requestHash`, as it is.")]
    expires_at: datetime


class IntegrityIn(strict.StrictSchema):
    model_config = strict.example(
        kind="play_integrity",
        token="eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMjU2R0NNIn0.e30.e30.e30.e30",  # noqa: S106  # the documentation's
    )
    kind: Literal["play_integrity"]
    token: Annotated[str, Field(min_length=1, max_length=play_integrity.MOST_CHARACTERS, pattern=r"^[!-~]+$")]


class IntegrityOut(strict.ReplySchema):
    model_config = strict.example(verdict="passed")
    verdict: Annotated[
        Literal["passed", "failed", "unknown"],
        Field(description="Nothing is refused for it: who fails is shown offers, and pushed fewer."),
    ]


@router.put(
    "/me/app-check",
    response={204: None},
    operation_id="vouchForApp",
    summary="Vouch for the app",
    description=(
        "By a Firebase App Check token, where the service asks for it; once a week is enough. Registering, signing in "
        "and fetching a coupon's code with a token do the same."
    ),
    openapi_extra=contract.with_app_check({}),
)
def vouch(request: auth.DeviceRequest) -> Status[None]:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    if app_check.verify(request):
        attest_device.attest_device(device_id=request.auth.device_id, now=now)
    return Status(204, None)


@router.post(
    "/me/integrity-challenge",
    response={200: ChallengeOut},
    operation_id="askForIntegrityChallenge",
    summary="Ask for a challenge for the platform's integrity verdict",
    description="Where the service asks for one. It is good for ten minutes, for this phone.",
    openapi_extra=contract.refusals(play_integrity.IntegrityOff),
)
def ask(request: auth.DeviceRequest) -> ChallengeOut:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    play_integrity.refuse_if_off()
    return ChallengeOut(
        challenge=play_integrity.challenge(device_id=request.auth.device_id, now=now),
        expires_at=now + play_integrity.ANSWERED_WITHIN,
    )


@router.put(
    "/me/integrity",
    response={200: IntegrityOut},
    operation_id="showIntegrity",
    summary="Show the platform's integrity verdict",
    description=(
        "The token that Google Play gave the app for the newest challenge; once a week is enough. It is one sign of "
        "several of whether reported places are made up."
    ),
    openapi_extra=contract.refusals(
        play_integrity.IntegrityOff,
        play_integrity.IntegrityInvalid,
        attest_device.VerdictKnown,
        play_integrity.IntegrityUnreachable,
        play_integrity.IntegrityRefused,
    ),
)
def show(request: auth.DeviceRequest, shown: IntegrityIn) -> IntegrityOut:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    found = play_integrity.verdict(shown.token, device_id=request.auth.device_id, now=now)
    attest_device.record_integrity(device_id=request.auth.device_id, verdict=found.integrity, at=found.at)
    return IntegrityOut(verdict=_WORDS[found.integrity])


_WORDS: dict[Integrity | None, Literal["passed", "failed", "unknown"]] = {
    Integrity.PASSED: "passed",
    Integrity.FAILED: "failed",
    None: "unknown",
}
