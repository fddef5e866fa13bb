"""A sealed hash is itself in Python and found under any key; in the database it opens nothing."""

from typing import Any

import pytest
from django.db import connection

from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon
from geooffers.sealing import configured, rings
from tests.cast import make_coupon, make_offer, make_store

pytestmark = [pytest.mark.django_db, pytest.mark.both]

K2 = "k2:" + "77" * 32


@pytest.fixture
def coupon() -> Coupon:
    return make_coupon(make_offer(make_store()))


def stored(coupon: Coupon) -> bytes:
    pk = Coupon._meta.pk.get_db_prep_value(coupon.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT code_lookup FROM coupons_coupon WHERE id = %s", [pk])
        return bytes(cursor.fetchone()[0])


def digest_of(coupon: Coupon) -> bytes:
    return keyring.code_of(coupon).digest


def test_what_is_stored_is_not_the_hash(coupon: Coupon) -> None:
    """A code has 60 bits: with its plain hash in a dump all of them could be tried."""
    plain = digest_of(coupon)
    assert Coupon.objects.get(code_lookup=plain) == coupon
    assert bytes(Coupon.objects.get().code_lookup) == plain
    assert plain not in stored(coupon)
    assert stored(coupon)[3:] != rings.read_ring(K2).newest.seal_hash(plain, purpose=b"coupon code")[3:]


def test_under_an_older_key_it_is_found_until_the_key_is_gone(coupon: Coupon, settings: Any) -> None:
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    new_one = make_coupon(coupon.offer)
    assert stored(coupon).startswith(b"s1:")
    assert stored(new_one).startswith(b"k2:")
    for one in (coupon, new_one):
        assert Coupon.objects.get(code_lookup=digest_of(one)) == one
    assert not Coupon.objects.filter(code_lookup=bytes(32)).exists()
    assert set(Coupon.objects.filter(code_lookup__under="s1")) == {coupon}
    settings.DATA_KEYS = K2
    assert not Coupon.objects.filter(code_lookup=digest_of(coupon)).exists()
    with pytest.raises(rings.KeyGone):
        Coupon.objects.get(pk=coupon.pk)


def test_saving_a_row_seals_its_hash_under_the_newest_key(coupon: Coupon, settings: Any) -> None:
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    Coupon.objects.get(pk=coupon.pk).save()
    assert stored(coupon).startswith(b"k2:")
    assert Coupon.objects.get(code_lookup=digest_of(coupon)) == coupon


def test_rows_outside_of_the_ring_are_found(coupon: Coupon, settings: Any) -> None:
    field = Coupon._meta.get_field("code_lookup")

    def outside() -> list[Any]:
        rows = Coupon.objects.filter(field.sealed_outside(configured.ring(), column="code_lookup"))
        return list(rows.values_list("pk", flat=True))

    assert outside() == []
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    assert outside() == []
    settings.DATA_KEYS = K2
    assert outside() == [coupon.pk]
    with connection.cursor() as cursor:  # a plain hash, from before they were sealed
        cursor.execute("UPDATE coupons_coupon SET code_lookup = %s", [digest_of(coupon)])
    assert outside() == [coupon.pk]
    Coupon.objects.update(code_lookup=None)
    assert outside() == [], "of an erased shopper nothing is left to find"
