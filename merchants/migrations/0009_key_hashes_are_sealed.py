from django.db import migrations

import geooffers.sealing.columns
from geooffers.sealing import held


def seal(apps, schema_editor):
    """Before this, the column held the hash as it is."""
    ApiKey = apps.get_model('merchants', 'ApiKey')
    key = held.ring().newest
    for row in ApiKey.objects.iterator(chunk_size=1000):
        row.key_hash = key.seal_hash(bytes(row.key_hash), purpose=b'API key')
        row.save(update_fields=['key_hash'])


class Migration(migrations.Migration):
    """The column stays bytes, so nothing but its content changes. Stop the web processes before."""

    dependencies = [
        ('merchants', '0008_a_store_is_in_a_city'),
    ]

    operations = [
        migrations.RunPython(seal),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='apikey',
                    name='key_hash',
                    field=geooffers.sealing.columns.SealedHash(editable=False, max_length=32, purpose='API key', unique=True),
                ),
            ]
        ),
    ]
