"""Codes: what is derived, what people may type, and what the check symbol catches."""

import hashlib
import hmac
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geooffers import code_symbols
from geooffers.coupons import codes

RING = codes.read_keys("k2:" + "22" * 32 + ",k1:" + "11" * 32)
COUPON = UUID("019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c")

ids = st.uuids()


def code(coupon_id: UUID = COUPON, key_id: str = "k2") -> codes.Code:
    return RING.code_for(coupon_id=coupon_id, key_id=key_id)


def test_a_code_is_twelve_symbols_of_the_hmac_and_a_check_symbol() -> None:
    making = hmac.digest(bytes.fromhex("22" * 32), b"geooffers coupon code", hashlib.sha256)
    digest = hmac.digest(making, COUPON.bytes, hashlib.sha256)
    bits = "".join(f"{byte:08b}" for byte in digest)[:60]
    expected = "".join(code_symbols.ALPHABET[int(bits[at : at + 5], 2)] for at in range(0, 60, 5))
    assert code().symbols[:12] == expected
    assert len(code().symbols) == 13


def test_the_check_symbol_is_the_weighted_sum_over_gf_32() -> None:
    """Worked by hand: 1 in the place next to the check symbol weighs a, which is 2; in the next place a squared."""
    assert codes.read("0000-0000-00012").symbols == "0000000000012"
    assert codes.read("0000-0000-00104").symbols == "0000000000104"
    assert codes.read("0000-0000-00000").symbols == "0000000000000"


def test_the_same_coupon_has_the_same_code_again() -> None:
    again = codes.read_keys("k2:" + "22" * 32)
    assert again.code_for(coupon_id=COUPON, key_id="k2") == code()


def test_another_key_makes_another_code() -> None:
    assert code(key_id="k1") != code()
    assert code(key_id="k1").digest != code().digest


def test_the_first_key_makes_codes() -> None:
    assert RING.newest_id == "k2"


def test_a_coupon_is_found_by_the_hash_of_its_code_however_that_was_typed() -> None:
    assert code().digest == hashlib.sha256(code().symbols.encode()).digest()
    assert codes.read(str(code()).lower()).digest == code().digest


def test_keys_are_not_shown_by_repr() -> None:
    assert RING.keys[0].making.hex() not in repr(RING)
    assert repr(RING.keys[0].making) not in repr(RING)


def test_a_coupon_whose_key_was_taken_out_says_so() -> None:
    with pytest.raises(codes.KeyGone, match="k9"):
        RING.code_for(coupon_id=COUPON, key_id="k9")


def test_people_see_groups_of_four_four_and_five() -> None:
    assert [len(group) for group in str(code()).split("-")] == [4, 4, 5]


@given(ids)
def test_what_is_shown_can_be_read(coupon_id: UUID) -> None:
    assert codes.read(str(code(coupon_id))) == code(coupon_id)


@given(ids, st.randoms(use_true_random=False))
def test_case_spaces_dashes_and_look_alikes_do_not_matter(coupon_id: UUID, random) -> None:
    typed = []
    for symbol in code(coupon_id).symbols:
        symbol = random.choice({"0": "0Oo", "1": "1IiLl"}.get(symbol, symbol + symbol.lower()))
        typed.append(symbol + random.choice(["", "", " ", "-", "–", "\u00a0"]))
    assert codes.read("".join(typed)) == code(coupon_id)


@given(ids, st.integers(0, 12), st.sampled_from(code_symbols.ALPHABET))
def test_one_wrong_symbol_is_caught(coupon_id: UUID, place: int, wrong: str) -> None:
    right = code(coupon_id).symbols
    mistyped = right[:place] + wrong + right[place + 1 :]
    if mistyped == right:
        assert codes.read(mistyped) == code(coupon_id)
        return
    with pytest.raises(codes.BadCheckSymbol):
        codes.read(mistyped)


def test_every_single_substitution_in_a_hundred_codes_is_caught() -> None:
    missed = tried = 0
    for _ in range(100):
        right = code(uuid4()).symbols
        for place in range(13):
            for wrong in code_symbols.ALPHABET.replace(right[place], ""):
                tried += 1
                missed += reads(right[:place] + wrong + right[place + 1 :])
    assert tried == 100 * 13 * 31
    assert missed == 0


def test_every_swap_of_two_symbols_in_two_hundred_codes_is_caught() -> None:
    missed = tried = 0
    for _ in range(200):
        right = code(uuid4()).symbols
        for first in range(13):
            for second in range(first + 1, 13):
                if right[first] == right[second]:
                    continue
                swapped = list(right)
                swapped[first], swapped[second] = swapped[second], swapped[first]
                tried += 1
                missed += reads("".join(swapped))
    assert tried > 10_000
    assert missed == 0


def test_a_random_thirteen_symbols_pass_one_time_in_thirty_two() -> None:
    """The check symbol is for typists, not against guessers: this is what it lets through."""
    drawn = 20_000
    passed = sum(
        reads("".join(code_symbols.ALPHABET[byte % 32] for byte in hashlib.sha256(str(number).encode()).digest()[:13]))
        for number in range(drawn)
    )
    assert 0.8 * drawn / 32 < passed < 1.2 * drawn / 32


def reads(text: str) -> bool:
    try:
        codes.read(text)
    except codes.BadCheckSymbol:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-- --",
        "0000-0000-0000",  # twelve
        "0000-0000-00000-0",  # fourteen
        "U000-0000-00000",  # U is no symbol
        "0000-0000-0000!",
        "0000-0000-0000\x00",
        "\uff10000-0000-00000",  # a full-width zero
        "0000-0000-000\u0131\u0131",  # a dotless i is no I
        "0" * 100_000,
    ],
)
def test_what_cannot_be_a_code_is_malformed(text: str) -> None:
    with pytest.raises(codes.MalformedCode):
        codes.read(text)


@given(st.text(max_size=40))
def test_any_text_at_all_is_read_or_refused(text: str) -> None:
    try:
        read = codes.read(text)
    except codes.UnreadableCode:
        return
    assert codes.read(read.symbols) == read


@pytest.mark.parametrize(
    ("ring", "complaint"),
    [
        ("", "id"),
        ("k1", "k1"),
        ("k1:" + "11" * 31, "64 hexadecimal"),
        ("k1:" + "zz" * 32, "64 hexadecimal"),
        ("K1:" + "11" * 32, "lower-case"),
        ("k1:" + "11" * 32 + ",k1:" + "22" * 32, "twice"),
        ("k1:" + "11" * 32 + ",", "id"),
    ],
)
def test_a_ring_that_cannot_be_read_is_refused_without_showing_the_key(ring: str, complaint: str) -> None:
    with pytest.raises(codes.BadKeys, match=complaint) as refusal:
        codes.read_keys(ring)
    assert "1111" not in str(refusal.value)
