import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('coupons', '0001_initial'),
        ('merchants', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Redemption',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('nonce', models.CharField(max_length=255)),
                ('pseudonym', models.BinaryField(max_length=32)),
                ('discount_kind', models.CharField(max_length=10)),
                ('value', models.DecimalField(decimal_places=2, max_digits=9)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('whole', models.BooleanField(default=True)),
                ('redeemed_at', models.DateTimeField()),
                ('reversed_at', models.DateTimeField(blank=True, null=True)),
                ('api_key', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.apikey')),
                ('coupon', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='coupons.coupon')),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.offer')),
                ('staff_member', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember')),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.store')),
            ],
            options={
                'ordering': ['-redeemed_at'],
                'indexes': [models.Index(fields=['store', '-redeemed_at'], name='redemption_by_store')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('api_key__isnull', True), ('staff_member__isnull', False)), models.Q(('api_key__isnull', False), ('staff_member__isnull', True)), _connector='OR'), name='redemption_has_one_scanner'), models.UniqueConstraint(condition=models.Q(('reversed_at__isnull', True), ('whole', True)), fields=('coupon',), name='one_whole_redemption_per_coupon'), models.CheckConstraint(condition=models.Q(('reversed_at__isnull', True), ('reversed_at__gte', models.F('redeemed_at')), _connector='OR'), name='redemption_is_reversed_after_it_was_made'), models.UniqueConstraint(condition=models.Q(('staff_member__isnull', False)), fields=('staff_member', 'nonce'), name='one_nonce_per_staff'), models.UniqueConstraint(condition=models.Q(('api_key__isnull', False)), fields=('api_key', 'nonce'), name='one_nonce_per_key')],
            },
        ),
        migrations.CreateModel(
            name='RefusedScan',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=40)),
                ('at', models.DateTimeField()),
                ('api_key', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.apikey')),
                ('coupon', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refused_scans', to='coupons.coupon')),
                ('staff_member', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.store')),
            ],
            options={
                'ordering': ['-at'],
                'indexes': [models.Index(fields=['at'], name='refused_scan_by_time')],
            },
        ),
    ]
