"""Every address of the project, from the resolver: the parameters of a route filled with rows that are foreign."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, UUIDConverter
from django.urls.resolvers import RegexPattern, RoutePattern

from tests.acceptance.tenants.world import World

NONSENSE = "nonsense"
# So many rows of a model stand for all of it.
ROWS = 1


@dataclass(frozen=True, kw_only=True)
class Route:
    template: str  # as in the URL configuration, for the report
    parameters: dict[str, Any]  # name -> converter, or None where a regular expression takes anything
    callback: Any

    @property
    def admin(self) -> Any:
        """The ModelAdmin whose view this is, if it is one."""
        view = self.callback
        while view is not None:
            for owner in (getattr(view, "model_admin", None), getattr(view, "__self__", None)):
                if isinstance(owner, ModelAdmin):
                    return owner
            view = getattr(view, "__wrapped__", None)
        return None


class NobodyKnowsHow(Exception):
    """A route has a parameter that the walker cannot fill: teach it, or the route stays unwalked."""


def all_routes(urlconf: str | None = None) -> list[Route]:
    return list(_walk(get_resolver(urlconf).url_patterns, "", {}))


def _walk(patterns: list[Any], prefix: str, above: dict[str, Any]) -> Iterator[Route]:
    for each in patterns:
        text, parameters = _read(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, prefix + text, {**above, **parameters})
        elif isinstance(each, URLPattern):
            yield Route(template=prefix + text, parameters={**above, **parameters}, callback=each.callback)


def _read(pattern: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(pattern, RoutePattern):
        return re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"<\1>", pattern._route), dict(pattern.converters)
    assert isinstance(pattern, RegexPattern), pattern
    text = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern._regex).strip("^$")
    return text, dict.fromkeys(pattern.regex.groupindex)


def addresses(route: Route, world: World) -> Iterator[str]:
    names = list(route.parameters)
    choices = [_values(route, name, world) for name in names]
    for values in product(*choices):
        address = route.template
        for name, value in zip(names, values, strict=True):
            address = address.replace(f"<{name}>", str(value))
        yield "/" + address.lstrip("/")


def _values(route: Route, name: str, world: World) -> list[Any]:
    converter = route.parameters[name]
    if name == "app_label":
        return sorted({model._meta.app_label for model in world.foreign})
    if route.admin is not None and name in ("object_id", "id"):
        return [*_some(world.foreign.get(route.admin.model, [])), NONSENSE]
    if name == "content_type_id":
        return [ContentType.objects.get_for_model(model).pk for model in world.foreign]
    if "content_type_id" in route.parameters and name == "object_id":
        return [key for keys in world.foreign.values() for key in _some(keys)]
    if isinstance(converter, UUIDConverter):
        return [key for model in world.foreign if _has_uuid(model) for key in _some(world.foreign[model])]
    if isinstance(converter, IntConverter):
        return [key for model in world.foreign if not _has_uuid(model) for key in _some(world.foreign[model])]
    if name in ("url", "uidb64", "token", "mark", "path", "digest", "colour"):
        return [NONSENSE]
    raise NobodyKnowsHow(f"{route.template}: <{name}>")


def _some(keys: list[object]) -> list[object]:
    return keys[:ROWS]


def _has_uuid(model: type[models.Model]) -> bool:
    return isinstance(model._meta.pk, models.UUIDField)
