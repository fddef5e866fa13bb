"""`/scan`: the page at the till. It only chooses the store; looking up and redeeming are calls of the REST API."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from merchants.people import access
from merchants.shops import logos
from notifications.passes.drawing import readable_on


@require_safe
@never_cache
@ensure_csrf_cookie  # the script sends it with every call
def page(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect(f"{reverse('scan-sign-in')}?next={reverse('scan')}")
    member = access.staff_member_of(request.user)
    stores = access.stores_of(member).filter(archived_at=None) if member else ()
    return render(
        request,
        "pages/scan.html",
        {
            "member": member,
            "stores": stores,
            "logo": logos.address_of(merchant=member.merchant) if member else None,
            "on_colour": readable_on(member.merchant.colour) if member else "",
        },
    )
