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
            name='Push',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('coupon_issued', 'Coupon Issued'), ('coupon_redeemed', 'Coupon Redeemed')], max_length=16)),
                ('subject', models.UUIDField()),
                ('dedupe', models.CharField(max_length=120, unique=True)),
                ('tag', models.CharField(help_text='A later push with the same tag replaces the notification.', max_length=64)),
                ('title', models.CharField(blank=True, max_length=100)),
                ('body', models.CharField(blank=True, max_length=240)),
                ('link', models.CharField(blank=True, max_length=200)),
                ('not_before', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('ready', 'Ready'), ('claimed', 'Claimed'), ('sent', 'Sent'), ('expired', 'Expired'), ('cancelled', 'Cancelled'), ('dead', 'Dead')], default='ready', max_length=9)),
                ('reason', models.CharField(blank=True, help_text='Why it was settled as it was.', max_length=60)),
                ('lease', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('provider_id', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pushes', to='shoppers.device')),
                ('shopper', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pushes', to='shoppers.shopper')),
            ],
            options={
                'verbose_name_plural': 'pushes',
                'indexes': [models.Index(condition=models.Q(('state', 'ready')), fields=['not_before', 'id'], name='push_ready'), models.Index(condition=models.Q(('state', 'claimed')), fields=['lease_until'], name='push_claimed'), models.Index(condition=models.Q(('settled_at__isnull', False)), fields=['settled_at'], name='push_to_forget'), models.Index(fields=['subject'], name='push_by_subject'), models.Index(fields=['shopper', 'state'], name='push_by_shopper')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', True), ('state__in', ['ready', 'claimed'])), models.Q(('settled_at__isnull', False), ('state__in', ['sent', 'expired', 'cancelled', 'dead'])), _connector='OR'), name='push_is_settled_once')],
            },
        ),
    ]
