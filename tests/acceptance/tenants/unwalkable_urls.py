"""A route with a parameter that nobody has told the walker about."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def show(request: HttpRequest, flavour: str) -> HttpResponse:
    return HttpResponse(flavour)


urlpatterns = [path("taste/<flavour>/", show)]
