"""/ingest: positions from apps that are not ours, one file for each. docs/clients.md tells how to set them up."""

from ninja import Router

from geooffers.api.location.gps_clients import (
    background_geolocation,
    gpslogger,
    osmand,
    overland,
    owntracks,
    reporting_key,
    traccar,
)

router = Router()
for part in (reporting_key, owntracks, overland, background_geolocation, traccar, osmand, gpslogger):
    router.add_router("", part.router)
