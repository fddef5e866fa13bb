import django.db.models.deletion
import uuid_utils.compat
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchants', '0001_initial'),
        ('shoppers', '0001_initial'),
        ('visits', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Coupon',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=60)),
                ('text', models.CharField(blank=True, max_length=200)),
                ('terms', models.TextField(blank=True, max_length=2000)),
                ('discount_kind', models.CharField(choices=[('percent', '% off'), ('amount', 'amount off'), ('free_item', 'something free')], max_length=10)),
                ('discount_value', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=9)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('code_key_id', models.CharField(max_length=20)),
                ('code_lookup', models.BinaryField(max_length=32, null=True, unique=True)),
                ('state', models.CharField(choices=[('open', 'Open'), ('redeemed', 'Redeemed'), ('expired', 'Expired')], default='open', max_length=8)),
                ('issued_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('redeemed_at', models.DateTimeField(blank=True, null=True)),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('saved_at', models.DateTimeField(blank=True, null=True)),
                ('dismissed_at', models.DateTimeField(blank=True, null=True)),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.offer')),
                ('shopper', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='coupons', to='shoppers.shopper')),
                ('visit', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='coupons', to='visits.visit')),
            ],
        ),
        migrations.CreateModel(
            name='DeviceShare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('device_mark', models.BinaryField(max_length=16)),
                ('shopper_mark', models.BinaryField(max_length=16)),
                ('seat', models.PositiveSmallIntegerField()),
                ('ends_at', models.DateTimeField()),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.offer')),
            ],
        ),
        migrations.CreateModel(
            name='ShopperOfferCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issued', models.PositiveIntegerField(default=0)),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.offer')),
                ('shopper', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='offer_counts', to='shoppers.shopper')),
            ],
        ),
        migrations.CreateModel(
            name='WalletPass',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('vendor', models.CharField(choices=[('apple', 'Apple'), ('google', 'Google')], max_length=6)),
                ('serial', models.UUIDField()),
                ('template', models.CharField(blank=True, max_length=80)),
                ('said', models.BinaryField(default=b'', max_length=32)),
                ('version', models.PositiveBigIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('coupon', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='passes', to='coupons.coupon')),
            ],
            options={
                'verbose_name_plural': 'wallet passes',
            },
        ),
        migrations.AddIndex(
            model_name='coupon',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['expires_at'], name='coupon_open_by_expiry'),
        ),
        migrations.AddIndex(
            model_name='coupon',
            index=models.Index(fields=['shopper', '-issued_at', '-id'], name='coupon_by_shopper'),
        ),
        migrations.AddIndex(
            model_name='coupon',
            index=models.Index(condition=models.Q(('state', 'redeemed')), fields=['redeemed_at'], name='coupon_redeemed_to_forget'),
        ),
        migrations.AddIndex(
            model_name='coupon',
            index=models.Index(condition=models.Q(('state', 'expired')), fields=['expires_at'], name='coupon_expired_to_forget'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.UniqueConstraint(fields=('visit', 'offer'), name='one_coupon_per_visit_and_offer'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('issued_at'))), name='coupon_expires_after_issue'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('redeemed_at__isnull', False), ('state', 'redeemed')), models.Q(models.Q(('state', 'redeemed'), _negated=True), ('redeemed_at__isnull', True)), _connector='OR'), name='coupon_redeemed_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='deviceshare',
            index=models.Index(fields=['ends_at'], name='device_share_by_end'),
        ),
        migrations.AddIndex(
            model_name='deviceshare',
            index=models.Index(fields=['shopper_mark'], name='device_share_by_shopper'),
        ),
        migrations.AddConstraint(
            model_name='deviceshare',
            constraint=models.UniqueConstraint(fields=('device_mark', 'offer', 'seat'), name='one_person_per_seat'),
        ),
        migrations.AddConstraint(
            model_name='deviceshare',
            constraint=models.UniqueConstraint(fields=('device_mark', 'offer', 'shopper_mark'), name='one_seat_per_person'),
        ),
        migrations.AddConstraint(
            model_name='shopperoffercount',
            constraint=models.UniqueConstraint(fields=('shopper', 'offer'), name='one_count_per_shopper_and_offer'),
        ),
        migrations.AddConstraint(
            model_name='walletpass',
            constraint=models.UniqueConstraint(fields=('coupon', 'vendor'), name='one_pass_per_coupon_and_vendor'),
        ),
        migrations.AddConstraint(
            model_name='walletpass',
            constraint=models.UniqueConstraint(fields=('vendor', 'serial'), name='pass_serial_is_unique'),
        ),
    ]
