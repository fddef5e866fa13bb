from django.db import migrations, models
from geooffers.events.migrations import _by_hand


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='EventFollower',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('delivered', models.PositiveBigIntegerField(default=0, help_text='Every event up to this number.')),
                ('complete_at', models.DateTimeField(blank=True, help_text='Every event that was appended before this has been delivered.', null=True)),
                ('holder', models.CharField(blank=True, max_length=80)),
                ('lease', models.PositiveBigIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('failures', models.PositiveIntegerField(default=0, help_text='How often in a row its handler has failed.')),
                ('missed', models.PositiveBigIntegerField(default=0, help_text='Events that were pruned before it read them.')),
            ],
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('visit_began', 'visit_began'), ('visit_ended', 'visit_ended'), ('visit_corrected', 'visit_corrected'), ('coupon_issued', 'coupon_issued'), ('coupon_seen', 'coupon_seen'), ('coupon_redeemed', 'coupon_redeemed'), ('coupon_expired', 'coupon_expired'), ('message_sent', 'message_sent'), ('consent_changed', 'consent_changed'), ('offer_changed', 'offer_changed')], max_length=20)),
                ('at', models.DateTimeField()),
                ('shopper_id', models.UUIDField(null=True)),
                ('visit_id', models.UUIDField(null=True)),
                ('coupon_id', models.UUIDField(null=True)),
                ('offer_id', models.UUIDField(null=True)),
                ('store_id', models.UUIDField(null=True)),
                ('message_id', models.UUIDField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('shopper_id__isnull', False)), fields=['shopper_id'], name='event_by_shopper'), models.Index(condition=models.Q(('shopper_id__isnull', False), ('visit_id__isnull', False)), fields=['visit_id'], name='event_of_visit_to_forget')],
            },
        ),
        migrations.CreateModel(
            name='EventCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('hour', models.DateTimeField()),
                ('count', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('hour', 'kind'), name='one_count_per_hour_and_kind')],
            },
        ),
        *_by_hand.OPERATIONS,
    ]
