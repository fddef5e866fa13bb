"""Every address of the service."""

from django.contrib import admin
from django.urls import include, path

from geooffers.api import health
from geooffers.api.app import api

urlpatterns = [
    path("admin/", include("merchants.passwords")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("", include("geooffers.pages.urls")),
    path("livez", health.livez),
    path("readyz", health.readyz),
]
