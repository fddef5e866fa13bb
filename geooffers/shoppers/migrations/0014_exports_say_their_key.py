from django.db import migrations, models


def name(apps, schema_editor):
    """What waits begins with the id of its key. Bodies are large, so one at a time."""
    Export = apps.get_model("shoppers", "Export")
    for pk in list(Export.objects.filter(body__isnull=False).values_list("pk", flat=True)):
        body = Export.objects.values_list("body", flat=True).get(pk=pk)
        Export.objects.filter(pk=pk).update(key_id=bytes(body).partition(b":")[0][:20].decode("ascii", "replace"))


class Migration(migrations.Migration):
    """Stop the worker before: one of older code would make copies that do not say their key."""

    dependencies = [
        ("shoppers", "0013_platforms_vouch_for_phones"),
    ]

    operations = [
        migrations.AddField(
            model_name="export",
            name="key_id",
            field=models.CharField(blank=True, default="", max_length=20),
        ),
        migrations.RunPython(name, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(condition=models.Q(("body__isnull", False)), fields=["key_id"], name="export_by_key"),
        ),
    ]
