"""Every address of the service, but /livez and /readyz: `api.edge.health` answers those before any routing."""

from django.contrib import admin
from django.urls import include, path

from geooffers.api.app import api

urlpatterns = [
    path("admin/", include("merchants.people.passwords")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("", include("geooffers.pages.urls")),
]
