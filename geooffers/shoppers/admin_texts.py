"""The words of consents: operators draft them here and publish them, in several languages at once if they like."""

import unicodedata
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from geooffers.operators.admin_pages import OperatorAdmin
from geooffers.shoppers.consents import texts
from geooffers.shoppers.models import ConsentText, Purpose

DRAFT, CURRENT, OUTDATED, REPLACED = "draft", "shown", "old meaning", "reworded since"


class PurposeFilter(admin.SimpleListFilter):
    title = "purpose"
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.value, each.label) for each in Purpose]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ConsentText]) -> QuerySet[ConsentText]:
        return queryset.filter(purpose=self.value()) if self.value() in Purpose.values else queryset


class ConsentTextForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    body = forms.CharField(
        max_length=4000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}),
        help_text="What the shopper reads and agrees to, in the first person and in whole sentences.",
    )

    def clean_body(self) -> str:
        """What cannot be seen, or turns the direction of what stands around it, has no place in words of a proof."""
        body = str(self.cleaned_data["body"]).replace("\r\n", "\n").strip()
        if any(_is_hidden(char) for char in body if char != "\n"):
            raise forms.ValidationError("There is a character in it that cannot be seen.", code="hidden_character")
        return body

    def clean(self) -> dict[str, Any]:
        """A form without the fields that a constraint is about does not ask it."""
        cleaned = super().clean() or {}
        drafts = ConsentText.objects.filter(
            purpose=cleaned.get("purpose"), language=cleaned.get("language"), published_at=None
        )
        if drafts.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                "There is a draft of this purpose and language already: edit that one.", code="second_draft"
            )
        return cleaned


def _is_hidden(char: str) -> bool:
    turns = unicodedata.bidirectional(char) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return turns or unicodedata.category(char) in {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}


@admin.register(ConsentText)
class ConsentTextAdmin(OperatorAdmin):
    """A draft is edited until it is published; a published text is only read."""

    form = ConsentTextForm
    menu_order, menu_icon = 52, "article"
    fields = ("purpose", "language", "renews", "shown_now", "body", "standing", "version", "published_at")
    list_display = ("purpose", "language", "shown_version", "standing", "renews", "published_at")
    list_filter = (PurposeFilter,)
    ordering = (F("published_at").desc(nulls_first=True), "purpose", "language")
    actions = ("publish_together",)
    actions_submit_line = ("save_and_publish",)

    def get_fields(self, request: HttpRequest, obj: ConsentText | None = None) -> list[str]:
        drafted = obj is None or obj.published_at is None
        hidden = {"standing", "version", "published_at"} if drafted else {"shown_now"}
        if obj is None:
            hidden.add("shown_now")
        return [name for name in self.fields if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: ConsentText | None = None) -> tuple[str, ...]:
        return ("shown_now", "standing", "version", "published_at")

    def has_change_permission(self, request: HttpRequest, obj: ConsentText | None = None) -> bool:
        return (obj is None or obj.published_at is None) and super().has_change_permission(request, obj)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        text = self.get_object(request, str(object_id))  # None for an address of no text
        buttons: list[Any] = super().get_actions_submit_line(request, object_id)
        return buttons if text is not None and text.published_at is None else []

    @action(description="Save and publish")  # type: ignore[untyped-decorator]  # unfold ships no types
    def save_and_publish(self, request: HttpRequest, obj: ConsentText) -> None:
        self._publish(request, [obj])

    @admin.action(description="Publish together", permissions=["change"])
    def publish_together(self, request: HttpRequest, queryset: QuerySet[ConsentText]) -> HttpResponse | None:
        """Of one purpose, they begin a new meaning together when one of them does."""
        drafts = list(queryset.filter(published_at=None))
        if drafts:
            self._publish(request, drafts)
        else:
            self.message_user(request, "There was no draft among them.", messages.WARNING)
        return None

    def _publish(self, request: HttpRequest, drafts: list[ConsentText]) -> None:
        published = texts.publish(drafts=drafts, now=timezone.now())
        for text in published:
            self.log_change(request, text, "Published.")
        self.message_user(request, f"Published: {', '.join(str(text) for text in published)}.", messages.SUCCESS)
        for purpose in sorted({text.purpose for text in published if text.renews}):
            self.message_user(request, f"Older consents to {purpose} do not count any more.", messages.WARNING)
            if behind := texts.languages_left_behind(purpose=Purpose(purpose)):
                said = (
                    f"In {', '.join(behind)} there is no text of the new meaning yet: other languages are shown there."
                )
                self.message_user(request, said, messages.WARNING)

    @admin.display(description="shown now")
    def shown_now(self, obj: ConsentText) -> str:
        for text in texts.current_texts(language=obj.language):
            if text.purpose == obj.purpose:
                return f"Version {text.version}: {text.body}"
        return "Nothing in this language."

    @admin.display(description="version", ordering="version")
    def shown_version(self, obj: ConsentText) -> str:
        return "" if obj.version is None else str(obj.version)

    @display(  # type: ignore[untyped-decorator]  # unfold ships no types
        description="standing",
        label={CURRENT: "success", DRAFT: "info", OUTDATED: "danger", REPLACED: "warning"},
    )
    def standing(self, obj: ConsentText) -> str:
        if obj.published_at is None:
            return DRAFT
        if obj.outdated_at is not None:
            return OUTDATED
        newer = ConsentText.objects.filter(purpose=obj.purpose, language=obj.language, version__gt=obj.version)
        return REPLACED if newer.exists() else CURRENT
