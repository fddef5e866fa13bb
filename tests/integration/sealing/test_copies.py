"""Copies that wait to be fetched are moved to the newest key with everything else."""

from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from geooffers.shoppers.models import Export, Shopper
from geooffers.shoppers.privacy import export_files
from geooffers.usecases.privacy import rotate_keys
from geooffers.worker.tasks import export as round_
from tests.cast import NOON, make_device

pytestmark = [pytest.mark.django_db, pytest.mark.both]

K2 = "k2:" + "77" * 32


def rotate(*options: str) -> list[str]:
    said = StringIO()
    call_command("rotatekeys", *options, "--batch", "2", stdout=said)
    return said.getvalue().splitlines()


def a_copy_waits() -> tuple[UUID, str]:
    """Whose, and the link's token."""
    device = make_device()
    _, token = export_files.order(device=device, now=NOON)
    assert round_.run(now=NOON, limit=10) == 1
    return device.shopper_id, token


def fetch(copy: tuple[UUID, str]) -> bytes:
    shopper_id, token = copy
    return export_files.fetch(shopper_id=shopper_id, token=token, now=NOON)


def test_they_are_moved_and_the_old_key_is_taken_away(settings: Any) -> None:
    copies = [a_copy_waits() for _ in range(5)]
    export_files.order(device=make_device(), now=NOON)  # not made yet: it is under no key
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    assert "GEOOFFERS_DATA_KEYS s1: 5 copies that wait" in rotate("--check")
    said = rotate()
    assert "copies that wait: 5 moved to the newest key" in said
    assert "GEOOFFERS_DATA_KEYS s1 is needed by nothing: take it away" in said
    assert not [line for line in rotate() if "moved" in line], "a second time there is nothing to do"
    settings.DATA_KEYS = K2
    for copy in copies:
        assert fetch(copy).startswith(b"\x1f\x8b"), "gzip, as it was"
    assert round_.run(now=NOON, limit=10) == 1
    assert Export.objects.get().key_id == "k2"


def test_a_key_that_a_copy_needs_is_not_called_needless_and_its_loss_is_told(settings: Any) -> None:
    copy = a_copy_waits()
    Shopper.objects.get().devices.all().delete()  # whose token is under that key, too
    settings.DATA_KEYS, old = K2, settings.DATA_KEYS
    with pytest.raises(CommandError, match="nobody can read them: 1 copies that wait"):
        rotate("--check")
    settings.DATA_KEYS = f"{K2},{old}"
    rotate()
    settings.DATA_KEYS = K2
    assert fetch(copy)


def test_one_that_was_fetched_meanwhile_is_left_alone(settings: Any) -> None:
    copy = a_copy_waits()
    read_before = Export.objects.get()
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    assert fetch(copy)
    assert export_files.move(export=read_before) == 0
    assert not Export.objects.exists()


def test_one_that_does_not_open_goes_and_another_is_made_when_it_is_asked_for(settings: Any, caplog: Any) -> None:
    first, other = a_copy_waits(), a_copy_waits()
    mine, theirs = (Export.objects.get(shopper=shopper_id) for shopper_id, _ in (first, other))
    Export.objects.filter(pk=mine.pk).update(body=theirs.body)
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    assert "copies that wait: 1 moved to the newest key" in rotate()
    assert "a copy that waited is lost" in caplog.text
    assert not Export.objects.filter(pk=mine.pk).exists()
    assert fetch(other)
    device = Shopper.objects.get(pk=first[0]).devices.get()
    _, token = export_files.order(device=device, now=NOON)
    assert round_.run(now=NOON, limit=10) == 1
    assert fetch((first[0], token))


def test_bodies_are_read_one_at_a_time(django_assert_num_queries: Any, settings: Any) -> None:
    for _ in range(2):
        a_copy_waits()
    settings.DATA_KEYS = f"{K2},{settings.DATA_KEYS}"
    copies = rotate_keys.SEALED[-1]
    rows = list(copies.under("s1"))
    assert all("body" in row.get_deferred_fields() for row in rows)
    with django_assert_num_queries(2):
        assert copies.move(rows[0]) == 1
