"""The words of consents: drafted by operators, published once, never changed.

A version is a rewording, or it begins a new meaning (`renews`). A new meaning makes every older text of its purpose
outdated, in all languages, in the transaction that publishes it: a consent to one of those does not count from then on,
though nobody withdrew it. That is written on the texts, of which there are dozens, and not on the states, of which
there are millions; each state points at its text. What is under way in that moment ends under the words it began with.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max, QuerySet

from geooffers.shoppers.models import ConsentText, Purpose

FALLBACK = "en"


class UnknownText(Exception):
    """There is no consent text of that purpose, language and version."""


class TextOutdated(Exception):
    """This text was replaced by one that means something else; show that one."""


class NotADraft(Exception):
    """This text is published already."""


def current_texts(*, language: str | None = None) -> list[ConsentText]:
    """The newest version of each purpose and language, where it still means what the purpose means."""
    texts = _published().filter(outdated_at=None).order_by("purpose", "language", "version")
    if language is not None:
        texts = texts.filter(language=language)
    return list({(text.purpose, text.language): text for text in texts}.values())


def find_text(*, purpose: Purpose, language: str, version: int) -> ConsentText:
    """To agree to. An older version is fine as long as its meaning holds: apps keep what they have shown."""
    try:
        text = _published().get(purpose=purpose, language=language, version=version)
    except ConsentText.DoesNotExist:
        raise UnknownText from None
    if text.outdated_at is not None:
        raise TextOutdated
    return text


def spoken(texts: Iterable[ConsentText], *, locales: Sequence[str]) -> dict[Purpose, ConsentText]:
    """Of each purpose the text in the best language: as asked, then without region, then English, then any."""
    by_purpose: dict[Purpose, dict[str, ConsentText]] = {}
    for text in texts:
        by_purpose.setdefault(Purpose(text.purpose), {})[text.language.lower()] = text
    wishes = [wish for locale in locales for wish in _ever_wider(locale.lower())]
    return {
        purpose: known[next((wish for wish in [*wishes, FALLBACK] if wish in known), min(known))]
        for purpose, known in by_purpose.items()
    }


def publish(*, drafts: Sequence[ConsentText], now: datetime) -> list[ConsentText]:
    """Drafts of one purpose begin a new meaning together if any of them does: the same new thing in several languages.

    Answers what was published. The purpose's texts are locked, so versions follow each other.
    """
    with transaction.atomic():
        published = []
        for purpose in sorted({draft.purpose for draft in drafts}):
            known = list(ConsentText.objects.filter(purpose=purpose).order_by("pk").select_for_update())
            ready = [text for text in known if text in drafts]
            if any(text.published_at is not None for text in ready):
                raise NotADraft
            if any(text.renews for text in ready):
                ConsentText.objects.filter(
                    pk__in=[text.pk for text in known], published_at__isnull=False, outdated_at=None
                ).update(outdated_at=now)
                for text in ready:
                    text.renews = True
            for text in ready:
                text.version, text.published_at = _newest_version(text) + 1, now
                text.save(update_fields=["renews", "version", "published_at"])
            published += ready
    return published


def languages_left_behind(*, purpose: Purpose) -> list[str]:
    """Languages in which the purpose was asked once, and has no text of its meaning now."""
    texts = _published().filter(purpose=purpose)
    now = set(texts.filter(outdated_at=None).values_list("language", flat=True))
    return sorted(set(texts.values_list("language", flat=True)) - now)


def _published() -> QuerySet[ConsentText]:
    return ConsentText.objects.filter(published_at__isnull=False)


def _newest_version(text: ConsentText) -> int:
    same = _published().filter(purpose=text.purpose, language=text.language)
    newest: int | None = same.aggregate(newest=Max("version"))["newest"]
    return newest or 0


def _ever_wider(locale: str) -> list[str]:
    parts = locale.split("-")
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
