"""The part of the initial migration that is written by hand: the first consent texts, and a trigger.

The database itself refuses to change a published consent text. Only that its meaning moved on is written, once.

SQLite rebuilds a table when a later migration alters it and loses its triggers with that: such a migration repeats
this step.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from geooffers.shoppers.migrations import _first_texts

KEPT = ("id", "purpose", "language", "version", "body", "renews", "published_at")


def changed(differs: str) -> str:
    one_of_them = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in KEPT)
    moved_twice = f"(OLD.outdated_at IS NOT NULL AND NEW.outdated_at {differs} OLD.outdated_at)"
    return f"OLD.published_at IS NOT NULL AND ({one_of_them} OR {moved_twice})"


POSTGRESQL = f"""
CREATE FUNCTION shoppers_published_text_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'published consent texts are never changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER published_text_never_changes BEFORE UPDATE ON shoppers_consenttext
    FOR EACH ROW WHEN ({changed("IS DISTINCT FROM")}) EXECUTE FUNCTION shoppers_published_text_never_changes();
"""
SQLITE = f"""
CREATE TRIGGER published_text_never_changes BEFORE UPDATE ON shoppers_consenttext
WHEN {changed("IS NOT")}
BEGIN SELECT RAISE(ABORT, 'published consent texts are never changed'); END;
"""


def forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER published_text_never_changes ON shoppers_consenttext")
        schema_editor.execute("DROP FUNCTION shoppers_published_text_never_changes()")
    else:
        schema_editor.execute("DROP TRIGGER published_text_never_changes")


OPERATIONS = [
    migrations.RunPython(_first_texts.publish, _first_texts.take_back),
    migrations.RunPython(forwards, backwards),
]
