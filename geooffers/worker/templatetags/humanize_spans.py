"""Periods, counts and small bars for the operators' page of the forgetting."""

from collections.abc import Sequence
from datetime import timedelta

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

HEIGHT, WIDTH, STEP = 28, 5, 7


@register.filter
def thousands(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


@register.filter
def span(period: timedelta) -> str:
    """The largest unit that says it well: 30 days, 7 years, 24 hours, 40 seconds."""
    seconds = int(period.total_seconds())
    if seconds == 0:
        return "until it expires"
    for unit, length in (("year", 365 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count = seconds / length
        if count >= (1.5 if unit == "year" else 1):
            text = f"{count:.0f}" if count == int(count) or count >= 10 else f"{count:.1f}"
            return f"{text} {unit}{'' if text == '1' else 's'}"
    return "less than a second"


@register.filter
def bars(days: Sequence[int], name: str) -> SafeString:
    """One bar a day, the tallest as tall as there is room. A day with anything shows at least a sliver."""
    most = max(days, default=0)
    if most == 0:
        return format_html('<span class="text-base-500 dark:text-base-400">{}</span>', "nothing was due")
    drawn = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" rx="1"/>',
        (
            (place * STEP, HEIGHT - height, WIDTH, height)
            for place, count in enumerate(days)
            for height in [max(2, round(HEIGHT * count / most)) if count else 1]
        ),
    )
    return format_html(
        '<svg role="img" aria-label="{}" class="text-primary-600 dark:text-primary-500" fill="currentColor" '
        'width="{}" height="{}" viewBox="0 0 {} {}">{}</svg>',
        f"{name}: {sum(days)} rows in {len(days)} days, at most {most} a day",
        len(days) * STEP,
        HEIGHT,
        len(days) * STEP,
        HEIGHT,
        drawn,
    )
