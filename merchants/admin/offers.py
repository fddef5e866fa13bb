"""Offers: the list, the form, the buttons that publish, pause and end."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import display

from merchants.admin.filters import ArchivedFilter, ChoiceFilter, MerchantFilter
from merchants.admin.offer_form import OfferForm, is_over, reserved_text
from merchants.admin.scoping import ScopedAdmin
from merchants.models import DiscountKind, Offer, OfferState, Role
from merchants.offers import budgets, offers, schedule_texts
from merchants.people import access


class OfferStateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"
    choices_of = OfferState.choices


@admin.register(Offer)
class OfferAdmin(ScopedAdmin):
    reach = staticmethod(access.offers_for)
    editors = frozenset({Role.OWNER, Role.MANAGER})
    adders = frozenset({Role.OWNER, Role.MANAGER})
    form = OfferForm
    save_refusals = {
        budgets.BelowUsed: "While you saved, more coupons were issued than this cap allows. Nothing was saved."
    }
    row_buttons = ("publish", "pause", "end")
    change_form_outer_before_template = "merchants/offer_buttons.html"
    menu_group, menu_order, menu_icon = "Offers", 10, "local_offer"
    list_display = ("title", "shown_state", "discount", "starts_at", "ends_at", "redeemed")
    list_filter = (OfferStateFilter, ArchivedFilter, MerchantFilter)
    search_fields = ("title", "text", "category")
    ordering = ("-created_at",)
    actions = ("archive",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        return super().get_queryset(request).select_related("budget", "merchant")

    def get_fieldsets(self, request: HttpRequest, obj: Offer | None = None) -> Any:
        merchant = ["merchant"] if access.is_operator(request.user) else []
        where = ["all_stores", "stores"] if self._may_be_everywhere(request) or obj else ["stores"]
        standing = [("So far", {"fields": (("shown_state", "redeemed", "reserved"),)})] if obj else []
        # To somebody who only reads, the fields that exist in the form alone are shown as what they stand for.
        reads = obj is not None and not self.has_change_permission(request, obj)
        schedule, cap = ("shown_schedule", []) if reads else ("schedule", ["cap"])
        return [
            *standing,
            ("What shoppers read", {"fields": [*merchant, "title", "text", "terms", "category"]}),
            ("What they get", {"fields": [("discount_kind", "discount_value", "currency")]}),
            ("Where", {"fields": where}),
            ("When", {"fields": [("starts_at", "ends_at"), schedule, "trigger"]}),
            ("How many", {"fields": [(*cap, "per_shopper_limit", "coupon_lifetime_s")]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Offer | None = None) -> tuple[str, ...]:
        kept = ("shown_state", "redeemed", "reserved", "shown_schedule")
        if obj is None:
            return kept
        if access.is_operator(request.user):
            return (*kept, "merchant")
        return kept if self._may_be_everywhere(request) else (*kept, "all_stores")

    def _may_be_everywhere(self, request: HttpRequest) -> bool:
        return access.is_operator(request.user) or access.is_owner(request.user)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        # The class was made for this request.
        form.merchant = access.merchant_of(request.user)
        form.everywhere_allowed = self._may_be_everywhere(request)
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and (is_over(obj) or not access.may_edit_offer(request.user, obj)):
            return False
        return super().has_change_permission(request, obj)

    # --- saving ------------------------------------------------------------------------------------------------

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        extra = {**(extra_context or {}), "may_press": {}}
        if object_id and (offer := self.get_object(request, object_id)):
            extra["may_press"] = self._buttons_for(request, offer)
        return super().changeform_view(request, object_id, form_url, extra)

    def _buttons_for(self, request: HttpRequest, offer: Offer) -> dict[str, bool]:
        if not self.may_press(request, offer):
            return {}
        return {
            "publish": offer.state in (OfferState.DRAFT, OfferState.PAUSED),
            "pause": offer.state == OfferState.LIVE,
            "end": offer.state in (OfferState.LIVE, OfferState.PAUSED),
        }

    def save_model(self, request: HttpRequest, obj: Offer, form: Any, change: bool) -> None:
        if not self._may_be_everywhere(request):
            obj.all_stores = False
        super().save_model(request, obj, form, change)
        if not change:
            budgets.make(offer=obj, cap=form.cleaned_data["cap"], now=timezone.now())
        elif "cap" in form.changed_data:
            budgets.set_cap(offer=obj, cap=form.cleaned_data["cap"], now=timezone.now())
        offers.tell_change(offer=obj, now=timezone.now())

    # --- buttons -----------------------------------------------------------------------------------------------

    def publish(self, request: HttpRequest, row: Offer) -> str:
        offers.publish(offer=row, now=timezone.now())
        return "Published. Shoppers who come by may get it from now on."

    def pause(self, request: HttpRequest, row: Offer) -> str:
        offers.pause(offer=row, now=timezone.now())
        return "Paused. Nobody gets it now; coupons already issued are honoured."

    def end(self, request: HttpRequest, row: Offer) -> str:
        offers.end(offer=row, now=timezone.now())
        return "Ended for good. Coupons already issued are honoured until they expire."

    button_refusals = (offers.WrongState, offers.AlreadyOver)

    @admin.action(description="Archive: end them and put them away", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Offer]) -> None:
        now = timezone.now()
        mine = [offer for offer in queryset.filter(archived_at=None) if access.may_edit_offer(request.user, offer)]
        for offer in mine:
            offers.archive(offer=offer, now=now)
        self.message_user(request, f"{len(mine)} archived.")

    # --- columns -----------------------------------------------------------------------------------------------

    @display(  # type: ignore[untyped-decorator]  # unfold ships no types
        description="state",
        label={
            OfferState.LIVE.label: "success",
            OfferState.PAUSED.label: "warning",
            OfferState.DRAFT.label: "info",
            OfferState.ENDED.label: "default",
        },
    )
    def shown_state(self, obj: Offer) -> str:
        return str(obj.get_state_display())

    @admin.display(description="discount")
    def discount(self, obj: Offer) -> str:
        if obj.discount_kind == DiscountKind.FREE_ITEM:
            return "something free"
        value = f"{obj.discount_value.normalize():f}"
        return f"{value} %" if obj.discount_kind == DiscountKind.PERCENT else f"{value} {obj.currency}"

    @admin.display(description="redeemed")
    def redeemed(self, obj: Offer) -> str:
        return f"{obj.budget.redeemed} of {obj.budget.cap}"

    @admin.display(description="schedule")
    def shown_schedule(self, obj: Offer) -> str:
        return schedule_texts.to_text(obj.schedule) or "always"

    @admin.display(description="coupons open")
    def reserved(self, obj: Offer) -> str:
        return reserved_text(obj)
