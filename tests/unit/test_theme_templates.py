"""Our edits of the theme's templates find what they replace, and say so when they do not."""

import pytest
from django.template.loader import get_template

from merchants import theme_templates


@pytest.mark.parametrize("name", theme_templates.EDITS)
def test_every_edit_fits_the_installed_theme(name: str) -> None:
    source = get_template(name).template.source
    for old, new in theme_templates.EDITS[name]:
        assert new in source
        assert old in new or old not in source


def test_a_theme_that_has_changed_is_named() -> None:
    with pytest.raises(theme_templates.ThemeChanged, match=r"admin/base\.html: <div id=.main."):
        theme_templates.edited("admin/base.html", "<main></main>")


def test_other_templates_stay_as_they_are() -> None:
    assert theme_templates.edited("pages/base.html", "<main></main>") == "<main></main>"
