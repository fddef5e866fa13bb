"""What a shopper is asked, what they agreed to, and taking it back."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from geooffers.api import auth, clock, contract, limits, pauses, replies, strict
from geooffers.shoppers import consents
from geooffers.shoppers.models import ConsentState, Purpose
from geooffers.usecases import give_consent, withdraw_consent

router = Router(tags=["Consent"])
texts_router = Router(tags=["Consent"])

_TEXT = {
    "purpose": "marketing_push",
    "language": "en",
    "version": 1,
    "body": "Send me a notification when there is an offer for me.",
    "published_at": "2026-06-01T00:00:00Z",
}
_GIVEN = {
    "purpose": "marketing_push",
    "given": True,
    "language": "en",
    "version": 1,
    "changed_at": "2026-06-02T12:00:00Z",
}

PurposeIn = Annotated[
    Purpose,
    Field(
        strict=False,
        description=(
            "`location_foreground` and `location_background` are held by this device, `marketing_push` and "
            "`analytics` by the shopper, on all their devices."
        ),
    ),
]


class TextOut(strict.ReplySchema):
    model_config = strict.example(**_TEXT)
    purpose: Purpose
    language: str
    version: int
    body: str
    published_at: datetime


class TextsOut(strict.ReplySchema):
    model_config = strict.example(items=[_TEXT])
    items: list[TextOut]


class ConsentIn(strict.StrictSchema):
    model_config = strict.example(purpose="marketing_push", language="en", version=1)
    purpose: PurposeIn
    language: Annotated[strict.Language, Field(description="Of the text that was shown.")]
    version: Annotated[int, Field(ge=1, le=1_000_000, description="Of the text that was shown.")]


class WithdrawalIn(strict.StrictSchema):
    model_config = strict.example(purpose="marketing_push")
    purpose: PurposeIn


class ConsentOut(strict.ReplySchema):
    model_config = strict.example(**_GIVEN)
    purpose: Purpose
    given: bool
    language: Annotated[str | None, Field(description="Of the text; null when nothing was ever said.")]
    version: int | None
    changed_at: datetime | None


class ConsentsOut(strict.ReplySchema):
    model_config = strict.example(items=[_GIVEN], pause={"paused": False, "paused_until": None})
    items: Annotated[list[ConsentOut], Field(description="One for each purpose, in the order in which they are asked.")]
    pause: pauses.PauseOut


def _out(purpose: Purpose, state: ConsentState | None) -> ConsentOut:
    if state is None:
        return ConsentOut(purpose=purpose, given=False, language=None, version=None, changed_at=None)
    return ConsentOut(
        purpose=purpose,
        given=state.given,
        language=state.text.language,
        version=state.text.version,
        changed_at=state.changed_at,
    )


def _states(caller: auth.DeviceCaller) -> dict[str, ConsentState]:
    held = consents.states_of(device=caller.device, shopper=caller.shopper).select_related("text")
    return {state.purpose: state for state in held}


@texts_router.get(
    "",
    auth=None,
    response=TextsOut,
    operation_id="listConsentTexts",
    summary="The words to show",
    description="The newest version of each purpose and language. Show one, then give consent to exactly that one.",
)
def list_texts(
    request: HttpRequest,
    language: Annotated[
        str | None,
        Query(description="Only these, as `de`.", max_length=35, pattern=r"^[A-Za-z0-9-]+$", examples=["en"]),
    ] = None,
) -> TextsOut:
    limits.spend(request, limits.OPEN_READS, caller=limits.caller_by_address(request), now=clock.now())
    return TextsOut(items=[TextOut.from_orm(text) for text in consents.published_texts(language=language)])


@router.get(
    "",
    auth=auth.device_auth,
    response=ConsentsOut,
    operation_id="listConsents",
    summary="My consents",
    description="What this device and its shopper have agreed to now.",
)
def list_consents(request: auth.DeviceRequest) -> ConsentsOut:
    now = clock.now()
    limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    states = _states(request.auth)
    return ConsentsOut(
        items=[_out(purpose, states.get(purpose)) for purpose in Purpose],
        pause=pauses.pause_out(request.auth.shopper, now=now),
    )


@router.post(
    "",
    auth=auth.device_auth,
    response=ConsentOut,
    operation_id="giveConsent",
    summary="Give consent",
    description=(
        "To one purpose, and to the text that was shown. The Idempotency-Key keeps a late retry from giving again "
        "what was withdrawn meanwhile: it gets the first answer."
    ),
    openapi_extra=contract.with_idempotency_key(consents.UnknownText),
)
def give(request: auth.DeviceRequest, payload: ConsentIn) -> HttpResponse:
    now = clock.now()
    limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)

    def work() -> replies.Reply:
        state = give_consent.give_consent(
            device=request.auth.device,
            purpose=Purpose(payload.purpose),
            language=payload.language,
            version=payload.version,
            now=now,
        )
        return replies.Reply(status=200, body=_out(Purpose(state.purpose), state).model_dump(mode="json"))

    return replies.respond(request, caller=request.auth.name, payload=payload, now=now, work=work)


@router.post(
    "/withdraw",
    auth=auth.device_auth,
    response=ConsentOut,
    operation_id="withdrawConsent",
    summary="Withdraw consent",
    description=(
        "When it answers, nothing resting on that purpose happens any more: no report is matched, no waiting "
        "message is sent, and with the last location purpose the device's presence in visits ends. Repeating it is "
        "harmless."
    ),
)
def withdraw(request: auth.DeviceRequest, payload: WithdrawalIn) -> ConsentOut:
    # Not counted against any limit: taking a consent back is never refused for having called too often.
    now = clock.now()
    purpose = Purpose(payload.purpose)
    withdraw_consent.withdraw_consent(device=request.auth.device, purpose=purpose, now=now)
    return _out(purpose, _states(request.auth).get(purpose))
