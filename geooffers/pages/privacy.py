"""`/privacy`: what is kept of the phone in this browser, in the sandbox only. A client of /api/v1, as `/phone` is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from geooffers.pages.phone import sandbox_only


@sandbox_only
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/privacy.html")
