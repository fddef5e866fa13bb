"""How a coupon's code is written and read: twelve symbols, and one that checks them. `coupons.codes` says why so.

It stands below everything: also a log line is searched for codes.
"""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SYMBOLS = 12
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
# Phones like to turn a hyphen into a nicer dash.
_IGNORED = frozenset(" -\t\u00a0\u2010\u2011\u2012\u2013\u2014\u2212")


class UnreadableCode(Exception):
    """What was typed or scanned cannot be a code."""


class MalformedCode(UnreadableCode):
    """A code has 13 letters and digits."""


class BadCheckSymbol(UnreadableCode):
    """The last symbol does not fit the others: something was misread."""


def written(values: list[int]) -> str:
    """Twelve values of 5 bits as symbols, with the check symbol behind them."""
    return "".join(ALPHABET[value] for value in [*values, _check_value(values)])


def read(text: str) -> str:
    """The thirteen symbols that somebody typed or scanned, without dashes. Raises MalformedCode or BadCheckSymbol."""
    values: list[int] = []
    for symbol in text:
        if symbol in _IGNORED:
            continue
        # Only ASCII is made upper case: elsewhere a dotless i would become an I.
        value = _VALUE.get(symbol.upper()) if symbol.isascii() else None
        if value is None:
            raise MalformedCode
        values.append(value)
        if len(values) > SYMBOLS + 1:
            raise MalformedCode
    if len(values) != SYMBOLS + 1:
        raise MalformedCode
    if _check_value(values[:-1]) != values[-1]:
        raise BadCheckSymbol
    return "".join(ALPHABET[value] for value in values)


def _powers() -> list[int]:
    """a**0 ... a**30 in GF(32) with x^5 + x^2 + 1; a generates the field, so all 31 differ."""
    powers = [1]
    while len(powers) < 31:
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0b100101 if doubled & 0b100000 else doubled)
    return powers


_POWERS = _powers()
_LOGARITHM = {value: exponent for exponent, value in enumerate(_POWERS)}


def _check_value(values: list[int]) -> int:
    """The sum of value * a**place. The check symbol itself has place 0: a swap with its neighbour is caught as well."""
    total = 0
    for place, value in enumerate(reversed(values), start=1):
        if value:
            total ^= _POWERS[(_LOGARITHM[value] + place) % 31]
    return total
