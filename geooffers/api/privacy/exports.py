"""A shopper reads what is kept of them: at once, or for a large account by a link that is good once."""

import gzip
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Path, Router
from pydantic import Field

from geooffers.api.edge import client_address, clock, contract, rate_limits, strict
from geooffers.api.identity import auth
from geooffers.api.privacy.export_schema import ExportOut, json_schema
from geooffers.callers import limits
from geooffers.shoppers.privacy import export_files
from geooffers.usecases.privacy import export_shopper

router = Router(tags=["My data"])

_TOKEN = "q3fB0vN8Y1mWc5hLr7tZk2sPx9dEg6aJ4uRo0iKyXwA"  # noqa: S105  # the documentation's, nobody's


class OrderedOut(strict.ReplySchema):
    """The copy is being made; follow `link` with the device's token."""

    model_config = strict.example(
        request_id="6f0a5c1e-8d3b-4e57-9a42-1c7e5b9d2f60",
        link=f"/api/v1/me/export/{_TOKEN}",
        ready_by="2026-06-02T13:00:00Z",
        expires_at="2026-06-03T12:00:00Z",
    )
    request_id: UUID
    link: Annotated[str, Field(description="Good once, for a phone of the same shopper. Told now and never again.")]
    ready_by: datetime
    expires_at: datetime


@router.get(
    "",
    auth=auth.device_auth,
    response={200: ExportOut, 202: OrderedOut},
    by_alias=True,
    operation_id="exportMe",
    summary="Everything that is kept of me",
    description=(
        "A copy as JSON, whose schema is published beside it. Accounts with more than 2,000 rows get 202 and a link: "
        "the copy is ready within the hour and kept for a day. Asking again makes a new link and ends the one before."
    ),
)
def get(request: auth.DeviceRequest) -> HttpResponse:
    now = clock.now()
    rate_limits.spend(request, limits.EXPORTS, caller=request.auth.name, now=now)
    made = export_shopper.export_shopper(device=request.auth.device, shopper=request.auth.shopper, now=now)
    if isinstance(made, export_shopper.Made):
        return _file(made.document, now=now)
    link = f"/api/v1/me/export/{made.token}"
    ordered = OrderedOut(request_id=made.request_id, link=link, ready_by=made.ready_by, expires_at=made.expires_at)
    return JsonResponse(ordered.model_dump(mode="json"), status=202)


@router.get(
    "/schema",
    auth=None,
    response={200: dict[str, Any]},
    operation_id="getExportSchema",
    summary="The JSON Schema of an export",
    description="Draft 2020-12. Members are added, and never change their meaning; then `version` would.",
    openapi_extra={
        "responses": {
            200: {
                "content": {
                    "application/json": {
                        "example": {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}
                    }
                }
            }
        }
    },
)
def schema(request: HttpRequest) -> HttpResponse:
    rate_limits.spend(request, limits.OPEN_READS, caller=client_address.as_caller(request), now=clock.now())
    return JsonResponse(json_schema(), json_dumps_params={"indent": 1})


@router.get(
    "/{token}",
    auth=auth.device_auth,
    response={200: ExportOut},
    by_alias=True,
    operation_id="fetchExport",
    summary="Fetch my copy by its link",
    description="Once: with the answer the copy is gone. Until it is made, 409 with Retry-After.",
    openapi_extra=contract.refusals(export_files.NoSuchExport, export_files.NotReady),
)
def fetch(
    request: auth.DeviceRequest,
    token: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$", examples=[_TOKEN])],
) -> HttpResponse:
    now = clock.now()
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=now)
    body = export_files.fetch(shopper_id=request.auth.shopper.pk, token=token, now=now)
    return _file(gzip.decompress(body), now=now)


def _file(document: bytes, *, now: datetime) -> HttpResponse:
    response = HttpResponse(document, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="geooffers-{now:%Y-%m-%d}.json"'
    return response
