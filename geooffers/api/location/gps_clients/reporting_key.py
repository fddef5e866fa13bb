"""GET /ingest/key: what a shopper types into an app that is not ours."""

from ninja import Router
from pydantic import Field

from geooffers.api.edge import clock, contract, rate_limits, strict
from geooffers.api.identity import auth
from geooffers.api.location.gps_clients import describing
from geooffers.callers import limits, reporting_keys
from geooffers.shoppers.identity import tokens

router = Router(tags=[describing.TAG])


class ReportingKeyOut(strict.ReplySchema):
    model_config = strict.example(reporting_key="grk_AZ5_XDpSfE6dQQxqih8rPN0Z6m0cWl3uT1yBqkS8Zvw")
    reporting_key: str = Field(description="Reports positions for this device, and opens nothing else.")


@router.get(
    "/key",
    auth=auth.device_auth,
    response=ReportingKeyOut,
    operation_id="readReportingKey",
    summary="Read the device's reporting key",
    description=(
        "For an app that is not ours, so that it need not hold the device's token. It stays the same, and ends when "
        "the device's token does. Call it with the newest token."
    ),
    openapi_extra=contract.refusals(tokens.TokenReplaced),
)
def read_reporting_key(request: auth.DeviceRequest) -> ReportingKeyOut:
    rate_limits.spend(request, limits.DEVICE_CALLS, caller=request.auth.name, now=clock.now())
    token = auth.bearer(request)
    if token is None:
        raise auth.TokenMissing
    if tokens.hash_of(token) != bytes(request.auth.device.token_hash):
        raise tokens.TokenReplaced  # a key that was derived from the token before would open nothing
    return ReportingKeyOut(reporting_key=reporting_keys.make_key(token=token))
