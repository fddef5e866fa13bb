"""`/admin/simulated-visit/`: the page. Asking is a POST, for it is limited; nothing is kept of it."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from geooffers.api.edge import clock, rate_limits
from geooffers.callers import limits
from geooffers.pages.simulated_visit import drawing, reading
from geooffers.pages.simulated_visit.asking import SimulationForm, live_fences_of
from geooffers.usecases.location.simulate_visit import NoWayIn, simulate_visit
from geooffers.visits.simulated_walks import Manner
from merchants.people import access

# Each is a few dozen reports' work.
SIMULATED_VISITS = limits.Limit(name="simulated_visits", amount=20, per_s=60)
TITLE = "Simulated visit"


def page(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    user = access.signed_in(request.user)
    asked = request.method == "POST"
    form = SimulationForm(request.POST if asked else None, user=user, now=now)
    shown: dict[str, object] = {}
    if asked and form.is_valid():
        fence, manner = form.cleaned_data["fence"], Manner(form.cleaned_data["manner"])
        own = list(live_fences_of(user).filter(store__merchant_id=fence.store.merchant_id))
        try:
            rate_limits.spend(request, SIMULATED_VISITS, caller=f"user:{user.pk}", now=now)
            visit = simulate_visit(fence=fence, own=own, manner=manner, starts_at=form.cleaned_data["at"])
        except NoWayIn as refused:
            form.add_error(None, str(refused.__doc__))
        except limits.TooManyRequests as refused:
            form.add_error(None, f"So many walks at once hold up the shop: try again in {refused.retry_after_s} s.")
        else:
            shown = {
                "visit": visit,
                "summary": reading.summary(visit),
                "lines": reading.lines(visit),
                "drawing": drawing.drawn(visit),
                "day": f"{visit.seen[0].at.astimezone(form.cleaned_data['at'].tzinfo):%A, %-d %B %Y}",
                "zone": fence.store.time_zone,
            }
    context = {**admin.site.each_context(request), "title": TITLE, "form": form, **shown}
    return TemplateResponse(request, "pages/simulated_visit.html", context)
