"""Erasures are written down outside the database, and a database that does not know of them forgets again."""

from dataclasses import replace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from geooffers.coupons.models import Coupon, CouponState
from geooffers.shoppers.models import DataRequest, Device, Shopper, Tombstone
from geooffers.shoppers.privacy import tombstone_file, tombstones
from geooffers.visits.models import DeviceState
from geooffers.worker.tasks import erase
from merchants.models import Offer
from tests.acceptance.privacy.erasure.asking import LATER, erased
from tests.cast import NOON, make_device, make_shopper
from tests.walker import Walker

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_where_nothing_can_be_written_down_nothing_is_erased(walker: Walker, settings, tmp_path) -> None:
    settings.TOMBSTONES = tmp_path / "gone" / "tombstones"
    refused = erased(walker)
    assert (refused.status_code, refused.json()["code"]) == (503, "erasure_unavailable")
    assert refused.headers["Retry-After"] == "60"
    assert Device.objects.exists()
    assert Coupon.objects.get().state == CouponState.OPEN
    assert not Tombstone.objects.exists()


def test_the_file_and_its_mirror_say_the_same(walker: Walker) -> None:
    erased(walker)
    (line,) = tombstone_file.read(path=settings.TOMBSTONES)
    mirrored = {bytes(stone.digest): stone.kind for stone in Tombstone.objects.all()}
    assert mirrored == {**dict.fromkeys(line.shoppers, "shopper"), **dict.fromkeys(line.tokens, "token")}
    assert line.request_id == DataRequest.objects.get().pk
    assert walker.device.pk.hex not in settings.TOMBSTONES.read_text()
    tombstones.refuse_unless_caught_up(now=LATER)


def bring_back(walker: Walker) -> None:
    """As yesterday's backup would: the same shopper, the same phone, the same token."""
    Tombstone.objects.all().delete()
    DataRequest.objects.all().delete()
    shopper = Shopper.objects.create(id=walker.device.shopper_id, created_at=NOON)
    walker.device.shopper = shopper
    walker.device.save(force_insert=True)
    DeviceState.objects.create(device=walker.device)


def test_a_database_that_does_not_know_is_not_served_and_then_forgets_again(walker: Walker, capsys) -> None:
    first = erased(walker)
    erase.run(now=LATER, limit=100)
    bring_back(walker)
    with pytest.raises(tombstones.NotCaughtUp, match=r"holds 1 erasures .* applytombstones"):
        tombstones.refuse_unless_caught_up(now=LATER)
    with pytest.raises(CommandError, match="applytombstones"):
        call_command("runworker", "--once")
    with pytest.raises(CommandError, match="applytombstones"):
        call_command("runweb", "--no-migrate")
    call_command("applytombstones")
    assert "1 erasures were not in the database, 1 of its shoppers are erased" in capsys.readouterr().out
    assert not Shopper.objects.exists()
    assert not Device.objects.exists()
    tombstones.refuse_unless_caught_up(now=LATER)
    assert erased(walker).json() == first.json(), "and the phone is told what it was told"
    request = DataRequest.objects.get()
    assert (request.from_file, request.done_at is None) == (True, False)
    call_command("applytombstones")
    assert "0 erasures" in capsys.readouterr().out


def test_a_running_worker_makes_it_good_as_well(walker: Walker) -> None:
    erased(walker)
    erase.run(now=LATER, limit=100)
    bring_back(walker)
    erase.run(now=LATER, limit=100)
    assert not Shopper.objects.exists()
    tombstones.refuse_unless_caught_up(now=LATER)


def test_a_phone_that_changed_hands_after_the_backup_is_nobodys_and_its_old_holder_stays(walker: Walker) -> None:
    """Yesterday it was Bea's; today its new holder erased themselves, and the phone with them."""
    erased(walker)
    erase.run(now=LATER, limit=100)
    Tombstone.objects.all().delete()
    bea = make_device(make_shopper(firebase_uid="bea"))
    walker.device.shopper = bea.shopper
    walker.device.save(force_insert=True)
    DeviceState.objects.create(device=walker.device)
    call_command("applytombstones")
    assert [device.pk for device in Device.objects.all()] == [bea.pk]
    assert Shopper.objects.get().firebase_uid == "bea"


def test_a_shopper_whom_the_backup_never_held_is_only_noted(walker: Walker) -> None:
    erased(walker)
    erase.run(now=LATER, limit=100)
    Tombstone.objects.all().delete()
    with pytest.raises(tombstones.NotCaughtUp):
        tombstones.refuse_unless_caught_up(now=LATER)
    call_command("applytombstones")
    tombstones.refuse_unless_caught_up(now=LATER)
    assert Tombstone.objects.count() == 2


def test_the_file_of_another_machine_is_taken_over(walker: Walker, settings, tmp_path, capsys) -> None:
    erased(walker)
    theirs, settings.TOMBSTONES = settings.TOMBSTONES, tmp_path / "ours"
    Tombstone.objects.all().delete()
    tombstones.refuse_unless_caught_up(now=LATER)
    call_command("applytombstones", theirs)
    assert tombstone_file.read(path=settings.TOMBSTONES) == tombstone_file.read(path=theirs)
    assert Tombstone.objects.count() == 2
    call_command("applytombstones", theirs)
    assert len(tombstone_file.read(path=settings.TOMBSTONES)) == 1


def test_lines_under_a_key_that_is_gone_stop_the_start(walker: Walker, settings) -> None:
    erased(walker)
    Tombstone.objects.all().delete()
    settings.TOMBSTONE_KEYS = "other:" + "11" * 32
    with pytest.raises(tombstones.NotCaughtUp, match="the key s1"):
        tombstones.refuse_unless_caught_up(now=LATER)
    with pytest.raises(CommandError, match="the key s1"):
        call_command("applytombstones")
    settings.TOMBSTONE_KEYS = f"other:{'11' * 32},s1:{'7b' * 32}"
    call_command("applytombstones")
    tombstones.refuse_unless_caught_up(now=LATER)


def test_another_key_under_the_id_of_the_old_one_stops_the_start_and_nothing_is_taken_for_done(
    walker: Walker, settings
) -> None:
    """Under it every line would look as if it were about somebody else."""
    erased(walker)
    erase.run(now=LATER, limit=100)
    bring_back(walker)
    settings.TOMBSTONE_KEYS = "s1:" + "11" * 32
    with pytest.raises(tombstones.NotCaughtUp, match="another key s1"):
        tombstones.refuse_unless_caught_up(now=LATER)
    with pytest.raises(CommandError, match="another key s1"):
        call_command("applytombstones")
    assert not Tombstone.objects.exists()
    settings.TOMBSTONE_KEYS = "s1:" + "7b" * 32
    call_command("applytombstones")
    assert not Shopper.objects.exists()


def test_lines_that_are_older_than_the_check_of_their_key_are_read(walker: Walker, settings, capsys) -> None:
    erased(walker)
    erase.run(now=LATER, limit=100)
    (line,) = tombstone_file.read(path=settings.TOMBSTONES)
    assert line.key_check
    settings.TOMBSTONES.write_bytes(tombstone_file.encode(replace(line, key_check=b"")))
    assert b"check" not in settings.TOMBSTONES.read_bytes()
    bring_back(walker)
    call_command("applytombstones")
    assert not Shopper.objects.exists()


def test_a_damaged_file_stops_the_start(walker: Walker, aino: Offer) -> None:
    other = Walker()
    for one in (walker, other):
        erased(one)
    content = bytearray(settings.TOMBSTONES.read_bytes())
    content[20] ^= 1
    settings.TOMBSTONES.write_bytes(content)
    with pytest.raises(tombstones.NotCaughtUp, match="line 1"):
        tombstones.refuse_unless_caught_up(now=LATER)
    with pytest.raises(CommandError, match="line 1"):
        call_command("applytombstones")


def test_another_key_under_the_id_stops_the_start_also_where_all_is_applied(walker: Walker, settings) -> None:
    """Whoever lost the keys made new ones by the same instructions: what is written under both helps no backup."""
    erased(walker)
    tombstones.refuse_unless_caught_up(now=LATER)
    settings.TOMBSTONE_KEYS = "s1:" + "11" * 32
    with pytest.raises(tombstones.NotCaughtUp, match="another key s1"):
        tombstones.refuse_unless_caught_up(now=LATER)
    settings.TOMBSTONE_KEYS = "s2:" + "11" * 32
    tombstones.refuse_unless_caught_up(now=LATER)


@pytest.mark.parametrize("keys", ["s1:" + "11" * 32, "s2:" + "11" * 32])
def test_a_worker_without_the_key_says_so_and_finishes_the_erasures_that_were_answered(
    walker: Walker, settings, caplog, keys: str
) -> None:
    erased(walker)
    Tombstone.objects.all().delete()
    settings.TOMBSTONE_KEYS = keys
    erase.run(now=LATER, limit=100)
    assert "cannot be applied" in caplog.text
    assert not Shopper.objects.exists()
    assert not Tombstone.objects.exists()
