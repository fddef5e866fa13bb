"""What an admin site shows and lets somebody change that is not theirs."""

import re
from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib.admin import AdminSite
from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.forms.models import ModelChoiceField, ModelMultipleChoiceField
from django.test import Client
from django.urls import reverse

from tests.acceptance.tenants.looking import Walker, body_of
from tests.acceptance.tenants.world import World


def page(site: AdminSite, model: type[models.Model], view: str, *args: Any) -> str:
    return reverse(f"{site.name}:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def walk_lists(site: AdminSite, walker: Walker, world: World) -> None:
    """Searching for a canary finds nothing, and no reference field, popup or page number shows one."""
    for model, admin in site._registry.items():
        address = page(site, model, "changelist")
        if walker.get(address).status_code != 200:
            continue
        for name in {each.name for each in model._meta.concrete_fields}:
            walker.get(address, {"_to_field": name})
        for data in ({"_popup": "1"}, {"p": "-1"}, {"p": "1e9"}, {"all": ""}, {"o": "1.2.-3.99"}, {"q": "\x00"}):
            walker.get(address, data)
        for canary in _canaries_of(model, world):
            answer = walker.get(address, {"q": canary})
            if answer.status_code == 200 and _rows_in(answer):
                walker.found(f"{address}?q={canary} finds foreign rows")
        for each in _filters(admin):
            for key in world.foreign.get(model, [])[:2]:
                walker.get(address, {each: str(key)})


def walk_lookups(site: AdminSite, walker: Walker, *, depth: int) -> None:
    """A question about a field is refused, or its answer is the same whatever was asked."""
    for model in site._registry:
        address = page(site, model, "changelist")
        if walker.client.get(address).status_code != 200:
            continue
        for path, true_guess in field_paths(model, depth):
            right = walker.client.get(address, {path: true_guess})
            walker.looked += 1
            if right.status_code == 400:
                continue
            wrong = walker.client.get(address, {path: "zzzz"})
            if (right.status_code, _stripped(right)) != (wrong.status_code, _stripped(wrong)):
                walker.found(f"{address}?{path}= answers a question about it")


def field_paths(model: type[models.Model], depth: int, prefix: str = "", seen: tuple = ()) -> Iterator[tuple[str, str]]:
    """Every way from this model to a field, over relations forward and back: `stores__merchant__name__startswith`."""
    for each in model._meta.get_fields(include_hidden=False):
        name = prefix + (_query_name(each) if isinstance(each, ForeignObjectRel) else each.name)
        if not each.is_relation:
            yield f"{name}__startswith", "CNRY"
            continue
        yield f"{name}__isnull", "0"
        target = each.related_model
        if depth > 1 and isinstance(target, type) and target not in seen:
            yield from field_paths(target, depth - 1, f"{name}__", (*seen, model))


def _query_name(relation: Any) -> str:
    return relation.field.related_query_name() if relation.field.remote_field.related_name else relation.name


def walk_autocomplete(site: AdminSite, walker: Walker) -> None:
    for model in apps.get_models():
        for each in model._meta.get_fields():
            if each.is_relation:
                asked = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
                walker.get(reverse(f"{site.name}:autocomplete"), {**asked, "field_name": each.name, "term": ""})


def walk_actions(site: AdminSite, walker: Walker, world: World) -> None:
    """Every action there is, chosen for foreign rows."""
    for model, admin in site._registry.items():
        names = {each if isinstance(each, str) else each.__name__ for each in admin.actions or ()}
        for name in {*names, "delete_selected"}:
            keys = [str(key) for key in world.foreign.get(model, [])]
            chosen = {"action": name, "_selected_action": keys, "index": "0", "post": "yes"}
            walker.post(page(site, model, "changelist"), chosen)
            walker.post(page(site, model, "changelist"), {**chosen, "select_across": "1"})


def walk_forms(site: AdminSite, walker: Walker, world: World, operator: Client) -> None:
    """The form that an operator would send for a foreign row, sent by somebody else; it must change nothing."""
    for model in site._registry:
        for key in world.foreign.get(model, [])[:2]:
            address = page(site, model, "change", key)
            answer = walker.get(address)
            if answer.status_code == 200:
                walker.found(f"{address} opens")
            data = form_data(body_of(operator.get(address)))
            for name, value in list(data.items()):
                if isinstance(value, str) and value.startswith("CNRY"):
                    data[name] = "changed by a neighbour"
            if walker.post(address, {**data, "_save": "1"}).status_code in (200, 302) and not _is_sign_in(walker):
                walker.found(f"a form sent to {address} is taken")
            walker.post(page(site, model, "delete", key), {"post": "yes"})
            walker.post(page(site, model, "history", key))


def _is_sign_in(walker: Walker) -> bool:
    """Those whom the admin does not let in are sent to the sign-in page, whatever they ask for."""
    return walker.client.get("/admin/").status_code == 302


def walk_choices(site: AdminSite, walker: Walker, world: World) -> int:
    """In one's own forms: no foreign row is offered, and naming one is no valid choice. Answers how many were tried."""
    tried = 0
    for model in site._registry:
        for address in _own_forms(site, model, walker, world):
            answer = walker.client.get(address)
            if answer.status_code != 200 or "adminform" not in (answer.context or {}):
                continue
            data = form_data(body_of(answer))
            for name, each in answer.context["adminform"].form.fields.items():
                if not isinstance(each, ModelChoiceField):
                    continue
                for key in world.foreign.get(each.queryset.model, [])[:2]:
                    tried += 1
                    value = [str(key)] if isinstance(each, ModelMultipleChoiceField) else str(key)
                    sent = walker.post(address, {**data, name: value, "_save": "1"})
                    form = sent.context["adminform"].form if sent.status_code == 200 and sent.context else None
                    codes = {error.code for error in form.errors.as_data().get(name, [])} if form else set()
                    if not codes & {"invalid_choice", "invalid_pk_value"}:
                        walker.found(f"{address}: {name}={key} is taken as a choice ({sent.status_code})")
    return tried


def _own_forms(site: AdminSite, model: type[models.Model], walker: Walker, world: World) -> Iterator[str]:
    yield page(site, model, "add")
    own = model._default_manager.exclude(pk__in=world.foreign.get(model, [])).order_by("pk")[:5]
    for row in own:
        yield page(site, model, "change", row.pk)


def form_data(html: str) -> dict[str, Any]:
    """What a browser would send for the form of this page, unchanged."""
    data: dict[str, Any] = {}
    soup = BeautifulSoup(html, "html.parser")
    form = next((each for each in soup.find_all("form") if (each.get("id") or "").endswith("_form")), None)
    for each in form.find_all(["input", "select", "textarea"]) if form else []:
        name, kind = each.get("name"), each.get("type")
        if not name or kind in ("submit", "button"):
            continue
        if each.name == "select":
            chosen = [option.get("value", "") for option in each.find_all("option") if option.has_attr("selected")]
            data[name] = chosen if each.has_attr("multiple") else (chosen[0] if chosen else "")
        elif kind in ("checkbox", "radio"):
            if each.has_attr("checked"):
                data.setdefault(name, []).append(each.get("value", "on"))
        else:
            data[name] = each.get_text().lstrip("\n") if each.name == "textarea" else each.get("value", "")
    return data


def _canaries_of(model: type[models.Model], world: World) -> list[str]:
    own = {**world.canaries, **world.shoppers_canaries}
    return [canary for canary, whose in own.items() if whose.startswith(f"{model.__name__}.")][:2]


def _rows_in(answer: Any) -> int:
    changelist = (answer.context or {}).get("cl")
    return changelist.result_count if changelist is not None else 0


def _filters(admin: Any) -> list[str]:
    return [each.parameter_name for each in admin.list_filter if hasattr(each, "parameter_name")]


def _stripped(answer: Any) -> str:
    """The page without what differs from one request to the next, and without the question itself."""
    text = body_of(answer)
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
    text = re.sub(r"\?[^\"'\s]*", "", text)
    return re.sub(r"(CNRY|zzzz)\w*", "", text)
