"""For operators: how many fences there are, the base on disk, and whether every process follows their edits.

What a process says is some seconds old, so it is judged by what it could have known when it said it: a change of two
seconds before that should have been taken in.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from geooffers.matching.index import REBUILD_PAST
from geooffers.operators.admin_pages import ReadOnlyOperatorAdmin
from merchants.live_fences import snapshots
from merchants.live_fences.heartbeats import SILENT_AFTER
from merchants.live_fences.live_fences import STALE_AFTER, STORED_FROM
from merchants.live_fences.queries import count_live_rows
from merchants.models import ExclusionZone, FenceChange, FenceFollower

LABELS = {"current": "success", "behind": "warning", "silent": "danger"}


@admin.register(FenceFollower)
class MatchingIndexAdmin(ReadOnlyOperatorAdmin):
    menu_group, menu_order, menu_icon = "Platform", 52, "radar"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Matching index",
            "opts": self.opts,
            **figures(now=timezone.now()),
        }
        return TemplateResponse(request, "merchants/matching_index.html", context)


def figures(*, now: datetime) -> dict[str, Any]:
    rows = list(FenceFollower.objects.all())
    newest = FenceChange.objects.order_by("-number").first()
    changed = max((row.changes for row in rows if row.base), default=0)
    states = [_state(row, newest=newest, now=now) for row in rows]
    speaking = [row for row, state in zip(rows, states, strict=True) if state != "silent"]
    return {
        "verdict": _verdict(states),
        "newest": newest,
        "newest_ago": ago(now - newest.at) if newest else "",
        "cards": _cards(speaking or rows, now=now),
        "changed": f"{changed:,}",
        "changed_share": min(100 * changed // REBUILD_PAST, 100),
        "next_base_at": f"{REBUILD_PAST:,}",
        "table": {
            "headers": ["process", "state", "last sign", "last change", "lag", "changed since", "base"],
            "rows": [_cells(row, state, now=now) for row, state in zip(rows, states, strict=True)],
        },
    }


def _state(row: FenceFollower, *, newest: FenceChange | None, now: datetime) -> str:
    if now - row.seen_at > SILENT_AFTER:
        return "silent"
    if newest is None or row.last_number >= newest.number:
        return "current"
    missed = FenceChange.objects.filter(number__gt=row.last_number, at__lt=row.seen_at - STALE_AFTER)
    return "behind" if missed.exists() else "current"


def _verdict(states: Sequence[str]) -> dict[str, str]:
    behind, silent = states.count("behind"), states.count("silent")
    speaking = len(states) - silent
    if not speaking:
        return {
            "tone": "text-red-700 dark:text-red-400",
            "icon": "error",
            "text": "No process says that it follows the fences.",
        }
    if behind:
        text = f"{behind} of {_count(speaking, 'process', 'processes')} had not taken in every change."
        return {"tone": "text-orange-700 dark:text-orange-400", "icon": "hourglass_top", "text": text}
    text = "The process has" if speaking == 1 else f"All {speaking} processes have"
    said = f" {silent} more fell silent." if silent else ""
    return {
        "tone": "text-green-700 dark:text-green-400",
        "icon": "check_circle",
        "text": f"{text} taken in every change.{said}",
    }


def _cards(rows: Sequence[FenceFollower], *, now: datetime) -> list[dict[str, Any]]:
    latest = max(rows, key=lambda row: row.seen_at, default=None)
    areas = latest.areas if latest else count_live_rows()
    zones = ExclusionZone.objects.filter(active=True).count()
    machines = {row.host: row.disk_bytes for row in rows}
    mapped = [row for row in rows if row.base]
    built_at = max((row.base_built_at for row in mapped if row.base_built_at), default=None)
    return [
        {
            "label": "Live fences",
            "figure": f"{max(areas - zones, 0):,}",
            "note": f"and {_count(zones, 'exclusion zone', 'exclusion zones')}",
        },
        {
            "label": "Base",
            "figure": f"{ago(now - built_at)} old" if built_at else ("on disk" if mapped else "in memory"),
            "note": f"with change {max(_number(row) for row in mapped):,}"
            if mapped
            else f"on disk from {STORED_FROM:,} fences on",
        },
        {
            "label": "Size on disk",
            "figure": filesizeformat(max(machines.values(), default=0)) if mapped else "none",
            "note": "a base takes some two kilobytes a fence" if not mapped else _keepers(len(machines)),
        },
    ]


def _keepers(machines: int) -> str:
    return "all bases of the machine" if machines == 1 else f"the most that one of {machines} machines keeps"


def _number(row: FenceFollower) -> int:
    found = snapshots.parsed(row.base)
    return 0 if found is None else found.number


def _cells(row: FenceFollower, state: str, *, now: datetime) -> list[SafeString]:
    late = row.lag_s is not None and row.lag_s > STALE_AFTER.total_seconds()
    cells = [
        format_html('<span class="font-medium text-important">{}</span>&ensp;{}', row.host, row.pid),
        render_to_string("unfold/helpers/label.html", {"variant": LABELS[state], "text": state}),
        f"{ago(now - row.seen_at)} ago",
        f"{row.last_number:,}",
        "none yet" if row.lag_s is None else f"{row.lag_s:.1f} s{', late' if late else ''}",
        f"{row.changes:,}" if row.base else "–",
        f"{ago(now - row.base_built_at)} old" if row.base_built_at else ("deleted" if row.base else "in memory"),
    ]
    # On a phone a row is a list, and its values stand beside their names.
    return [format_html('<span class="self-center">{}</span>', cell) for cell in cells]


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def ago(span: timedelta) -> str:
    """In one unit, rounded down: what matters is seconds, minutes or days."""
    seconds = max(int(span.total_seconds()), 0)
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= (2 * size if unit == "days" else size):
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
