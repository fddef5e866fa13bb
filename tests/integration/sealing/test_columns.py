"""A sealed hash is itself in Python and found under any key; in the database it opens nothing."""

from hashlib import sha256
from typing import Any

import pytest
from django.db import connection

from geooffers.callers import device_lookup
from geooffers.sealing import configured, rings
from geooffers.shoppers.models import Device
from tests.cast import NOON, make_device

pytestmark = pytest.mark.django_db

K2 = "k2:" + "77" * 32


def stored(device: Device, column: str = "token_hash") -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM shoppers_device WHERE id = %s", [_id(device)])
        return bytes(cursor.fetchone()[0])


def _id(device: Device) -> Any:
    return device.pk if connection.vendor == "postgresql" else device.pk.hex


def digest_of(token: str) -> bytes:
    return sha256(token.encode()).digest()


def test_what_is_stored_is_neither_the_hash_nor_found_by_it() -> None:
    device = make_device(token="one")
    plain = digest_of("one")
    assert Device.objects.get(token_hash=plain) == device
    assert bytes(Device.objects.get().token_hash) == plain
    assert plain not in stored(device)
    assert not Device.objects.filter(token_hash__as_stored=plain).exists()
    assert Device.objects.filter(token_hash__as_stored=stored(device)).exists()


@pytest.mark.parametrize("show", ["plain", "sealed", "hex"])
def test_nothing_from_a_dump_is_a_token(show: str) -> None:
    """Neither what stands in the column nor the hash in it is what a phone shows."""
    device = make_device(token="one")
    sealed = stored(device)
    shown = {"plain": sealed.decode("latin-1"), "sealed": sealed[3:].decode("latin-1"), "hex": sealed.hex()}[show]
    with pytest.raises(device_lookup.TokenUnknown):
        device_lookup.find(token_hash=device_lookup.hash_token(shown), now=NOON)
    # And who guesses a token cannot see in the dump whether the guess was right.
    assert digest_of("one") not in sealed
    other = rings.read_ring(K2).newest.seal_hash(digest_of("one"), purpose=b"device token")
    assert other[3:] != sealed[3:]


def test_under_an_older_key_it_is_found_until_the_key_is_gone(settings: Any) -> None:
    device = make_device(token="one")
    old = settings.DATA_KEYS
    settings.DATA_KEYS = f"{K2},{old}"
    new_one = make_device(token="two")
    assert stored(device).startswith(b"s1:")
    assert stored(new_one).startswith(b"k2:")
    for token, found in (("one", device), ("two", new_one)):
        assert Device.objects.get(token_hash=digest_of(token)) == found
        assert device_lookup.find(token_hash=digest_of(token), now=NOON).device_id == found.pk
    assert not Device.objects.filter(token_hash=digest_of("three")).exists()
    assert set(Device.objects.filter(token_hash__under="s1")) == {device}
    settings.DATA_KEYS = K2
    with pytest.raises(device_lookup.TokenUnknown):
        device_lookup.find(token_hash=digest_of("one"), now=NOON)
    with pytest.raises(rings.KeyGone):
        Device.objects.get(pk=device.pk)


def test_saving_a_row_seals_its_hash_under_the_newest_key(settings: Any) -> None:
    device = make_device(token="one")
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    Device.objects.get(pk=device.pk).save()
    assert stored(device).startswith(b"k2:")
    assert Device.objects.get(token_hash=digest_of("one")) == device


def test_rows_outside_of_the_ring_are_found(settings: Any) -> None:
    device = make_device(token="one")
    field = Device._meta.get_field("token_hash")

    def outside() -> list[Device]:
        rows = Device.objects.filter(field.sealed_outside(configured.ring(), column="token_hash"))
        return [Device(pk=pk) for pk in rows.values_list("pk", flat=True)]

    assert outside() == []
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    assert outside() == []
    settings.DATA_KEYS = K2
    assert outside() == [device]
    with connection.cursor() as cursor:  # a plain hash, from before they were sealed
        cursor.execute("UPDATE shoppers_device SET token_hash = %s", [digest_of("one")])
    assert outside() == [device]
