"""The admin site: who may enter, the menu, the first page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from merchants.models import User
from merchants.people import access

MENU_GROUPS = ("Offers", "Shop", "Platform", "Records")


class SignInForm(AuthenticationForm):  # type: ignore[misc]  # unfold ships no types
    def confirm_login_allowed(self, user: Any) -> None:
        """Cashiers and people who left get the same words as a wrong password."""
        if not _may_enter(user):
            raise ValidationError(
                self.error_messages["invalid_login"],
                code="invalid_login",
                params={"username": self.username_field.verbose_name},
            )


def _may_enter(user: User | AnonymousUser) -> bool:
    return bool(user.is_staff) and access.may_enter_admin(user)


@dataclass(frozen=True, kw_only=True)
class SitePage:
    """A page of the admin that shows no model. Upper rooms add theirs with `MerchantsAdminSite.add_page`.

    Every user of the admin may open it; the page itself chooses the rows that it shows.
    """

    title: str
    path: str
    name: str
    view: Callable[[HttpRequest], HttpResponse]
    menu_group: str
    menu_order: int
    menu_icon: str


class MerchantsAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold ships no types
    login_form = SignInForm
    index_template = "merchants/dashboard.html"
    index_title = "Overview"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[SitePage] = []

    def add_page(self, page: SitePage) -> None:
        self._pages.append(page)

    def has_permission(self, request: HttpRequest) -> bool:
        return _may_enter(request.user)

    def get_urls(self) -> list[URLPattern]:
        """Without `r/<type>/<id>/`, which looks up any row of any table for any user."""
        pages = [path(page.path, self.admin_view(page.view), name=page.name) for page in self._pages]
        return [*pages, *(url for url in super().get_urls() if getattr(url, "name", None) != "view_on_site")]

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The menu is short and needs no search; the one that comes with it breaks on a page that is no number."""
        return HttpResponse()

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """No field here completes itself from rows: Django's own answer looks up any relation of any model that it is
        asked for, and breaks on one read backwards."""
        raise PermissionDenied

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The pages that this user may open, as the pages themselves say where they belong."""
        groups: list[dict[str, Any]] = []
        open_to_user = [page for page in self._registry.values() if page.has_view_permission(request)]
        pages = sorted([*open_to_user, *self._pages], key=lambda page: getattr(page, "menu_order", 100))
        for group in MENU_GROUPS:
            items = [self._menu_item(request, page) for page in pages if getattr(page, "menu_group", None) == group]
            if items:
                groups.append({"title": group, "separator": bool(groups), "items": items})
        home = {"title": "Overview", "icon": "home", "link": reverse("admin:index"), "has_permission": True}
        home["active"] = request.path == home["link"]
        return [{"items": [home]}, *groups]

    def _menu_item(self, request: HttpRequest, page: Any) -> dict[str, Any]:
        if isinstance(page, SitePage):
            title, link = page.title, reverse(f"admin:{page.name}")
        else:
            title = capfirst(page.opts.verbose_name_plural)
            link = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
        return {
            "title": title,
            "icon": page.menu_icon,
            "link": link,
            "active": request.path.startswith(link),
            "has_permission": True,
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        # Imported here: the first page counts rows through the admin's own modules, which need this site to be there.
        from merchants.admin import dashboard

        page: TemplateResponse = super().index(request, {**dashboard.figures(request), **(extra_context or {})})
        return page
