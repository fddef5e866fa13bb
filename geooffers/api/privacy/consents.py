"""What a shopper is asked, what they agreed to, and taking it back."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from geooffers.api.edge import client_address, clock, contract, idempotency, rate_limits, strict
from geooffers.api.edge.locales import asked_for, spoken_now
from geooffers.api.identity import age_and_residence as circumstances
from geooffers.api.identity import auth
from geooffers.api.privacy import pauses
from geooffers.callers import limits, replies
from geooffers.callers.device_lookup import DeviceCaller
from geooffers.shoppers.consents import allowed, consents, texts
from geooffers.shoppers.models import LANGUAGE_TAG, PAUSED_PURPOSES, ConsentState, Purpose, Shopper
from geooffers.usecases.privacy import give_consent, withdraw_consent

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
    "outdated": False,
    "allowed": True,
    "in_force": True,
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
    """What this device or its shopper said of one purpose."""

    model_config = strict.example(**_GIVEN)
    purpose: Purpose
    given: Annotated[bool, Field(description="What was said last.")]
    language: Annotated[str | None, Field(description="Of the text it was said to; null when nothing was ever said.")]
    version: int | None
    changed_at: Annotated[datetime | None, Field(description="Given, or withdrawn, since.")]
    outdated: Annotated[bool, Field(description="Given to a text that has a successor with another meaning: ask anew.")]
    allowed: Annotated[
        bool, Field(description="Whether it may be agreed to, by the shopper's age and where they live.")
    ]
    in_force: Annotated[bool, Field(description="Whether it is acted on now: given, allowed, not outdated or paused.")]


class ConsentShownOut(ConsentOut):
    model_config = strict.example(**_GIVEN, text=_TEXT)
    text: Annotated[TextOut | None, Field(description="What to show and to agree to, in the best language there is.")]


class ConsentsOut(strict.ReplySchema):
    """What a settings page shows."""

    model_config = strict.example(
        items=[{**_GIVEN, "text": _TEXT}],
        pause={"paused": False, "paused_until": None},
        circumstances={"age": "18_plus", "jurisdiction": None, "allowed": list(Purpose)},
        locale="en-GB",
    )
    items: Annotated[
        list[ConsentShownOut], Field(description="One for each purpose, in the order in which they are asked.")
    ]
    pause: pauses.PauseOut
    circumstances: circumstances.CircumstancesOut
    locale: Annotated[str, Field(description="What was asked for; each text says which language it is in.")]


def _said(purpose: Purpose, state: ConsentState | None, *, shopper: Shopper, now: datetime) -> dict[str, Any]:
    may = purpose in allowed.purposes(shopper=shopper)
    if state is None:
        unsaid = dict.fromkeys(["language", "version", "changed_at"])
        return {"purpose": purpose, "given": False, **unsaid, "outdated": False, "allowed": may, "in_force": False}
    outdated = state.given and state.text.outdated_at is not None
    paused = purpose in PAUSED_PURPOSES and shopper.is_paused(now)
    return {
        "purpose": purpose,
        "given": state.given,
        "language": state.text.language,
        "version": state.text.version,
        "changed_at": state.changed_at,
        "outdated": outdated,
        "allowed": may,
        "in_force": state.given and may and not outdated and not paused,
    }


def _states(caller: DeviceCaller) -> dict[str, ConsentState]:
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
    rate_limits.spend(request, limits.OPEN_READS, caller=client_address.as_caller(request), now=clock.now())
    return TextsOut(items=[TextOut.model_validate(text) for text in texts.current_texts(language=language)])


@router.get(
    "",
    auth=auth.device_auth,
    response=ConsentsOut,
    operation_id="listConsents",
    summary="My consents",
    description=(
        "All that a settings page shows: each purpose with the words to show now, what this device and its shopper "
        "said, and whether it is acted on. The language is `locale`, else what Accept-Language prefers, else what the "
        "app registered with."
    ),
)
def list_consents(
    request: auth.DeviceRequest,
    locale: Annotated[
        str | None, Query(description="As `de-AT`.", max_length=35, pattern=LANGUAGE_TAG, examples=["en"])
    ] = None,
) -> ConsentsOut:
    now = clock.now()
    caller = request.auth
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=caller.name, now=now)
    locales = asked_for(request, shopper=caller.shopper, locale=locale)
    states, shown = _states(caller), texts.spoken(texts.current_texts(), locales=locales)
    return ConsentsOut(
        items=[
            ConsentShownOut(
                **_said(purpose, states.get(purpose), shopper=caller.shopper, now=now),
                text=TextOut.model_validate(shown[purpose]) if purpose in shown else None,
            )
            for purpose in Purpose
        ],
        pause=pauses.pause_out(caller.shopper, now=now),
        circumstances=circumstances.circumstances_out(caller.shopper),
        locale=locales[0],
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
    openapi_extra=contract.with_idempotency_key(texts.UnknownText, texts.TextOutdated, allowed.NotAllowed),
)
def give(request: auth.DeviceRequest, payload: ConsentIn) -> HttpResponse:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)

    def work() -> replies.Reply:
        state = give_consent.give_consent(
            device=request.auth.device,
            purpose=Purpose(payload.purpose),
            language=payload.language,
            version=payload.version,
            locale=spoken_now(request, shopper=request.auth.shopper),
            now=now,
        )
        said = ConsentOut(**_said(Purpose(state.purpose), state, shopper=state.shopper, now=now))
        return replies.Reply(status=200, body=said.model_dump(mode="json"))

    return idempotency.respond(request, caller=request.auth.holder_name, payload=payload, now=now, work=work)


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
    caller = request.auth
    locale = spoken_now(request, shopper=caller.shopper)
    withdraw_consent.withdraw_consent(device=caller.device, purpose=purpose, locale=locale, now=now)
    return ConsentOut(**_said(purpose, _states(caller).get(purpose), shopper=caller.shopper, now=now))
