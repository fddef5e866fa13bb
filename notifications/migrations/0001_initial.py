import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('shoppers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('coupon_issued', 'Coupon Issued'), ('coupon_redeemed', 'Coupon Redeemed'), ('pass_changed', 'Pass Changed')], max_length=16)),
                ('subject', models.UUIDField()),
                ('title', models.CharField(blank=True, max_length=100)),
                ('body', models.CharField(blank=True, max_length=240)),
                ('tag', models.CharField(blank=True, help_text='A later push with the same tag replaces the notification.', max_length=64)),
                ('link', models.CharField(blank=True, max_length=200)),
                ('expires_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('shopper', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='shoppers.shopper')),
            ],
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('fcm', 'Fcm'), ('google_wallet', 'Google Wallet')], max_length=16)),
                ('address', models.CharField(blank=True, max_length=100)),
                ('not_before', models.DateTimeField()),
                ('state', models.CharField(choices=[('ready', 'Ready'), ('claimed', 'Claimed'), ('sent', 'Sent'), ('expired', 'Expired'), ('cancelled', 'Cancelled'), ('dead', 'Dead')], default='ready', max_length=9)),
                ('reason', models.CharField(blank=True, help_text='Why it was settled as it was.', max_length=60)),
                ('lease', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('renewals', models.PositiveIntegerField(default=0)),
                ('provider_id', models.CharField(blank=True, max_length=200)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('device', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='shoppers.device')),
                ('shopper', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='shoppers.shopper')),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.message')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['shopper', 'created_at'], name='message_by_shopper'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('subject', 'kind'), name='one_message_per_subject_and_kind'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'ready')), fields=['channel', 'not_before', 'id'], name='delivery_ready'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'claimed')), fields=['channel', 'lease_until'], name='delivery_claimed'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('settled_at__isnull', False)), fields=['settled_at'], name='delivery_to_forget'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['shopper', 'state'], name='delivery_by_shopper'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', True), ('state__in', ['ready', 'claimed'])), models.Q(('settled_at__isnull', False), ('state__in', ['sent', 'expired', 'cancelled', 'dead'])), _connector='OR'), name='delivery_is_settled_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('device__isnull', False)), models.Q(('device__isnull', True), models.Q(('address', ''), _negated=True)), _connector='OR'), name='delivery_has_one_destination'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('message', 'channel', 'device'), name='one_delivery_per_device'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('address', ''), _negated=True), fields=('message', 'channel', 'address'), name='one_delivery_per_address'),
        ),
    ]
