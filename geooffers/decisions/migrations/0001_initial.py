import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('coupons', '0001_initial'),
        ('merchants', '0001_initial'),
        ('shoppers', '0001_initial'),
        ('visits', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Interruption',
            fields=[
                ('shopper', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='interruption', serialize=False, to='shoppers.shopper')),
                ('last_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('moment', models.CharField(choices=[('began', 'Began'), ('settled', 'Settled'), ('dwelled', 'Dwelled'), ('asked', 'Asked')], max_length=7)),
                ('outcome', models.CharField(choices=[('chosen', 'chosen'), ('passed_over', 'passed over'), ('refused', 'refused'), ('withheld', 'withheld')], max_length=11)),
                ('message', models.CharField(blank=True, choices=[('owed', 'Owed'), ('too_soon', 'Too Soon'), ('no_consent', 'No Consent'), ('too_late', 'Too Late'), ('doubted', 'Doubted'), ('barred', 'Barred'), ('asked', 'Asked')], help_text='Empty without a coupon.', max_length=10)),
                ('policy', models.CharField(help_text='Name and version of what ranked the candidates.', max_length=40)),
                ('propensity', models.FloatField(default=1.0, help_text='How likely this policy was to decide as it did, given the same facts: above 0, at most 1; 1 for one that leaves nothing to chance.')),
                ('candidates', models.JSONField(default=list)),
                ('left_out', models.PositiveIntegerField(default=0)),
                ('at', models.DateTimeField()),
                ('coupon', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='coupons.coupon')),
                ('offer', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.offer')),
                ('shopper', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='decisions', to='shoppers.shopper')),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.store')),
                ('visit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='decisions', to='visits.visit')),
            ],
            options={
                'indexes': [models.Index(fields=['at'], name='decision_by_time'), models.Index(condition=models.Q(('shopper__isnull', False)), fields=['at'], name='decision_to_forget'), models.Index(condition=models.Q(('coupon__isnull', False)), fields=['coupon'], name='decision_by_coupon')],
                'constraints': [models.CheckConstraint(condition=models.Q(('propensity__gt', 0), ('propensity__lte', 1)), name='decision_propensity_is_a_probability'), models.CheckConstraint(condition=models.Q(models.Q(('offer__isnull', False), ('outcome', 'chosen')), models.Q(models.Q(('outcome', 'chosen'), _negated=True), ('coupon__isnull', True), ('message', ''), ('offer__isnull', True)), _connector='OR'), name='decision_offer_where_one_was_chosen')],
            },
        ),
    ]
