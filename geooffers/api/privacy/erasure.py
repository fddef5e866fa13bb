"""A shopper ends it: everything about them goes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Status
from ninja.security.base import AuthBase
from pydantic import Field

from geooffers.api.edge import clock, contract, strict
from geooffers.api.identity import auth
from geooffers.callers import device_lookup
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.privacy import tombstone_file, tombstones
from geooffers.usecases.privacy import erase_shopper

router = Router(tags=["My data"])


class ErasureRequest(HttpRequest):
    auth: bytes


class ErasedOut(strict.ReplySchema):
    model_config = strict.example(
        request_id="6f0a5c1e-8d3b-4e57-9a42-1c7e5b9d2f60",
        erased_at="2026-06-02T12:00:00Z",
        complete_by="2026-06-03T12:00:00Z",
    )
    request_id: Annotated[UUID, Field(description="What to name when asking the operator about it.")]
    erased_at: datetime
    complete_by: Annotated[
        datetime, Field(description="By then the last records of visits and decisions are gone as well.")
    ]


class TokenOfDevice(AuthBase):
    """The device's token, looked up under the locks of the erasure: it may be gone already, and that is fine."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "The device's token; also one that was erased within the last 35 days."

    def __call__(self, request: HttpRequest) -> bytes:
        token = auth.bearer(request)
        if token is None:
            raise auth.TokenMissing
        return tokens.hash_of(token)


@router.delete(
    "",
    auth=TokenOfDevice(),
    response={202: ErasedOut},
    operation_id="eraseMe",
    summary="Erase me",
    description=(
        "Phones, consents, presence, pushes and coupons are gone when it answers; open coupons give their place back, "
        "wallet passes become void. Records of visits and decisions follow by `complete_by`. What stays: redemptions "
        "in the merchants' books, under a pseudonym that nobody can resolve any more; of each consent its purpose, "
        "text, time and a pseudonym. Tokens of these phones answer 401 `erased` from now on, and this call again with "
        "the same answer, for 35 days. There is no way back."
    ),
    openapi_extra=contract.refusals(
        device_lookup.DeviceRetired, tombstones.Erased, tokens.TokenReplaced, tombstone_file.CannotKeep
    ),
)
def erase(request: ErasureRequest) -> Status[ErasedOut]:
    # Not counted against any limit: going is never refused for having called too often.
    now, token_hash = clock.now(), request.auth
    try:
        caller = device_lookup.find(token_hash=token_hash, now=now)
        erased = erase_shopper.erase_shopper(device_id=caller.device_id, shown_hash=token_hash, now=now)
        return _answer(request_id=erased.request_id, at=erased.at)
    except tombstones.Erased:
        before = tombstones.erasure_of(token_hash=token_hash, now=now)
        if before is None:
            raise
        return _answer(request_id=before.request_id, at=before.at)


def _answer(*, request_id: UUID, at: datetime) -> Status[ErasedOut]:
    return Status(202, ErasedOut(request_id=request_id, erased_at=at, complete_by=at + settings.ERASE_WITHIN))
