"""Forgotten passwords, by Django's mail. The answer is the same whether or not an address is known."""

from typing import Any

from django.contrib.auth import forms, views
from django.urls import URLPattern, path
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget


class AskForm(forms.PasswordResetForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget = UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email"})


class NewPasswordForm(forms.SetPasswordForm):  # type: ignore[type-arg]  # generic in the stubs only
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


def _words(title: str) -> dict[str, str]:
    return {"title": title, "site_title": "Geooffers"}


# The names are Django's own; the sign-in page shows its link when the first of them exists.
urlpatterns: list[URLPattern] = [
    path(
        "forgotten/",
        views.PasswordResetView.as_view(
            form_class=AskForm,
            template_name="merchants/password_ask.html",
            email_template_name="merchants/password_mail.txt",
            subject_template_name="merchants/password_mail_subject.txt",
            extra_context=_words("Forgotten password"),
        ),
        name="admin_password_reset",
    ),
    path(
        "forgotten/sent/",
        views.PasswordResetDoneView.as_view(
            template_name="merchants/password_said.html",
            extra_context={
                **_words("Look into your mail"),
                "text": "If we know that address, a mail with a link is on its way. It works for three days.",
            },
        ),
        name="password_reset_done",
    ),
    path(
        "forgotten/<uidb64>/<token>/",
        views.PasswordResetConfirmView.as_view(
            form_class=NewPasswordForm,
            template_name="merchants/password_new.html",
            extra_context={"site_title": "Geooffers"},
        ),
        name="password_reset_confirm",
    ),
    path(
        "forgotten/done/",
        views.PasswordResetCompleteView.as_view(
            template_name="merchants/password_said.html",
            extra_context={**_words("Your password is set"), "text": "Sign in with it from now on."},
        ),
        name="password_reset_complete",
    ),
]
