"""What people type into a shop's texts, made safe to show: on a lock screen, a till, a neighbour's browser.

Placeholders, braces and tags are left as they are: nothing we have interprets them, and templates escape.
"""

import unicodedata

MOST_MARKS = 3
# Characters that turn the direction of what follows: a title may not rewrite the sentence it stands in.
_TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_UNSEEN = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}  # letters by category, blank to the eye


class NoVisibleText(Exception):
    """Nothing of it can be seen."""


def clean(value: str, *, lines: bool = False) -> str:
    """Without control and direction characters, with at most three marks on a letter. `lines` keeps line breaks."""
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", value.replace("\r\n", "\n")):
        if char == "\n":
            kept.append("\n" if lines else " ")
            continue
        category = unicodedata.category(char)
        if char in _TURNING or category in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp"):
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            kept.append(char)
    return "".join(kept).strip()


def clean_visible(value: str, *, lines: bool = False) -> str:
    """The same, and refused when nothing is left to see. Empty stays empty: whether it may be is another's rule."""
    cleaned = clean(value, lines=lines)
    if value and not any(_is_visible(char) for char in cleaned):
        raise NoVisibleText
    return cleaned


def _is_visible(char: str) -> bool:
    return char not in _UNSEEN and unicodedata.category(char)[0] not in "CMZ"
