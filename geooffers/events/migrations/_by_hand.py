"""The part of the initial migration that is written by hand: the database itself refuses to change an event, but for
its shopper who goes.

Deleting stays possible: events are pruned by age. SQLite rebuilds a table when a later migration alters it and loses
its triggers with that: such a migration repeats this step.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

KEPT = ("id", "kind", "at", "visit_id", "coupon_id", "offer_id", "store_id", "message_id")


def changed(differs: str) -> str:
    return " OR ".join(["NEW.shopper_id IS NOT NULL", *(f"NEW.{column} {differs} OLD.{column}" for column in KEPT)])


POSTGRESQL = f"""
CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER events_are_append_only BEFORE UPDATE ON events_event
    FOR EACH ROW WHEN ({changed("IS DISTINCT FROM")}) EXECUTE FUNCTION events_are_append_only();
"""
SQLITE = f"""
CREATE TRIGGER events_are_append_only BEFORE UPDATE ON events_event
WHEN {changed("IS NOT")}
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
"""


def forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER events_are_append_only ON events_event")
        schema_editor.execute("DROP FUNCTION events_are_append_only()")
    else:
        schema_editor.execute("DROP TRIGGER events_are_append_only")


OPERATIONS = [migrations.RunPython(forwards, backwards)]
