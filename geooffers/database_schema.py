"""Whether the database has the tables of this code."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

# So many are named; a new database lacks all of them.
_NAMED = 3


class NotMigrated(Exception):
    """The database lacks migrations of this code. Whatever else is asked of it would fail at a missing column."""


def unapplied() -> list[str]:
    """The migrations that are still to be applied, in their order, as "visits.0001_initial"."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def refuse_unless_migrated() -> None:
    """Raises NotMigrated, with a sentence for the operator. Every process calls it first when it starts."""
    missing = unapplied()
    if missing:
        named = ", ".join(missing[:_NAMED]) + (f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else "")
        raise NotMigrated(f"The database lacks migrations of this code: {named}. Run `manage.py migrate`.")
