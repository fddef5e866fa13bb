"""A process that starts on a database of older code says so, before anything else fails at what it lacks."""

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from geooffers import database_schema
from tests.cast import make_device

pytestmark = [pytest.mark.django_db, pytest.mark.both]

STARTS = [["runworker", "--once"], ["runweb", "--no-migrate"], ["applytombstones"], ["rotatekeys"]]


def unapply(app: str) -> str:
    """As it stands in a database of the release before. The newest migration's name."""
    newest = MigrationRecorder.Migration.objects.filter(app=app).order_by("-name")[0]
    newest.delete()
    return f"{app}.{newest.name}"


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start[0])
def test_a_migration_that_was_not_applied_is_named(start: list[str]) -> None:
    assert database_schema.unapplied() == []
    name = unapply("worker")
    assert database_schema.unapplied() == [name]
    with pytest.raises(CommandError, match=rf"lacks migrations of this code: {name}\. Run `manage.py migrate`"):
        call_command(*start)


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start[0])
def test_it_is_named_before_a_column_that_it_would_have_made(start: list[str]) -> None:
    """And before keys and tombstones, which would be looked for there."""
    make_device()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shoppers_device RENAME COLUMN token_hash TO hash_of_token")
        cursor.execute("ALTER TABLE shoppers_tombstone RENAME COLUMN digest TO hmac")
    settings.TOMBSTONES.write_bytes(b"00000000 {}\n")
    name = unapply("shoppers")
    with pytest.raises(CommandError, match=name):
        call_command(*start)


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    MigrationRecorder.Migration.objects.filter(app__in=["visits", "coupons", "notifications", "worker"]).delete()
    with pytest.raises(database_schema.NotMigrated, match=r"\w+\.0001_initial, .* and 1 more\. Run"):
        database_schema.refuse_unless_migrated()


def test_one_that_is_up_to_date_starts() -> None:
    database_schema.refuse_unless_migrated()
    call_command("rotatekeys")
    call_command("applytombstones")
