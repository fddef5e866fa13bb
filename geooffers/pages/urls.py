"""The pages that are not the admin."""

from django.urls import path

from geooffers.pages import phone

urlpatterns = [
    path("phone", phone.page, name="phone"),
    path("phone/fences", phone.fences, name="phone-fences"),
    path("phone/pushes", phone.pushes, name="phone-pushes"),
    path("phone/coupons/<uuid:coupon_id>/face", phone.face, name="phone-face"),
    path("phone/coupons/<uuid:coupon_id>/qr.svg", phone.qr, name="phone-qr"),
]
