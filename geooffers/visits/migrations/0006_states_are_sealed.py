from django.db import migrations

import geooffers.sealing.columns
from geooffers.visits import sealed_state


def seal(apps, schema_editor):
    """Before this, the column held the packed state as it is."""
    DeviceState = apps.get_model('visits', 'DeviceState')
    for row in DeviceState.objects.exclude(packed=b'').iterator(chunk_size=1000):
        row.packed = sealed_state.seal(bytes(row.packed), device_id=row.pk)
        row.save(update_fields=['packed'])


class Migration(migrations.Migration):
    """The column stays bytes, so nothing but its content changes. Stop the web processes before."""

    dependencies = [
        ('visits', '0005_to_forget'),
    ]

    operations = [
        migrations.RunPython(seal),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='devicestate',
                    name='packed',
                    field=geooffers.sealing.columns.SealedBytes(default=b''),
                ),
            ]
        ),
    ]
