"""How often a password may be tried, or forgotten, at the admin's door. The till's own sign-in counts for itself.

Counted by address, so that one guesser is stopped, and by name, so that many guessers of one name are. Who is locked
out by somebody else's guesses waits ten minutes, or asks for a new password, which is counted apart.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from geooffers.api.edge import client_address, clock, rate_limits
from geooffers.callers import limits

BY_ADDRESS = limits.Limit(name="admin_tries", amount=30, per_s=600)
BY_NAME = limits.Limit(name="admin_tries_of_a_name", amount=15, per_s=600)
MAILS_BY_ADDRESS = limits.Limit(name="forgotten", amount=10, per_s=3600)
MAILS_BY_NAME = limits.Limit(name="forgotten_of_a_name", amount=5, per_s=3600)

# The path, the field that names somebody, and what is counted.
DOORS = {
    "/admin/login/": ("username", BY_ADDRESS, BY_NAME),
    "/admin/forgotten/": ("email", MAILS_BY_ADDRESS, MAILS_BY_NAME),
}


class PasswordTries:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST" and request.path in DOORS:
            field, by_address, by_name = DOORS[request.path]
            try:
                now = clock.now()
                rate_limits.spend(request, by_address, caller=client_address.as_caller(request), now=now)
                rate_limits.spend(request, by_name, caller=_name(request.POST.get(field, "")), now=now)
            except limits.TooManyRequests as refusal:
                minutes = -(-refusal.retry_after_s // 60)
                answer = render(request, "pages/wait.html", {"minutes": minutes}, status=429)
                answer["Retry-After"] = str(refusal.retry_after_s)
                return answer
        return self.get_response(request)


def _name(typed: str) -> str:
    """An HMAC of the name: the rows hold no names."""
    return "name:" + salted_hmac("geooffers.pages.password_tries", typed.strip().casefold()).hexdigest()[:32]
