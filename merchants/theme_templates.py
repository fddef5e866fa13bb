"""The theme's templates, with landmarks put in and with what our pages do not use left out.

The theme names its scripts, and the boxes of its pages, where no block can be replaced. A copy of those templates would
go on in its own way when the theme changes. Each edit here names the text that it replaces instead; when a new version
of the theme no longer has it, the page fails and says which (`docs/decisions/0009-edits-of-the-theme.md`).
"""

from django.template import Origin
from django.template.loaders import app_directories

Edits = tuple[tuple[str, str], ...]


class ThemeChanged(Exception):
    """The installed theme has no such text: look at what it has instead, and adapt merchants/theme_templates.py."""


def _script(name: str, *, mode: str = "") -> str:
    return f"<script src=\"{{% static 'unfold/js/{name}.js' %}}\"{mode}></script>"


def _as_button(name: str) -> str:
    """For what the theme opens by a press of the mouse alone."""
    return f' role="button" tabindex="0" aria-label="{name}" x-on:keydown.enter.prevent="$el.click()"'


EDITS: dict[str, Edits] = {
    "unfold/layouts/skeleton.html": (
        # Charts, sortable rows, dropdowns in rows, fragments over htmx: no page of ours has them.
        (_script("chart/chart"), ""),
        (_script("htmx/htmx"), ""),
        (_script("alpine/alpine.sort", mode=" defer"), ""),
        (_script("alpine/alpine.anchor", mode=" defer"), ""),
        # Lists alone measure themselves.
        (RESIZE := _script("alpine/alpine.resize", mode=" defer"), f"{{% if cl %}}{RESIZE}{{% endif %}}"),
        # A box over the page that searches pages and rows; our site answers it with nothing.
        ('{% include "unfold/helpers/command.html" %}', ""),
        ('<link href="{% static "unfold/fonts/inter/styles.css" %}" rel="stylesheet">', ""),
        ('<style id="unfold-theme-colors">', '{% include "merchants/theme_style.html" %}<style>'),
    ),
    "admin/change_form.html": (
        # Words for the scripts of Django's calendar, slugs that write themselves.
        ("<script src=\"{% url 'admin:jsi18n' %}\"></script>", ""),
        ("{% prepopulated_fields_js %}", ""),
        # Puts the cursor into the first field: one request more than the form with a map may have.
        (
            '<script id="django-admin-form-add-constants" src="{% static \'admin/js/change_form.js\' %}"'
            '{% if adminform and add %} data-model-name="{{ opts.model_name }}"{% endif %} async></script>',
            "",
        ),
    ),
    "admin/base.html": (('<div id="main"', '<div id="main" role="main"'),),
    "unfold/layouts/base_simple.html": (('<div id="main"', '<div id="main" role="main"'),),
    "unfold/layouts/unauthenticated.html": (('<div id="page"', '<div id="page" role="main"'),),
    # "10 results (Show all)" over a list that shows all of its ten; how many there are stands below it.
    "unfold/helpers/welcomemsg.html": (
        ("{% if cl and cl.full_result_count != ", "{% if cl.full_result_count and cl.full_result_count != "),
        (' x-on:click="sidebarDesktopOpen', _as_button("Menu") + ' x-on:click="sidebarDesktopOpen'),
        (' x-on:click="sidebarMobileOpen', _as_button("Menu") + ' x-on:click="sidebarMobileOpen'),
    ),
    "unfold/helpers/navigation_user.html": (
        (' x-on:click="openUserLinks', _as_button("Account") + ' x-on:click="openUserLinks'),
    ),
    "unfold/helpers/theme_switch_dropdown.html": (
        (' x-on:click="openTheme', _as_button("Light or dark") + ' x-on:click="openTheme'),
    ),
    "admin/change_list.html": ((' x-on:click="filterOpen', _as_button("Filters") + ' x-on:click="filterOpen'),),
    # Most lists here fill themselves, and a list may be empty without a filter.
    "unfold/helpers/empty_results.html": (
        (
            "This page yielded into no results. Create a new item or reset your filters.",
            "There is nothing here yet, or nothing that fits.",
        ),
        ("{% if cl.has_filters or cl.query %}", "{% if cl.has_active_filters or cl.query %}"),
    ),
    # Under the page's first heading, so a second.
    "admin/filter.html": (("<h3", "<h2"), ("</h3>", "</h2>")),
    "unfold/helpers/navigation.html": (
        ('<nav id="nav-sidebar-inner"', '<nav id="nav-sidebar-inner" aria-label="Pages"'),
    ),
    # What scrolls becomes a region each, and all would be called "scrollable content".
    "unfold/helpers/app_list.html": (("data-simplebar>", 'data-simplebar data-simplebar-aria-label="All pages">'),),
    "admin/change_list_results.html": (("data-simplebar ", 'data-simplebar data-simplebar-aria-label="Rows" '),),
    "unfold/helpers/change_list_filter.html": (
        ("data-simplebar ", 'data-simplebar data-simplebar-aria-label="Filters" '),
    ),
}


class Loader(app_directories.Loader):
    def get_contents(self, origin: Origin) -> str:
        text: str = super().get_contents(origin)
        return edited(str(origin.template_name), text)


def edited(name: str, text: str) -> str:
    for old, new in EDITS.get(name, ()):
        if old not in text:
            raise ThemeChanged(f"{name}: {old}")
        text = text.replace(old, new)
    return text
