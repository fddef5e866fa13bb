import django.db.models.deletion
import geooffers.jurisdictions.column
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0006_stores_and_merchants_stand_under_a_law'),
    ]

    operations = [
        migrations.AddField(
            model_name='exclusionzone',
            name='buffer_m',
            field=models.FloatField(default=0, editable=False, verbose_name='buffer (metres)'),
        ),
        migrations.AddField(
            model_name='exclusionzone',
            name='buffered',
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='exclusionzone',
            name='digest',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='exclusionzone',
            name='jurisdiction',
            field=geooffers.jurisdictions.column.JurisdictionField(blank=True, default='', help_text='Whose law holds there, by ISO 3166-2: FI, US-WA.', max_length=6),
        ),
        migrations.AddField(
            model_name='exclusionzone',
            name='place_kind',
            field=models.CharField(choices=[('health', 'health care'), ('school', 'school'), ('worship', 'worship'), ('shelter', 'shelter'), ('other', 'another')], default='other', max_length=8, verbose_name='place of'),
        ),
        migrations.AlterField(
            model_name='exclusionzone',
            name='rule',
            field=models.CharField(blank=True, help_text="Why nobody is tracked here, in words a merchant may read. Empty: the law's, where there is one.", max_length=200),
        ),
        migrations.CreateModel(
            name='ZoneImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.SlugField(help_text='What the file is a version of, as us-wa-hospitals.', max_length=60)),
                ('version', models.PositiveIntegerField(editable=False)),
                ('place_kind', models.CharField(choices=[('health', 'health care'), ('school', 'school'), ('worship', 'worship'), ('shelter', 'shelter'), ('other', 'another')], max_length=8)),
                ('jurisdiction', geooffers.jurisdictions.column.JurisdictionField(help_text='Whose law holds there, by ISO 3166-2: FI, US-WA.', max_length=6)),
                ('file_name', models.CharField(editable=False, max_length=200)),
                ('file_sha256', models.CharField(editable=False, max_length=64)),
                ('zones', models.PositiveIntegerField(editable=False)),
                ('added', models.PositiveIntegerField(editable=False)),
                ('removed', models.PositiveIntegerField(editable=False)),
                ('fences_to_review', models.PositiveIntegerField(editable=False)),
                ('imported_at', models.DateTimeField(editable=False)),
                ('imported_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-imported_at', '-version'],
            },
        ),
        migrations.AddField(
            model_name='exclusionzone',
            name='added_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='zones_added', to='merchants.zoneimport'),
        ),
        migrations.AddField(
            model_name='exclusionzone',
            name='removed_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='zones_removed', to='merchants.zoneimport'),
        ),
        migrations.AddConstraint(
            model_name='exclusionzone',
            constraint=models.CheckConstraint(condition=models.Q(('removed_by__isnull', True), models.Q(('active', False), ('added_by__isnull', False), ('removed_by__gt', models.F('added_by'))), _connector='OR'), name='exclusionzone_is_removed_by_a_later_import'),
        ),
        migrations.AddConstraint(
            model_name='exclusionzone',
            constraint=models.CheckConstraint(condition=models.Q(('buffer_m__gte', 0)), name='exclusionzone_buffer_is_no_hole'),
        ),
        migrations.AddConstraint(
            model_name='zoneimport',
            constraint=models.UniqueConstraint(fields=('source', 'version'), name='zone_import_is_unique'),
        ),
    ]
