"""The phones of a shopper: which there are, and revoking one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Router, Status
from pydantic import Field

from geooffers.api.edge import clock, contract, rate_limits, strict
from geooffers.api.identity import auth
from geooffers.callers import limits
from geooffers.shoppers.models import Device
from geooffers.usecases.identity import revoke_device

router = Router(tags=["Devices"], auth=auth.device_auth)

_DEVICE = {
    "device_id": "019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c",
    "platform": "android",
    "app_version": "1.4.0",
    "gets_messages": True,
    "created_at": "2026-06-02T12:00:00Z",
    "is_this_one": True,
}


class MyDeviceOut(strict.ReplySchema):
    model_config = strict.example(**_DEVICE)
    device_id: UUID
    platform: str
    app_version: str
    gets_messages: Annotated[bool, Field(description="Whether it has a push address.")]
    created_at: Annotated[datetime, Field(description="When the app was registered on it.")]
    is_this_one: Annotated[bool, Field(description="The phone that asks.")]


class MyDevicesOut(strict.ReplySchema):
    model_config = strict.example(items=[_DEVICE])
    items: Annotated[list[MyDeviceOut], Field(description="The newest first; at most 100.")]


@router.get(
    "",
    response=MyDevicesOut,
    operation_id="listMyDevices",
    summary="My devices",
    description="Every phone that is signed in to the account, or the anonymous one that asks, without revoked ones.",
)
def list_mine(request: auth.DeviceRequest) -> MyDevicesOut:
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=clock.now())
    mine = Device.objects.filter(shopper=request.auth.shopper, retired_at=None).order_by("-created_at", "-pk")
    return MyDevicesOut(
        items=[
            MyDeviceOut(
                device_id=device.pk,
                platform=device.platform,
                app_version=device.app_version,
                gets_messages=device.push_address != "",
                created_at=device.created_at,
                is_this_one=device.pk == request.auth.device_id,
            )
            for device in mine[:100]
        ]
    )


@router.delete(
    "/{uuid:device_id}",
    response={204: None},
    operation_id="revokeDevice",
    summary="Revoke one of my devices",
    description=(
        "When it answers, that phone's tokens open nothing any more (`device_retired`), its location consents and its "
        "presence have ended, and no message goes there; coupons and visits stay with the shopper. Repeating it is "
        "harmless. A phone may revoke itself. An anonymous shopper has one phone alone: without it nobody can come "
        "back to what they hold."
    ),
    openapi_extra=contract.refusals(revoke_device.NoSuchDevice),
)
def revoke(request: auth.DeviceRequest, device_id: UUID) -> Status[None]:
    # Not counted against any limit: a phone in the wrong hands is never kept open for having called too often.
    revoke_device.revoke_device(asker=request.auth.device, device_id=device_id, now=clock.now())
    return Status(204, None)
