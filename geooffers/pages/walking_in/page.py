"""`/admin/walk-me-in/`: the page. Asking is a POST, for it takes locks; nothing is kept of it."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from geooffers.api import rate_limits
from geooffers.api.edge import clock
from geooffers.callers import limits
from geooffers.pages.walking_in import drawing, reading
from geooffers.pages.walking_in.asking import AskForm, live_fences_of
from geooffers.usecases.location.rehearse_visit import Busy, NoWayIn, rehearse_visit
from geooffers.visits.made_up_walks import Manner
from merchants.people import access

# Each holds the budgets of the merchant's own offers for a moment.
REHEARSALS = limits.Limit(name="rehearsals", amount=20, per_s=60)
TITLE = "Walk me in"


def page(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    user = access.signed_in(request.user)
    asked = request.method == "POST"
    form = AskForm(request.POST if asked else None, user=user, now=now)
    shown: dict[str, object] = {}
    if asked and form.is_valid():
        fence, manner = form.cleaned_data["fence"], Manner(form.cleaned_data["manner"])
        own = list(live_fences_of(user).filter(store__merchant_id=fence.store.merchant_id))
        try:
            rate_limits.spend(request, REHEARSALS, caller=f"user:{user.pk}", now=now)
            rehearsal = rehearse_visit(fence=fence, own=own, manner=manner, starts_at=form.cleaned_data["at"])
        except (NoWayIn, Busy) as refused:
            form.add_error(None, str(refused.__doc__))
        except limits.TooManyRequests as refused:
            form.add_error(None, f"So many walks at once hold up the shop: try again in {refused.retry_after_s} s.")
        else:
            shown = {
                "rehearsal": rehearsal,
                "summary": reading.summary(rehearsal),
                "lines": reading.lines(rehearsal),
                "drawing": drawing.drawn(rehearsal),
                "day": f"{rehearsal.seen[0].at.astimezone(form.cleaned_data['at'].tzinfo):%A, %-d %B %Y}",
                "zone": fence.store.time_zone,
            }
    context = {**admin.site.each_context(request), "title": TITLE, "form": form, **shown}
    return TemplateResponse(request, "pages/walk_me_in.html", context)
