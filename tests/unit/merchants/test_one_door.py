"""No line of the product writes a fence or a zone but merchants/fences/editing.py (and the log that it keeps), in any
way."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib import admin
from django.urls import get_resolver

from merchants.models import ExclusionZone, FenceChange, FenceChangeCounter, Geofence

ROOT = Path(__file__).resolve().parents[3]
DOOR, ITS_LOG = ROOT / "merchants" / "fences" / "editing.py", ROOT / "merchants" / "fences" / "changes.py"
PRUNES_THE_LOG = ROOT / "merchants" / "fences" / "change_pruning.py"
PACKAGES = ("geooffers", "merchants", "notifications")

MODELS = {model.__name__ for model in (Geofence, ExclusionZone, FenceChange, FenceChangeCounter)}
# `store.geofences.update(...)`, and what a variable that holds such a row is called.
MANAGERS = {"geofences", "geofence_set", "exclusionzone_set"}
ROWS = {"fence", "geofence", "zone", "exclusion_zone"}

SAVES = {"save", "asave", "delete", "adelete", "save_base"}
WRITES = SAVES | {
    verb + method
    for verb in ("", "a")
    for method in ("create", "update", "bulk_create", "bulk_update", "get_or_create", "update_or_create")
}
ON_MANAGERS = {verb + method for verb in ("", "a") for method in ("add", "set", "remove", "clear")}
# In an admin of these models, what Django's own class does past the door.
ADMIN_WRITES = {"save_model", "delete_model", "delete_queryset", "save_formset"}


def names_in(node: ast.AST) -> set[str]:
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return names | {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}


def names_for(scope: ast.AST, words: set[str]) -> set[str]:
    """What in this function is called by such a word, annotated with one, or assigned from something that names one."""
    names: set[str] = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.arg) and node.annotation and names_in(node.annotation) & words:
            names.add(node.arg)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.For | ast.comprehension | ast.NamedExpr):
            source = node.iter if isinstance(node, ast.For | ast.comprehension) else node.value
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if source is not None and names_in(source) & (words | names):
                for target in targets:
                    parts = target.elts if isinstance(target, ast.Tuple) else [target]
                    names |= {part.id for part in parts if isinstance(part, ast.Name)}
    return names - {"self", "cls"}


def is_about_these(node: ast.ClassDef) -> bool:
    """An admin, form or inline of one of the models, by its bases, decorators or Meta."""
    declarations = [*node.bases, *node.decorator_list]
    for statement in ast.walk(node):
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "model" for target in statement.targets
        ):
            declarations.append(statement.value)
    return any(names_in(declaration) & MODELS for declaration in declarations)


def writes_past_the_door(source: str) -> Iterator[tuple[int, str]]:
    tree = ast.parse(source)
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    innermost = {call: scope for scope in [tree, *scopes] for call in ast.walk(scope) if isinstance(call, ast.Call)}
    for call, scope in innermost.items():
        if not isinstance(call.func, ast.Attribute):
            continue
        method, on = call.func.attr, names_in(call.func.value)
        about = MODELS | MANAGERS
        if (
            (method in WRITES and on & (about | names_for(scope, about)))
            or (method in SAVES and on & (ROWS | names_for(scope, ROWS)))
            or (method in ON_MANAGERS and on & MANAGERS)
        ):
            yield call.lineno, ast.unparse(call)[:80]
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef) or not is_about_these(node):
            continue
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                name, on = call.func.attr, call.func.value
                past_super = isinstance(on, ast.Call) and names_in(on) == {"super"}
                if (past_super and name in ADMIN_WRITES) or (name in {"save", "delete"} and names_in(on) == {"obj"}):
                    yield call.lineno, ast.unparse(call)[:80]


def test_no_line_outside_the_door_writes_a_fence_or_a_zone() -> None:
    found = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path in (DOOR, ITS_LOG, PRUNES_THE_LOG) or "migrations" in path.parts:
                continue
            found += [(str(path.relative_to(ROOT)), *write) for write in writes_past_the_door(path.read_text())]
    assert found == []


def test_the_door_itself_is_what_the_walk_looks_for() -> None:
    assert len(list(writes_past_the_door(DOOR.read_text()))) >= 5
    assert list(writes_past_the_door(ITS_LOG.read_text()))


def test_nobody_but_the_door_keeps_its_log() -> None:
    callers = {path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if calls_the_log(path)}
    assert callers == {DOOR}


def calls_the_log(path: Path) -> bool:
    tree = ast.parse(path.read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    if not any(node.module == "merchants.fences" and "changes" in {a.name for a in node.names} for node in imports):
        return False
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and "changes" in names_in(node.func.value)
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize(
    "source",
    [
        "Geofence.objects.create(name='x')",
        "models.Geofence.objects.filter(pk=1).update(state='live')",
        "ExclusionZone.objects.all().delete()",
        "Geofence(name='x').save()",
        "Geofence.objects.bulk_create(rows)",
        "FenceChange.objects.create(number=1, index_id=1)",
        "FenceChangeCounter.objects.update(last_number=0)",
        "store.geofences.update(state='archived')",
        "store.geofences.filter(state='live').update(state='archived')",
        "async def f():\n    await Geofence.objects.acreate(name='x')",
        "def f(one: Geofence) -> None:\n    one.save()",
        "def f(one: models.ExclusionZone | None) -> None:\n    one.save()",
        "def f(zone):\n    zone.save()",
        "row = Geofence.objects.get(pk=1)\nrow.name = 'y'\nrow.save(update_fields=['name'])",
        "for row in Geofence.objects.all():\n    row.delete()",
        "def f(store):\n    rows = list(store.geofences.all())\n    for one in rows:\n        one.save()",
        "def f(store):\n    rows = store.geofences.filter(state='live')\n    rows.update(state='archived')",
        "def f(fence):\n    other = fence\n    other.save()",
        "store.geofences.add(row)",
        "class A(ModelAdmin):\n    model = Geofence\n    def save_model(self, request, obj, form, change):\n"
        "        super().save_model(request, obj, form, change)",
        "@admin.register(ExclusionZone)\nclass A(ModelAdmin):\n    def save_model(self, request, obj, form, change):\n"
        "        obj.save()",
        "class A(ModelAdmin[Geofence]):\n    def delete_queryset(self, request, queryset):\n"
        "        super().delete_queryset(request, queryset)",
    ],
)
def test_the_walk_finds_a_write(source: str) -> None:
    assert list(writes_past_the_door(textwrap.dedent(source)))


@pytest.mark.parametrize(
    "source",
    [
        "fences.put_fence(fence=fence, by=user)",
        "Geofence.objects.filter(pk=1).exists()",
        "Store.objects.create(name='x')\nGeofence.objects.count()",
        "def f(visit: Visit, fence: Geofence) -> None:\n    visit.fence_id = fence.pk\n    visit.save()",
        "seen = set()\nseen.add(fence.pk)",
        "found = {fence.pk: fence}\nfound.update({})",
        "class A(ModelAdmin[Store]):\n    def save_model(self, request, obj, form, change):\n"
        "        super().save_model(request, obj, form, change)",
    ],
)
def test_the_walk_passes_over_what_is_no_write(source: str) -> None:
    assert list(writes_past_the_door(source)) == []


def test_every_admin_of_a_fence_or_zone_goes_through_the_door() -> None:
    get_resolver().url_patterns  # noqa: B018 - loading the routes registers every admin
    sites = admin.sites.all_sites
    for site in sites:
        for model, model_admin in site._registry.items():
            inlines = {inline.model for inline in model_admin.inlines}
            assert not inlines & {Geofence, ExclusionZone}, "an inline saves its rows by itself"
            if model not in {Geofence, ExclusionZone}:
                continue
            saving = inspect.getsource(type(model_admin).save_model)
            assert "editing." in saving, f"{model_admin} saves past merchants.fences.editing"
            assert not model_admin.list_editable, "an editable list saves its rows by itself"
