"""What is sealed opens with its key, for its purpose and its row, and with nothing else."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geooffers.sealing import rings

K1, K2, K10 = ("k1:" + "11" * 32, "k2:" + "22" * 32, "k10:" + "33" * 32)
RING = rings.read_ring(f"{K2},{K1}")
OLD, NEW = RING.keys[1], RING.keys[0]
DIGEST, ROW, OTHER_ROW = os.urandom(32), os.urandom(16), os.urandom(16)


def open_hash(sealed: bytes, *, purpose: bytes = b"token", ring: rings.Ring = RING) -> bytes:
    return ring.key_of(sealed).open_hash(sealed, purpose=purpose)


def open_row(sealed: bytes, *, row: bytes = ROW, purpose: bytes = b"state", ring: rings.Ring = RING) -> bytes:
    return ring.key_of(sealed).open_row(sealed, row=row, purpose=purpose)


@pytest.mark.parametrize("key", [OLD, NEW])
def test_a_hash_is_sealed_alike_each_time_and_opens(key: rings.Key) -> None:
    sealed = key.seal_hash(DIGEST, purpose=b"token")
    assert sealed == key.seal_hash(DIGEST, purpose=b"token")
    assert open_hash(sealed) == DIGEST
    assert DIGEST not in sealed


def test_a_hash_is_another_one_under_each_key_and_for_each_purpose() -> None:
    forms = {key.seal_hash(DIGEST, purpose=purpose)[3:] for key in RING.keys for purpose in (b"token", b"link")}
    assert len(forms) == 4


@given(content=st.binary(max_size=400))
def test_a_row_opens_to_what_was_sealed(content: bytes) -> None:
    sealed = NEW.seal_row(content, row=ROW, purpose=b"state")
    assert open_row(sealed) == content
    assert sealed != NEW.seal_row(content, row=ROW, purpose=b"state"), "the same twice would show that it is the same"


def sealed_row() -> bytes:
    return NEW.seal_row(b"whereabouts", row=ROW, purpose=b"state")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: open_row(sealed_row(), row=OTHER_ROW),
        lambda: open_row(sealed_row(), purpose=b"another"),
        lambda: open_row(sealed_row()[:-1]),
        lambda: open_row(sealed_row() + b"x"),
        lambda: open_row(b"k2:"),
        lambda: open_row(b"k1:" + sealed_row()[3:]),
        lambda: open_hash(NEW.seal_hash(DIGEST, purpose=b"token"), purpose=b"link"),
        lambda: open_hash(b"k1:" + NEW.seal_hash(DIGEST, purpose=b"token")[3:]),
        lambda: open_hash(b"k2:" + DIGEST),
        lambda: open_hash(b"k2:"),
    ],
)
def test_what_was_moved_or_damaged_does_not_open(spoil) -> None:
    with pytest.raises(rings.NotOurs):
        spoil()


@given(place=st.integers(min_value=3, max_value=3 + 12 + 11 + 16 - 1), bit=st.integers(min_value=0, max_value=7))
def test_no_bit_of_a_row_can_be_changed(place: int, bit: int) -> None:
    sealed = bytearray(sealed_row())
    sealed[place] ^= 1 << bit
    with pytest.raises(rings.NotOurs):
        open_row(bytes(sealed))


@pytest.mark.parametrize(
    ("sealed", "named"),
    [(b"k3:secret", "'k3'"), (b"", "no id"), (b"secret", "no id"), (b"Secret:k3", "no id"), (bytes(32), "no id")],
)
def test_a_key_that_is_not_in_the_ring_is_named_and_nothing_else_is_shown(sealed: bytes, named: str) -> None:
    with pytest.raises(rings.KeyGone) as refused:
        RING.key_of(sealed)
    assert named in str(refused.value)
    assert "ecret" not in str(refused.value)


def test_a_ring_does_not_show_its_keys() -> None:
    assert "11" * 4 not in repr(RING)


@given(sealed=st.binary(max_size=8))
def test_what_lies_in_no_gap_is_of_one_of_the_keys(sealed: bytes) -> None:
    ring = rings.read_ring(f"{K10},{K2},{K1}")
    outside = any((low is None or low <= sealed) and (high is None or sealed < high) for low, high in ring.gaps())
    assert outside is not any(sealed.startswith(key.prefix) for key in ring.keys)
