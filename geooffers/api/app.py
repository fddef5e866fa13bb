"""The API at /api/v1: one line per resource. Documentation at /api/v1/docs, the document at /api/v1/openapi.json."""

from geooffers.api.edge import contract, strict
from geooffers.api.identity import age_and_residence, attestation, devices, my_devices, signing_in, signing_out
from geooffers.api.location import gps_clients, nearby, positions, region_events, regions
from geooffers.api.offers import city_offers, coupons, offers, passes
from geooffers.api.privacy import consents, erasure, exports, pauses
from geooffers.api.till import redemptions

api = contract.Api(
    title="Geooffers",
    version="1.0.0",
    urls_namespace="api",
    description=(
        "Location-aware coupons. A phone registers, its shopper consents, the phone reports where it is; "
        "when a visit begins, the one best offer becomes a coupon, redeemed once at the till.\n\n"
        "Times are RFC 3339 with an offset, coordinates WGS84 degrees, names carry their units. "
        "Errors are `application/problem+json`; act on `code`."
    ),
    parser=strict.StrictParser(),
    servers=[{"url": "/", "description": "Wherever this document came from."}],
    openapi_extra={
        "info": {
            "license": {"name": "MIT", "identifier": "MIT"},
        },
    },
)

api.add_router("/devices", devices.router)
api.add_router("/devices", attestation.router)
api.add_router("/me/devices", my_devices.router)
api.add_router("/sign-in", signing_in.router)
api.add_router("/sign-out", signing_out.router)
api.add_router("/consent-texts", consents.texts_router)
api.add_router("/consents", consents.router)
api.add_router("/consents", pauses.router)
api.add_router("/consents", age_and_residence.router)
api.add_router("/positions", positions.router)
api.add_router("/region-events", region_events.router)
api.add_router("/regions", regions.router)
api.add_router("/nearby", nearby.router)
api.add_router("/ingest", gps_clients.router)
api.add_router("", city_offers.router)
api.add_router("/offers", offers.router)
api.add_router("/coupons", passes.router)  # before the next, whose marks are any last part
api.add_router("/coupons", coupons.router)
api.add_router("/me/export", exports.router)
api.add_router("/me", erasure.router)
api.add_router("", redemptions.router)
