"""Forgotten passwords, by Django's mail. The answer is the same whether or not an address is known."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import forms, views
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.views.generic.base import ContextMixin
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget


class ForgottenPasswordForm(forms.PasswordResetForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget = UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email"})


class NewPasswordForm(forms.SetPasswordForm):  # type: ignore[type-arg]  # generic in the stubs only
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


class InTheLookOfTheAdmin(ContextMixin):
    """The theme takes colours, icon and names from the site, which gives them to its own pages only."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}


class Ask(InTheLookOfTheAdmin, views.PasswordResetView):
    title = "Forgotten password"
    form_class = ForgottenPasswordForm
    template_name = "merchants/passwords/ask.html"
    email_template_name = "merchants/passwords/mail.txt"
    subject_template_name = "merchants/passwords/mail_subject.txt"


class MailSent(InTheLookOfTheAdmin, views.PasswordResetDoneView):
    title = "Look into your mail"
    template_name = "merchants/passwords/said.html"
    extra_context = {
        "text": "If we know that address, a mail with a link is on its way. It works for three days.",
    }


class ChooseNew(InTheLookOfTheAdmin, views.PasswordResetConfirmView):
    form_class = NewPasswordForm
    template_name = "merchants/passwords/new.html"


class Done(InTheLookOfTheAdmin, views.PasswordResetCompleteView):
    title = "Your password is set"
    template_name = "merchants/passwords/said.html"
    extra_context = {"text": "Sign in with it from now on."}


# The names are Django's own; the sign-in page shows its link when the first of them exists.
urlpatterns: list[URLPattern] = [
    path("forgotten/", Ask.as_view(), name="admin_password_reset"),
    path("forgotten/sent/", MailSent.as_view(), name="password_reset_done"),
    path("forgotten/<uidb64>/<token>/", ChooseNew.as_view(), name="password_reset_confirm"),
    path("forgotten/done/", Done.as_view(), name="password_reset_complete"),
]
