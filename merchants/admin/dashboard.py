"""The first page: a few figures of one's own, and what to do next."""

from typing import Any

from django.db.models import Sum
from django.http import HttpRequest
from django.urls import reverse

from merchants.models import FenceState, OfferBudget, OfferState
from merchants.people import access


def figures(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    merchant = access.merchant_of(user)
    offers = access.offers_for(user).filter(archived_at=None)
    fences = access.geofences_for(user).exclude(state=FenceState.ARCHIVED)
    live = offers.filter(state=OfferState.LIVE).count()
    redeemed = OfferBudget.objects.filter(offer__in=access.offers_for(user)).aggregate(all=Sum("redeemed"))["all"]
    waiting = fences.filter(state=FenceState.WAITING).count()
    offers_page = reverse("admin:merchants_offer_changelist")
    stores_page = reverse("admin:merchants_store_changelist")
    stores = access.stores_for(user).filter(archived_at=None).count()
    todo = []
    if not stores and access.is_owner(user):
        todo.append({"text": "Add your first store", "link": reverse("admin:merchants_store_add")})
    if not offers.exists() and not access.is_operator(user):
        todo.append({"text": "Write your first offer", "link": reverse("admin:merchants_offer_add")})
    return {
        "heading": merchant.name if merchant else "All merchants",
        "cards": [
            {"label": "Live offers", "figure": live, "link": f"{offers_page}?state=live"},
            {
                "label": "Coupons redeemed",
                "figure": redeemed or 0,
                "note": "since the first offer",
                "link": offers_page,
            },
            {"label": "Stores", "figure": stores, "link": stores_page},
            {
                "label": "Fences",
                "figure": fences.count(),
                "note": f"{waiting} waiting for an operator" if waiting else "",
                "link": reverse("admin:merchants_geofence_changelist"),
            },
        ],
        "todo": todo,
    }
