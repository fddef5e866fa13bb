"""`manage.py rotatekeys`: everything is moved to the newest key while it is in use, and old keys can go."""

from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon, CouponState
from geooffers.sealing import configured
from geooffers.sealing.columns import SealedBytes
from geooffers.shoppers.models import Device
from geooffers.usecases.privacy import rotate_keys
from geooffers.visits.models import DeviceState
from geooffers.visits.state import sealed_state
from tests.cast import make_coupon, make_device, make_offer, make_store
from tests.phone import registered_phone

pytestmark = [pytest.mark.django_db, pytest.mark.both]

K2, K3 = "k2:" + "77" * 32, "k3:" + "88" * 32


def rotate(*options: str) -> list[str]:
    said = StringIO()
    call_command("rotatekeys", *options, "--batch", "2", stdout=said)
    return said.getvalue().splitlines()


def rows_under(key_id: str) -> int:
    return sum(column.under(key_id).count() for column in rotate_keys.COLUMNS)


def test_every_sealed_column_is_rotated() -> None:
    sealed = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, SealedBytes)
    }
    assert sealed == {(column.model, column.name) for column in rotate_keys.COLUMNS}
    assert len(sealed) >= 2


def test_all_goes_on_under_the_new_key_and_the_old_one_is_taken_away(settings: Any) -> None:
    phones = [registered_phone() for _ in range(5)]
    for device in Device.objects.all():
        sealed = sealed_state.seal(f"whereabouts of {device.pk}".encode(), device_id=device.pk)
        DeviceState.objects.filter(device=device).update(packed=sealed)
    nowhere = make_device()
    store = make_store()
    coupons = [make_coupon(make_offer(store)) for _ in range(3)]
    code = keyring.code_of(coupons[0])
    old = settings.DATA_KEYS
    settings.DATA_KEYS = f"{K2},{old}"
    assert (rows_under("s1"), rows_under("k2")) == (5 + 3, 0)

    said = rotate()
    assert "coupon codes: 3 moved to the newest key" in said
    assert "device states: 5 moved to the newest key" in said
    assert "GEOOFFERS_DATA_KEYS s1 is needed by nothing: take it away" in said
    assert (rows_under("s1"), rows_under("k2")) == (0, 5 + 3)
    assert not [line for line in rotate() if "moved" in line], "a second time there is nothing to do"

    settings.DATA_KEYS = K2
    rotate("--check")
    for phone in phones:
        assert phone.call("GET", "/coupons").status_code == 200
    for state in DeviceState.objects.exclude(device=nowhere):
        opened = sealed_state.open_(bytes(state.packed), device_id=state.pk)
        assert opened == f"whereabouts of {state.pk}".encode()
    assert bytes(DeviceState.objects.get(device=nowhere).packed) == b""
    assert Coupon.objects.get(code_lookup=code.digest) == coupons[0]


def test_check_moves_nothing_and_says_what_needs_which_key(settings: Any) -> None:
    make_coupon(make_offer(make_store()))
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    said = rotate("--check")
    assert "GEOOFFERS_DATA_KEYS s1: 1 coupon codes" in said
    assert "GEOOFFERS_DATA_KEYS k2: 0 coupon codes" in said
    assert not any("take it away" in line for line in said)
    assert rows_under("s1") == 1


def test_a_key_that_was_taken_away_too_early_is_told_and_nothing_starts(settings: Any) -> None:
    make_coupon(make_offer(make_store()))
    device = make_device()
    DeviceState.objects.filter(device=device).update(packed=sealed_state.seal(b"here", device_id=device.pk))
    rotate_keys.refuse_without_keys()
    settings.DATA_KEYS = K2
    with pytest.raises(CommandError, match="1 coupon codes, 1 device states"):
        rotate()
    for command in ("runweb", "runworker"):
        with pytest.raises(CommandError, match="sealed under a key that is not in GEOOFFERS_DATA_KEYS"):
            call_command(command, *(["--no-migrate"] if command == "runweb" else ["--once"]))
    found = run_checks(tags=[Tags.database], databases=["default"])
    assert [message.id for message in found if message.id.startswith("geooffers")] == ["geooffers.E002"] * 2


def test_a_new_key_under_the_id_of_an_old_one_stops_the_start(settings: Any) -> None:
    """The keys were lost, and new ones made by the same instructions."""
    make_coupon(make_offer(make_store()))
    settings.DATA_KEYS = f"{K2},s1:" + "99" * 32
    with pytest.raises(rotate_keys.KeysMissing, match="s1 opens nothing that is sealed under a key of that id"):
        rotate_keys.refuse_without_keys()


def test_one_damaged_hash_stops_no_start() -> None:
    damaged, *_ = (make_coupon(make_offer(make_store())) for _ in range(2))
    key = configured.ring().newest
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE coupons_coupon SET code_lookup = %s WHERE id = %s",
            [
                connection.Database.Binary(key.prefix + bytes(48)),
                Coupon._meta.pk.get_db_prep_value(damaged.pk, connection),
            ],
        )
    rotate_keys.refuse_without_keys()


def test_the_check_of_the_project_tells_which_older_keys_are_needed(settings: Any) -> None:
    make_coupon(make_offer(make_store()))

    def messages() -> list[str]:
        found = run_checks(tags=[Tags.database], databases=["default"])
        return [f"{message.id} {message.msg}" for message in found if message.id.startswith("geooffers")]

    assert messages() == []
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    assert messages() == ["geooffers.I001 GEOOFFERS_DATA_KEYS: 1 coupon codes need the older key s1."]
    rotate()
    assert messages() == []


def test_before_a_migration_nothing_is_said_about_keys(settings: Any) -> None:
    """Columns that the next migration seals are not sealed yet."""
    make_coupon(make_offer(make_store()))
    settings.DATA_KEYS = K2
    MigrationRecorder.Migration.objects.filter(app="visits").order_by("-pk").first().delete()
    found = run_checks(tags=[Tags.database], databases=["default"])
    assert [message for message in found if message.id.startswith("geooffers")] == []


def test_a_state_that_a_report_wrote_meanwhile_is_left_as_it_is(settings: Any) -> None:
    device = make_device()
    DeviceState.objects.filter(device=device).update(packed=sealed_state.seal(b"before", device_id=device.pk))
    read_before = DeviceState.objects.get()
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    written = sealed_state.seal(b"after", device_id=device.pk)
    DeviceState.objects.filter(device=device).update(packed=written, version=read_before.version + 1)
    (states,) = [column for column in rotate_keys.COLUMNS if column.model is DeviceState]
    assert states.move(read_before) == 0
    assert bytes(DeviceState.objects.get().packed) == written


def test_a_code_that_an_erasure_emptied_meanwhile_stays_empty(settings: Any) -> None:
    read_before = make_coupon(make_offer(make_store()))
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    Coupon.objects.update(code_lookup=None)
    assert rotate_keys.CODES.move(read_before) == 0
    assert Coupon.objects.get().code_lookup is None


def test_a_state_that_does_not_open_is_cleared(settings: Any) -> None:
    device, other = make_device(), make_device()
    moved = sealed_state.seal(b"here", device_id=other.pk)
    DeviceState.objects.filter(device=device).update(packed=moved)
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    rotate()
    assert bytes(DeviceState.objects.get(device=device).packed) == b""


def test_a_code_key_is_needed_while_a_coupon_of_it_is_open(settings: Any) -> None:
    coupon = make_coupon(make_offer(make_store()))
    code = keyring.code_of(coupon)
    settings.CODE_KEYS = f"{K3},{settings.CODE_KEYS}"
    assert "GEOOFFERS_CODE_KEYS s1: 1 open coupons" in rotate()
    Coupon.objects.filter(pk=coupon.pk).update(state=CouponState.EXPIRED)
    assert "GEOOFFERS_CODE_KEYS s1 is needed by nothing: take it away" in rotate("--check")
    settings.CODE_KEYS = K3
    assert Coupon.objects.get(code_lookup=code.digest) == coupon, "it is still known"
    Coupon.objects.filter(pk=coupon.pk).update(state=CouponState.OPEN)
    with pytest.raises(CommandError, match="1 open coupons"):
        rotate("--check")
