"""Cities by the names that merchants and shoppers type: `HELSINKI`, `Malmo` and `Saint Denis` are found as well as
Helsinki, Malmö and Saint-Denis.

A city is a name and nothing else. Where two have the same, merchants are asked to write more of it: `Springfield,
Illinois`.
"""

import re
import unicodedata

LONGEST = 100
# Letters that are no plain letter with a mark, so that taking marks away does not reach them.
_SPELT = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
# Latin, Greek and Cyrillic marks. Those of other scripts are vowels and voices: without them it is another name.
_MARKS = re.compile("[\u0300-\u036f]")


class NotACity(Exception):
    """Nothing of this is a name."""


def key_of(name: str) -> str:
    """What is alike for all spellings of a name; empty when there is no letter in it."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", name.casefold().translate(_SPELT)))
    words = "".join(char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in plain).split()
    key = unicodedata.normalize("NFC", " ".join(words))
    return key if any(char.isalpha() for char in key) else ""


def checked_key(name: str) -> str:
    """For a store: no name is no city, and a name has to be one."""
    key = key_of(name)
    if bool(name) != bool(key) or len(key) > LONGEST:
        raise NotACity
    return key
