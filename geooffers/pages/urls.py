"""The pages that are not the admin."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from geooffers.pages import logos, phone, privacy, scan, scan_sign_in, scan_stills

urlpatterns = [
    path("logos/<uuid:merchant_id>/<slug:digest>.png", logos.image, name="merchant-logo"),
    path("logos/<uuid:merchant_id>/<slug:digest>/<slug:colour>.png", logos.square, name="merchant-logo-square"),
    path("phone", phone.page, name="phone"),
    path("phone/fences", phone.fences, name="phone-fences"),
    path("phone/pushes", phone.pushes, name="phone-pushes"),
    path("phone/coupons/<uuid:coupon_id>/face", phone.face, name="phone-face"),
    path("phone/coupons/<uuid:coupon_id>/qr.svg", phone.qr, name="phone-qr"),
    path("privacy", privacy.page, name="privacy"),
    path("scan", scan.page, name="scan"),
    path("scan/sign-in", scan_sign_in.SignIn.as_view(), name="scan-sign-in"),
    path("scan/sign-out", LogoutView.as_view(next_page="scan-sign-in"), name="scan-sign-out"),
    path("scan/still", scan_stills.read, name="scan-still"),
]
