"""Signing in at the till. Cashiers have no admin, so this is a page of its own."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from geooffers.api.edge import client_address, clock, rate_limits
from geooffers.callers import limits
from merchants.models import User
from merchants.people import access

# A shop's people share one address; somebody who guesses is stopped long before a password of twelve signs.
TILL_SIGN_INS = limits.Limit(name="till_sign_ins", amount=30, per_s=600)


class TillSignInForm(AuthenticationForm):
    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """Operators and people who left their shop get the same words as a wrong password."""
        if not isinstance(user, User) or access.staff_member_of(user) is None:
            raise self.get_invalid_login_error()


class SignIn(LoginView):
    template_name = "pages/scan_sign_in.html"
    authentication_form = TillSignInForm

    def get_default_redirect_url(self) -> str:
        return reverse("scan")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            rate_limits.spend(request, TILL_SIGN_INS, caller=client_address.as_caller(request), now=clock.now())
        except limits.TooManyRequests as refusal:
            return self._wait(refusal)
        return super().post(request, *args, **kwargs)

    def _wait(self, refusal: limits.TooManyRequests) -> HttpResponse:
        """The form again, without having looked at the password."""
        form = self.authentication_form(self.request, initial={"username": self.request.POST.get("username", "")})
        minutes = -(-refusal.retry_after_s // 60)
        response = self.render_to_response(self.get_context_data(form=form, wait_minutes=minutes))
        response.status_code = 429
        response["Retry-After"] = str(refusal.retry_after_s)
        return response
