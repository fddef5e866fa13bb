from django.db import migrations

import geooffers.sealing.columns
from geooffers.sealing import held


def seal(apps, schema_editor):
    """Before this, a column held the hash as it is."""
    Device = apps.get_model('shoppers', 'Device')
    key = held.ring().newest
    for row in Device.objects.iterator(chunk_size=1000):
        for column in ('token_hash', 'previous_token_hash'):
            plain = getattr(row, column)
            if plain is not None:
                setattr(row, column, key.seal_hash(bytes(plain), purpose=b'device token'))
        row.save(update_fields=['token_hash', 'previous_token_hash'])


class Migration(migrations.Migration):
    """The columns stay bytes, so nothing but their content changes. Stop the web processes before: they look for plain
    hashes."""

    dependencies = [
        ('shoppers', '0010_exports'),
    ]

    operations = [
        migrations.RunPython(seal),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='device',
                    name='previous_token_hash',
                    field=geooffers.sealing.columns.SealedHash(blank=True, max_length=32, null=True, purpose='device token', unique=True),
                ),
                migrations.AlterField(
                    model_name='device',
                    name='token_hash',
                    field=geooffers.sealing.columns.SealedHash(max_length=32, purpose='device token', unique=True),
                ),
            ]
        ),
    ]
