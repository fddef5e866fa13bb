"""What stood in the columns before they were sealed is found again after the migrations."""

from hashlib import sha256
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from geooffers.api import auth
from geooffers.coupons import codes, keyring
from geooffers.coupons.models import Coupon, CouponState
from geooffers.rounds import export as round_
from geooffers.shoppers import exports
from geooffers.shoppers.models import Export
from geooffers.visits import sealed_state
from geooffers.visits.models import DeviceState
from merchants import keys
from merchants.models import ApiKey
from tests.cast import NOON, make_coupon, make_device, make_offer, make_store

pytestmark = pytest.mark.django_db


def put(table: str, **columns: bytes | None) -> None:
    """As it is, past the fields."""
    with connection.cursor() as cursor:
        for column, value in columns.items():
            cursor.execute(f"UPDATE {table} SET {column} = %s", [value])


def migrate(app: str, name: str, before: str, module: str) -> None:
    apps: Any = MigrationLoader(connection).project_state((app, before)).apps
    import_module(f"{module}.migrations.{name}").seal(apps, None)


def test_a_device_goes_on_with_its_token() -> None:
    device = make_device()
    put("shoppers_device", token_hash=sha256(b"one").digest(), previous_token_hash=sha256(b"before").digest())
    migrate("shoppers", "0011_token_hashes_are_sealed", "0010_exports", "geooffers.shoppers")
    device.refresh_from_db()
    assert auth.find_device(auth.hash_token("one")).device_id == device.pk
    assert device.previous_token_hash == sha256(b"before").digest()


def test_an_api_key_goes_on() -> None:
    row, shown = keys.make_key(store=make_store(), name="till", scopes=[keys.COUPONS_LOOKUP])
    put("merchants_apikey", key_hash=keys.hash_of(shown))
    assert not ApiKey.objects.filter(key_hash=keys.hash_of(shown)).exists()
    migrate("merchants", "0009_key_hashes_are_sealed", "0008_a_store_is_in_a_city", "merchants")
    assert keys.find_usable(key=shown) == row


def test_a_coupon_is_found_by_its_code() -> None:
    coupon = make_coupon(make_offer(make_store()))
    code = keyring.code_of(coupon)
    put("coupons_coupon", code_lookup=bytes(32))
    assert not Coupon.objects.filter(code_lookup=code.digest).exists()
    migrate("coupons", "0005_code_hashes_are_sealed", "0005_code_hashes_are_sealed", "geooffers.coupons")
    assert Coupon.objects.get(code_lookup=code.digest) == coupon


def test_an_open_coupon_whose_key_is_gone_stops_the_migration_and_a_spent_one_does_not() -> None:
    coupon = make_coupon(make_offer(make_store()))
    Coupon.objects.update(code_key_id="gone")
    migration = ("coupons", "0005_code_hashes_are_sealed", "0005_code_hashes_are_sealed", "geooffers.coupons")
    with pytest.raises(codes.KeyGone):
        migrate(*migration)
    Coupon.objects.update(state=CouponState.EXPIRED)
    migrate(*migration)
    coupon.refresh_from_db()
    assert coupon.code_lookup is None


def test_a_device_is_where_it_was() -> None:
    device, nowhere = make_device(), make_device()
    DeviceState.objects.filter(device=device).update(packed=b"whereabouts")
    migrate("visits", "0006_states_are_sealed", "0005_to_forget", "geooffers.visits")
    packed = bytes(DeviceState.objects.get(device=device).packed)
    assert b"whereabouts" not in packed
    assert sealed_state.open_(packed, device_id=device.pk) == b"whereabouts"
    assert bytes(DeviceState.objects.get(device=nowhere).packed) == b""


def test_a_copy_that_waits_says_its_key() -> None:
    device = make_device()
    for _ in range(2):
        exports.order(device=device, now=NOON)
    assert round_.run(now=NOON, limit=10) == 1
    exports.order(device=make_device(), now=NOON)
    Export.objects.update(key_id="")
    apps: Any = MigrationLoader(connection).project_state(("shoppers", "0014_exports_say_their_key")).apps
    import_module("geooffers.shoppers.migrations.0014_exports_say_their_key").name(apps, None)
    assert [export.key_id for export in Export.objects.order_by("asked_at", "key_id")] == ["", "s1"]
    assert Export.objects.get(body=None).key_id == ""
