"""Decisions, for operators: one row a moment, its candidates in words."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from geooffers.decisions.exporting import titles_of
from geooffers.decisions.models import Decision
from geooffers.decisions.reason_words import WORDS
from geooffers.operators.admin_pages import PersonalAdmin


@admin.register(Decision)
class DecisionAdmin(PersonalAdmin):
    menu_order, menu_icon = 72, "rule"
    fields = (
        "id",
        "shopper",
        "visit",
        "store",
        "moment",
        "outcome",
        "offer",
        "coupon",
        "message",
        "policy",
        "propensity",
        "judged",
        "at",
    )
    readonly_fields = ("judged",)
    list_display = ("at", "shopper", "store", "moment", "outcome", "offer", "message", "judged_in_short")
    list_select_related = ("shopper", "store", "offer")
    ordering = ("-at",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Decision]":
        rows: QuerySet[Decision] = super().get_queryset(request)
        return rows

    @admin.display(description="candidates")
    def judged(self, obj: Decision) -> SafeString:
        titles = titles_of([obj])
        lines = format_html_join(
            "",
            "<li>{}: {}{}. {} <code>{}</code></li>",
            ((*_said(candidate, titles), candidate["reason"]) for candidate in obj.candidates),
        )
        more = format_html("<p>And {} more, which were not kept.</p>", obj.left_out) if obj.left_out else ""
        return format_html("<ol>{}</ol>{}", lines, more)

    @admin.display(description="candidates")
    def judged_in_short(self, obj: Decision) -> str:
        return str(len(obj.candidates) + obj.left_out)


def _said(candidate: dict[str, Any], titles: dict[str, str]) -> tuple[str, str, str, str]:
    score = "" if candidate["score"] is None else f", {candidate['score']:.2f}"
    outcome = candidate["outcome"].replace("_", " ")
    return titles.get(candidate["offer"], candidate["offer"]), outcome, score, WORDS.get(candidate["reason"], "")
