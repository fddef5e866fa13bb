import django.core.validators
import django.db.models.deletion
import secrets
import uuid
import uuid_utils.compat
from django.db import migrations, models
from geooffers.shoppers.migrations import _by_hand


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ConsentText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('location_foreground', 'Location Foreground'), ('location_background', 'Location Background'), ('marketing_push', 'Marketing Push'), ('analytics', 'Analytics')], max_length=20)),
                ('language', models.CharField(help_text='As en, de or pt-BR.', max_length=35, validators=[django.core.validators.RegexValidator('^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$', 'Write a language as en, de or pt-BR.')])),
                ('version', models.PositiveIntegerField(blank=True, editable=False, null=True)),
                ('body', models.TextField(max_length=4000)),
                ('renews', models.BooleanField(default=False, help_text='Tick it when more, or something else, is agreed to than before: from the moment of publishing, consents to every older text of this purpose, in all languages, do not count any more. Without it this text says what the published ones say, in other words or in another language.', verbose_name='new meaning')),
                ('published_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('outdated_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'ordering': ['purpose', 'language', 'version'],
                'constraints': [models.UniqueConstraint(fields=('purpose', 'language', 'version'), name='consent_text_is_unique'), models.UniqueConstraint(condition=models.Q(('published_at__isnull', True)), fields=('purpose', 'language'), name='one_draft_of_a_consent_text'), models.CheckConstraint(condition=models.Q(models.Q(('outdated_at__isnull', True), ('published_at__isnull', True), ('version__isnull', True)), models.Q(('published_at__isnull', False), ('version__isnull', False)), _connector='OR'), name='consent_text_is_draft_or_version')],
            },
        ),
        migrations.CreateModel(
            name='DataRequest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('access', 'Access'), ('erasure', 'Erasure')], max_length=7)),
                ('asked_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('rows', models.JSONField(blank=True, default=dict)),
                ('from_file', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(fields=['asked_at'], name='data_request_by_time'), models.Index(condition=models.Q(('done_at__isnull', True)), fields=['asked_at'], name='data_request_open')],
            },
        ),
        migrations.CreateModel(
            name='Shopper',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('firebase_uid', models.CharField(blank=True, max_length=128, null=True, unique=True)),
                ('language', models.CharField(default='en', help_text='BCP 47 tag chosen in the app.', max_length=35)),
                ('ledger_key', models.BinaryField(default=secrets.token_bytes, max_length=32)),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('age', models.CharField(choices=[('unknown', 'Unknown'), ('under_13', 'Under 13'), ('13_15', 'From 13'), ('16_17', 'From 16'), ('18_plus', 'Adult')], default='unknown', max_length=8)),
                ('jurisdiction', models.CharField(blank=True, default='', help_text='Whose law holds there, by ISO 3166-2: FI, US-WA.', max_length=6)),
                ('paused_from', models.DateTimeField(blank=True, null=True)),
                ('paused_until', models.DateTimeField(blank=True, null=True)),
                ('erasure', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shoppers.datarequest')),
                ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='shoppers.shopper')),
            ],
        ),
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('asked_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('body', models.BinaryField(null=True)),
                ('key_id', models.CharField(blank=True, default='', max_length=20)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shoppers.datarequest')),
                ('shopper', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='export', to='shoppers.shopper')),
            ],
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('install_id', models.UUIDField(help_text='Random, made by the app at installation.', unique=True)),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('previous_token_hash', models.BinaryField(blank=True, max_length=32, null=True, unique=True)),
                ('previous_until', models.DateTimeField(blank=True, null=True)),
                ('hand_overs', models.PositiveIntegerField(default=0)),
                ('platform', models.CharField(choices=[('android', 'Android'), ('ios', 'iOS'), ('web', 'Web')], max_length=10)),
                ('app_version', models.CharField(blank=True, max_length=40)),
                ('age_signal', models.CharField(choices=[('unknown', 'Unknown'), ('under_13', 'Under 13'), ('13_15', 'From 13'), ('16_17', 'From 16'), ('18_plus', 'Adult')], default='unknown', max_length=8)),
                ('attested_at', models.DateTimeField(blank=True, null=True)),
                ('integrity', models.CharField(blank=True, choices=[('passed', 'Passed'), ('failed', 'Failed')], max_length=6)),
                ('integrity_at', models.DateTimeField(blank=True, null=True)),
                ('push_kind', models.CharField(blank=True, choices=[('fid', 'Fid'), ('token', 'Token')], max_length=5)),
                ('push_address', models.CharField(blank=True, max_length=512)),
                ('push_renewed_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('shopper', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to='shoppers.shopper')),
            ],
        ),
        migrations.CreateModel(
            name='ConsentState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('location_foreground', 'Location Foreground'), ('location_background', 'Location Background'), ('marketing_push', 'Marketing Push'), ('analytics', 'Analytics')], max_length=20)),
                ('given', models.BooleanField()),
                ('changed_at', models.DateTimeField()),
                ('paused_until', models.DateTimeField(blank=True, null=True)),
                ('text', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shoppers.consenttext')),
                ('device', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='consents', to='shoppers.device')),
                ('shopper', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consents', to='shoppers.shopper')),
            ],
        ),
        migrations.CreateModel(
            name='ConsentReceipt',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('pseudonym', models.BinaryField(max_length=32, null=True)),
                ('purpose', models.CharField(choices=[('location_foreground', 'Location Foreground'), ('location_background', 'Location Background'), ('marketing_push', 'Marketing Push'), ('analytics', 'Analytics')], max_length=20)),
                ('given', models.BooleanField()),
                ('source', models.CharField(choices=[('app', 'App'), ('sign_in', 'Sign In'), ('sign_out', 'Sign Out'), ('law', 'Law'), ('revoked', 'Revoked')], max_length=10)),
                ('app_version', models.CharField(blank=True, max_length=40)),
                ('locale', models.CharField(blank=True, max_length=35)),
                ('at', models.DateTimeField()),
                ('text', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shoppers.consenttext')),
                ('device', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='shoppers.device')),
                ('shopper', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='shoppers.shopper')),
            ],
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('key_id', models.CharField(max_length=20)),
                ('kind', models.CharField(choices=[('shopper', 'Shopper'), ('token', 'Token')], max_length=7)),
                ('request_id', models.UUIDField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['at'], name='tombstone_by_time')],
            },
        ),
        migrations.AddConstraint(
            model_name='shopper',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('paused_from__isnull', True), ('paused_until__isnull', True)), models.Q(('paused_from__isnull', False), ('paused_until__gte', models.F('paused_from')), ('paused_until__isnull', False)), _connector='OR'), name='shopper_pause_ends_after_it_begins'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(condition=models.Q(('body__isnull', True)), fields=['asked_at'], name='export_to_make'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(fields=['expires_at'], name='export_by_end'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(condition=models.Q(('body__isnull', False)), fields=['key_id'], name='export_by_key'),
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=models.UniqueConstraint(condition=models.Q(('push_address', ''), _negated=True), fields=('push_address',), name='device_push_address_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('push_address', ''), ('push_kind', '')), models.Q(models.Q(('push_address', ''), _negated=True), models.Q(('push_kind', ''), _negated=True)), _connector='OR'), name='device_push_address_has_a_kind'),
        ),
        migrations.AddConstraint(
            model_name='consentstate',
            constraint=models.UniqueConstraint(condition=models.Q(('device__isnull', False)), fields=('device', 'purpose'), name='one_consent_per_device'),
        ),
        migrations.AddConstraint(
            model_name='consentstate',
            constraint=models.UniqueConstraint(condition=models.Q(('device__isnull', True)), fields=('shopper', 'purpose'), name='one_consent_per_shopper'),
        ),
        migrations.AddConstraint(
            model_name='consentstate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('device__isnull', False), ('purpose__in', ['location_foreground', 'location_background'])), models.Q(('device__isnull', True), ('purpose__in', ['marketing_push', 'analytics'])), _connector='OR'), name='consent_has_the_right_holder'),
        ),
        migrations.AddIndex(
            model_name='consentreceipt',
            index=models.Index(fields=['shopper', 'at'], name='receipt_by_shopper'),
        ),
        migrations.AddConstraint(
            model_name='consentreceipt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('pseudonym__isnull', True), ('shopper__isnull', False)), models.Q(('device__isnull', True), ('pseudonym__isnull', False), ('shopper__isnull', True)), _connector='OR'), name='receipt_is_somebodys_or_a_pseudonyms'),
        ),
        *_by_hand.OPERATIONS,
    ]
