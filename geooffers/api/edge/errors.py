"""Every refusal as HTTP: the one table from its class to status and code, and the shape in which it leaves.

The shape is RFC 9457's `application/problem+json`. The code is the contract; the sentence is for people. What the
caller sent is never repeated, neither in the answer nor in a log.
"""

import inspect
import json
import logging
import re
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from ninja.errors import HttpError, ValidationError

from geooffers.api.edge import database_trouble, idempotency, paging, strict
from geooffers.api.identity import app_check, auth, id_tokens, play_integrity
from geooffers.callers import device_lookup, limits, replies, report_rate, scanners
from geooffers.coupons import codes, holdings
from geooffers.jurisdictions import codes as codes_of_places
from geooffers.redemptions import redeeming
from geooffers.shoppers.consents import allowed, pauses, texts
from geooffers.shoppers.identity import devices, tokens
from geooffers.shoppers.privacy import export_files, tombstone_file, tombstones
from geooffers.usecases.identity import attest_device, register_device, revoke_device, sign_out
from geooffers.usecases.location import report_positions
from geooffers.usecases.offers import take_offer
from merchants.people import access
from notifications import wallet_credentials
from notifications.channels import google_wallet
from notifications.passes.apple_keys import AppleKeysUnusable

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Problem:
    status: int
    code: str
    hint: str = ""


# A refusal's docstring is its sentence. It may carry `detail` (a sentence of its own), `field`, `retry_after_s`, and
# `members` (RFC 9457's extensions: the facts as data); its str() is never shown, for it may hold what was sent.
PROBLEMS: dict[type[Exception], Problem] = {
    # the reader in front
    strict.NotJsonMedia: Problem(status=415, code="content_type", hint="Content-Type: application/json"),
    strict.Encoded: Problem(status=415, code="content_encoding", hint="Send the body without Content-Encoding."),
    strict.BodyTooLarge: Problem(status=413, code="body_too_large", hint="Send smaller batches."),
    RequestDataTooBig: Problem(status=413, code="body_too_large", hint="Send smaller batches."),
    strict.NotUtf8: Problem(status=400, code="not_utf8"),
    strict.TooDeep: Problem(status=400, code="too_deep"),
    strict.DuplicateKey: Problem(status=400, code="duplicate_key"),
    strict.InvalidJson: Problem(status=400, code="invalid_json"),
    strict.NumberTooLong: Problem(status=422, code="number_too_long"),
    strict.InvalidText: Problem(status=422, code="invalid_text"),
    UnreadablePostError: Problem(status=400, code="body_unreadable", hint="The connection broke; send it again."),
    TooManyFieldsSent: Problem(status=400, code="too_many_fields"),
    # who calls
    auth.TokenMissing: Problem(status=401, code="token_missing"),
    device_lookup.TokenUnknown: Problem(
        status=401, code="token_unknown", hint="Register the device, or check the key."
    ),
    device_lookup.DeviceRetired: Problem(status=401, code="device_retired", hint="Make a new install_id and token."),
    tombstones.Erased: Problem(status=401, code="erased", hint="Register anew, with a new token and install_id."),
    scanners.KeyRevoked: Problem(status=401, code="key_revoked", hint="Make a new key in the admin."),
    scanners.NotStaff: Problem(status=401, code="not_staff"),
    auth.TokenInUrl: Problem(status=400, code="token_in_url", hint="Make a new token: this one is in somebody's logs."),
    auth.AuthorizationTwice: Problem(status=400, code="authorization_twice"),
    auth.HeaderTooLarge: Problem(status=431, code="header_too_large"),
    scanners.ScopeMissing: Problem(status=403, code="scope_missing", hint="Make a key with that scope in the admin."),
    auth.CsrfFailed: Problem(status=403, code="csrf_failed"),
    # how often, how again, how far
    limits.TooManyRequests: Problem(status=429, code="too_many_requests"),
    idempotency.KeyRequired: Problem(status=400, code="idempotency_key_required"),
    idempotency.KeyInvalid: Problem(status=400, code="idempotency_key_invalid"),
    replies.KeyReused: Problem(status=422, code="key_reused", hint="Make a new key for a new request."),
    replies.InFlight: Problem(status=409, code="in_flight", hint="Ask again in a second."),
    paging.BadCursor: Problem(status=400, code="bad_cursor", hint="Start over without a cursor."),
    Http404: Problem(status=404, code="not_found"),
    # our own trouble, passing
    database_trouble.Unavailable: Problem(status=503, code="unavailable", hint="Send the same request again."),
    # devices and consent
    register_device.InstallKnown: Problem(status=409, code="install_known", hint="Make a new install_id."),
    register_device.InstallRevoked: Problem(status=409, code="install_revoked"),
    register_device.TokenTaken: Problem(status=409, code="token_taken"),
    app_check.AppCheckMissing: Problem(status=401, code="app_check_missing"),
    app_check.AppCheckInvalid: Problem(status=401, code="app_check_invalid"),
    app_check.AppCheckUsed: Problem(status=401, code="app_check_used"),
    app_check.AppCheckUnreachable: Problem(status=503, code="app_check_unreachable"),
    play_integrity.IntegrityOff: Problem(status=409, code="integrity_off"),
    play_integrity.IntegrityInvalid: Problem(
        status=401, code="integrity_invalid", hint="Ask for a challenge, and Play for a new token."
    ),
    attest_device.VerdictKnown: Problem(
        status=401, code="integrity_used", hint="Ask for a challenge, and Play for a new token."
    ),
    play_integrity.IntegrityUnreachable: Problem(status=503, code="integrity_unreachable"),
    play_integrity.IntegrityRefused: Problem(status=502, code="integrity_refused", hint="Tell the operator."),
    id_tokens.SignInOff: Problem(status=501, code="sign_in_off"),
    id_tokens.IdTokenInvalid: Problem(status=401, code="id_token_invalid"),
    id_tokens.IdTokenExpired: Problem(status=401, code="id_token_expired"),
    id_tokens.CertificatesUnreachable: Problem(status=503, code="certificates_unreachable"),
    tokens.TokenReplaced: Problem(status=401, code="token_replaced", hint="Use the newest token."),
    tokens.NewTokenTaken: Problem(status=409, code="token_taken"),
    devices.ChangedHands: Problem(status=401, code="token_replaced", hint="Use the newest token."),
    revoke_device.NoSuchDevice: Problem(status=404, code="not_found"),
    sign_out.NotSignedIn: Problem(status=409, code="not_signed_in"),
    texts.UnknownText: Problem(status=422, code="unknown_consent_text", hint="GET /consent-texts lists them."),
    allowed.NotAllowed: Problem(status=403, code="not_allowed", hint="GET /consents says which ones are allowed."),
    codes_of_places.UnknownJurisdiction: Problem(status=422, code="unknown_jurisdiction"),
    texts.TextOutdated: Problem(status=409, code="consent_text_outdated", hint="GET /consents has the new one."),
    holdings.NoSuchCoupon: Problem(status=404, code="not_found"),
    # one's own data
    export_files.NoSuchExport: Problem(status=404, code="not_found", hint="Ask for a new copy."),
    export_files.NotReady: Problem(status=409, code="export_not_ready", hint="Follow the link again in a minute."),
    tombstone_file.CannotKeep: Problem(status=503, code="erasure_unavailable", hint="Send the same request again."),
    # wallets
    wallet_credentials.WalletNotConfigured: Problem(status=501, code="wallet_off"),
    AppleKeysUnusable: Problem(status=503, code="wallet_keys_unusable", hint="Tell the operator."),
    wallet_credentials.GoogleKeysUnusable: Problem(status=503, code="wallet_keys_unusable", hint="Tell the operator."),
    google_wallet.WalletUnavailable: Problem(status=503, code="wallet_unavailable", hint="Ask again in a moment."),
    google_wallet.WalletRefused: Problem(status=502, code="wallet_refused", hint="Tell the operator."),
    # at the till; docs/redemption.md lists them with what to say and do
    codes.MalformedCode: Problem(status=422, code="malformed_code", hint="Scan it, or type the whole code again."),
    codes.BadCheckSymbol: Problem(
        status=422, code="bad_check_symbol", hint="Compare it with the phone, letter by letter."
    ),
    redeeming.UnknownCode: Problem(
        status=404, code="unknown_code", hint="Ask the guest to open the coupon in the app and scan it from there."
    ),
    redeeming.WrongStore: Problem(
        status=409, code="wrong_store", hint="The offer names its stores. The coupon was not used up."
    ),
    redeeming.NotYetValid: Problem(
        status=409, code="not_yet_valid", hint="Try again in a few minutes; if it stays, tell the operator."
    ),
    redeeming.CouponExpired: Problem(
        status=409, code="coupon_expired", hint="Show the guest when. It cannot be revived."
    ),
    redeeming.AlreadyRedeemed: Problem(
        status=409, code="already_redeemed", hint="Show the guest when and where. Nothing was taken now."
    ),
    redeeming.NonceReused: Problem(status=422, code="key_reused", hint="Make a new key for every scan."),
    access.MayNotScan: Problem(status=403, code="may_not_scan", hint="Ask the owner of the shop."),
    access.NoSuchStore: Problem(
        status=404, code="store_not_found", hint="Leave out store_id, or name a store of yours."
    ),
    access.StoreNeeded: Problem(status=422, code="store_needed", hint="Send store_id."),
    # reports
    report_positions.ConsentMissing: Problem(status=403, code="consent_missing", hint="Ask the shopper."),
    pauses.Paused: Problem(status=403, code="paused", hint="Forget these positions; send none before the pause ends."),
    report_positions.EmptyBatch: Problem(status=422, code="empty_batch"),
    report_positions.BatchTooLarge: Problem(status=413, code="batch_too_large"),
    report_positions.TooManyWrites: Problem(status=429, code="too_many_changes"),
    report_rate.TooManyReports: Problem(status=429, code="too_many_reports"),
    report_rate.Busy: Problem(status=503, code="busy"),
    # offers where the phone is; docs/offers-here.md lists them
    take_offer.NotInside: Problem(status=409, code="not_inside", hint="Report a position first."),
    take_offer.NoSuchOffer: Problem(status=404, code="not_found"),
    take_offer.OfferPaused: Problem(status=409, code="offer_paused"),
    take_offer.OfferNotStarted: Problem(status=409, code="offer_not_started"),
    take_offer.OfferOutsideSchedule: Problem(status=409, code="offer_outside_schedule"),
    take_offer.OfferEndsTooSoon: Problem(status=409, code="offer_ends_too_soon"),
    take_offer.AlreadyIssued: Problem(
        status=409, code="already_issued_this_visit", hint="GET /coupons lists it. The next visit may bring another."
    ),
    take_offer.ShopperLimit: Problem(status=409, code="shopper_limit"),
    take_offer.DeviceLimit: Problem(status=409, code="device_limit"),
    take_offer.UsedUp: Problem(status=409, code="cap_reached", hint="GET /offers/here lists what is left."),
}

# What pydantic calls a mistake -> our code. Types that are not here are codes of ours already (strict.py).
FIELD_CODES: Mapping[str, str] = {
    "missing": "missing_field",
    "extra_forbidden": "unknown_field",
    "finite_number": "number_not_finite",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "int_parsing_size": "out_of_range",
    "too_long": "too_long",
    "too_short": "too_short",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "string_pattern_mismatch": "format",
    "enum": "unknown_value",
    "literal_error": "unknown_value",
    "int_parsing": "wrong_type",
    "bool_parsing": "wrong_type",
    "uuid_parsing": "uuid_format",
    "value_error": "invalid_value",
}
_A_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, kw_only=True)
class FieldProblem:
    code: str
    field: str
    detail: str


def field_problem(error: Mapping[str, Any], *, skip: int = 0) -> FieldProblem:
    """One entry of pydantic's `errors()` in our words; `skip` leaves out so many leading parts of its place."""
    kind = str(error["type"])
    code = FIELD_CODES.get(kind) or ("wrong_type" if kind.endswith("_type") else kind)
    detail = str(error["msg"]) if code != "unknown_field" else "there is no such field"
    return FieldProblem(code=code, field=_place(error["loc"][skip:]), detail=detail)


def _place(parts: Sequence[str | int]) -> str:
    """`fixes[3].lat`. A name that is not one of ours may be anything, so it is shown only if it looks like a name."""
    place = ""
    for part in parts:
        if isinstance(part, int):
            place += f"[{part}]"
        else:
            place += f".{part if _A_NAME.fullmatch(part) else '?'}"
    return place.removeprefix(".")


def problem_response(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    detail: str,
    field: str | None = None,
    hint: str = "",
    retry_after_s: int | None = None,
    members: Mapping[str, str] | None = None,
) -> HttpResponse:
    body = {
        **(members or {}),
        "type": f"urn:geooffers:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "field": field,
        "hint": hint,
        "request_id": request.META.get("geooffers.request_id", ""),
    }
    response = HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")
    if retry_after_s is not None:
        response["Retry-After"] = str(retry_after_s)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


_DJANGOS_OWN: Mapping[type[Exception], str] = {
    RequestDataTooBig: inspect.getdoc(strict.BodyTooLarge) or "",
    UnreadablePostError: "The body did not arrive whole.",
    TooManyFieldsSent: "There are more than 1,000 fields.",
    Http404: "There is nothing here, or nothing that you may see.",
}


def sentence_of(refusal: type[Exception]) -> str:
    """The docstring of a refusal is its message; Django's own exceptions get plain words here."""
    if refusal in _DJANGOS_OWN:
        return _DJANGOS_OWN[refusal]
    return (inspect.getdoc(refusal) or "").partition("\n\n")[0].replace("\n", " ")


def answer(request: HttpRequest, exc: BaseException) -> HttpResponse:
    """Whatever an operation raised, as the answer to it."""
    if isinstance(exc, ValidationError):
        return validation_error(request, exc)
    if isinstance(exc, HttpError):
        # Ninja wraps whatever its parser raised.
        return plain(request, status=exc.status_code) if exc.__cause__ is None else answer(request, exc.__cause__)
    if isinstance(exc, Exception) and any(cls in PROBLEMS for cls in type(exc).__mro__):
        return refused(request, exc)
    if database_trouble.is_passing(exc):
        return unavailable(request, exc)
    return unforeseen(request, exc)


def unavailable(request: HttpRequest, exc: BaseException) -> HttpResponse:
    """Nothing was done, and the next try may find the database in a better state."""
    log.warning(
        "database trouble, request %s: %s", request.META.get("geooffers.request_id", ""), type(exc.__cause__ or exc)
    )
    return refused(request, database_trouble.Unavailable())


def refused(request: HttpRequest, exc: Exception) -> HttpResponse:
    kind = next(cls for cls in type(exc).__mro__ if cls in PROBLEMS)
    problem = PROBLEMS[kind]
    return problem_response(
        request,
        status=problem.status,
        code=problem.code,
        detail=getattr(exc, "detail", "") or sentence_of(kind),
        field=getattr(exc, "field", None),
        hint=problem.hint,
        retry_after_s=getattr(exc, "retry_after_s", None),
        members=getattr(exc, "members", None),
    )


def validation_error(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    """The first mistake found. Places begin with where it was (body, query, path), then the parameter's name."""
    error = exc.errors[0]
    source, place = error["loc"][0], error["loc"]
    if source == "path":
        return refused(request, Http404())  # no id of ours looks like that
    if source == "body" and len(place) <= 2 and error["type"] == "missing":
        return refused(request, strict.InvalidJson("line 1 column 1: the body is empty"))
    found = field_problem(error, skip=2 if source == "body" else 1)
    return problem_response(request, status=422, code=found.code, detail=found.detail, field=found.field)


def plain(request: HttpRequest, *, status: int) -> HttpResponse:
    """A refusal of the framework's own (405, a bad Host header): its status in our shape."""
    phrase = HTTPStatus(status).phrase
    return problem_response(request, status=status, code=phrase.lower().replace(" ", "_"), detail=phrase)


def unforeseen(request: HttpRequest, exc: BaseException) -> HttpResponse:
    """A mistake of ours. The log gets class and stack; an exception's own words may quote a row or a body."""
    lines = []
    link: BaseException | None = exc
    while link is not None:
        lines.append(f"{type(link).__qualname__}\n{''.join(traceback.format_tb(link.__traceback__))}")
        link = link.__cause__ or link.__context__
    log.error(
        "unforeseen error, request %s: %s", request.META.get("geooffers.request_id", ""), "caused by ".join(lines)
    )
    return problem_response(
        request,
        status=500,
        code="internal_error",
        detail="Something went wrong on our side.",
        hint="Try again; if it stays, tell the operator the request_id.",
    )
