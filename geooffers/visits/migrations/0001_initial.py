import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchants', '0001_initial'),
        ('shoppers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeviceState',
            fields=[
                ('device', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='state', serialize=False, to='shoppers.device')),
                ('version', models.PositiveBigIntegerField(default=0)),
                ('packed', models.BinaryField(default=b'')),
                ('last_fix_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('last_fix_at__isnull', False)), fields=['last_fix_at'], name='state_with_fixes')],
            },
        ),
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('began_at', models.DateTimeField()),
                ('appeared_inside', models.BooleanField(default=False)),
                ('dwelled_at', models.DateTimeField(blank=True, null=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('confidence', models.FloatField(default=1.0)),
                ('seen_until', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end_reason', models.CharField(blank=True, choices=[('left', 'Left'), ('stale', 'Stale'), ('withdrawn', 'Withdrawn'), ('paused', 'Paused'), ('fence_gone', 'Fence Gone'), ('signed_in', 'Signed In'), ('signed_out', 'Signed Out'), ('revoked', 'Revoked'), ('crossed', 'Crossed'), ('corrected', 'Corrected')], max_length=10)),
                ('fence', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.geofence')),
                ('shopper', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='visits', to='shoppers.shopper')),
            ],
        ),
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='presences', to='shoppers.device')),
                ('visit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='presences', to='visits.visit')),
            ],
        ),
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(fields=['began_at'], name='visit_by_begin'),
        ),
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(condition=models.Q(('ended_at__isnull', False), ('shopper__isnull', False)), fields=['began_at'], name='visit_to_forget'),
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('shopper', 'fence'), name='one_open_visit_per_shopper_and_fence'),
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_at__isnull', True)), models.Q(('ended_at__isnull', False), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='visit_ends_for_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='presence',
            constraint=models.UniqueConstraint(fields=('visit', 'device'), name='one_presence_per_phone'),
        ),
    ]
