"""The part of the initial migration that is written by hand: the database itself refuses to change a ledger entry.

Deleting stays possible: entries are forgotten after seven years. SQLite rebuilds a table when a later migration
alters it and loses its triggers with that: such a migration repeats this step.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

POSTGRESQL = """
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger entries are never changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE ON ledger_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
"""
SQLITE = """
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE ON ledger_ledgerentry
BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END;
"""


def forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER ledger_is_append_only ON ledger_ledgerentry")
        schema_editor.execute("DROP FUNCTION ledger_is_append_only()")
    else:
        schema_editor.execute("DROP TRIGGER ledger_is_append_only")


OPERATIONS = [migrations.RunPython(forwards, backwards)]
