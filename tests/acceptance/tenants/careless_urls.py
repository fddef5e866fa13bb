"""What a hurried person might add: an admin page of all offers, and an address that shows any offer by its id."""

from uuid import UUID

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from unfold.sites import UnfoldAdminSite

from geooffers.urls import urlpatterns as the_project_s
from merchants.models import Offer, StaffMember, Store, User


class CarelessSite(UnfoldAdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated


class CarelessAdmin(ModelAdmin):
    """Django's own manners, for whoever is signed in."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True

    has_change_permission = has_add_permission = has_delete_permission = has_view_permission


class CarelessOfferAdmin(CarelessAdmin):
    search_fields = ("title",)
    list_filter = ("merchant__name",)
    fields = ("title", "merchant", "stores", "terms")


class CarelessStaffAdmin(CarelessAdmin):
    autocomplete_fields = ("user",)
    list_filter = ("user__password",)


class CarelessUserAdmin(CarelessAdmin):
    search_fields = ("username",)
    fields = ("username",)
    ordering = ("username",)


site = CarelessSite(name="careless")
site.register(Offer, CarelessOfferAdmin)
site.register(StaffMember, CarelessStaffAdmin)
site.register(User, CarelessUserAdmin)
site.register(Store, CarelessAdmin)


def any_offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    offer = Offer.objects.filter(pk=offer_id).first()
    return HttpResponse(offer.title if offer else "none")


urlpatterns = [*the_project_s, path("careless/", site.urls), path("offers/<uuid:offer_id>/", any_offer)]
