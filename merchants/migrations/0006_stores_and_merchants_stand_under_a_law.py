import geooffers.jurisdictions.column
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0005_a_zone_sends_fences_to_review'),
    ]

    operations = [
        migrations.AddField(
            model_name='merchant',
            name='trade',
            field=models.CharField(choices=[('health', 'health care: pharmacies, practices, opticians'), ('other', 'anything else')], default='other', max_length=6),
        ),
        migrations.AddField(
            model_name='store',
            name='jurisdiction',
            field=geooffers.jurisdictions.column.JurisdictionField(blank=True, default='', help_text='Whose law holds there, by ISO 3166-2: FI, US-WA.', max_length=6),
        ),
    ]
