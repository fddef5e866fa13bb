import django.contrib.auth.models
import django.contrib.auth.validators
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import uuid_utils.compat
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
                ('scopes', models.JSONField(default=list, help_text='coupons:lookup, coupons:redeem')),
                ('prefix', models.CharField(editable=False, max_length=12)),
                ('key_hash', models.BinaryField(max_length=32, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'API key',
            },
        ),
        migrations.CreateModel(
            name='ExclusionZone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('circle', 'Circle'), ('polygon', 'Polygon')], max_length=7)),
                ('center_lat', models.FloatField(blank=True, help_text='Degrees, WGS84; circles only.', null=True)),
                ('center_lon', models.FloatField(blank=True, help_text='Degrees, WGS84; circles only.', null=True)),
                ('radius_m', models.FloatField(blank=True, help_text='Metres; circles only.', null=True)),
                ('geometry', models.JSONField(blank=True, help_text='GeoJSON; polygons only.', null=True)),
                ('south', models.FloatField(editable=False, null=True)),
                ('west', models.FloatField(editable=False, null=True)),
                ('north', models.FloatField(editable=False, null=True)),
                ('east', models.FloatField(editable=False, null=True)),
                ('name', models.CharField(max_length=100)),
                ('place_kind', models.CharField(choices=[('health', 'health care'), ('school', 'school'), ('worship', 'worship'), ('shelter', 'shelter'), ('other', 'another')], default='other', max_length=8, verbose_name='place of')),
                ('jurisdiction', models.CharField(blank=True, default='', help_text='Whose law holds there, by ISO 3166-2: FI, US-WA.', max_length=6)),
                ('rule', models.CharField(blank=True, help_text="Why nobody is tracked here, in words a merchant may read. Empty: the law's, where there is one.", max_length=200)),
                ('buffer_m', models.FloatField(default=0, editable=False, verbose_name='buffer (metres)')),
                ('buffered', models.JSONField(editable=False, null=True)),
                ('active', models.BooleanField(default=True)),
                ('digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('changed_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='FenceChange',
            fields=[
                ('number', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('index_id', models.BigIntegerField()),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='FenceFollower',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('host', models.CharField(max_length=60)),
                ('pid', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('last_number', models.PositiveBigIntegerField(help_text='The last change of a fence that it has taken in.')),
                ('lag_s', models.FloatField(help_text='How old the oldest change was that it took in lately.', null=True)),
                ('areas', models.PositiveIntegerField(help_text='Live fences and active zones.')),
                ('changes', models.PositiveIntegerField(help_text='How many of them changed since its base was built.')),
                ('base', models.CharField(blank=True, help_text='The base that it maps; none when it is in memory.', max_length=80)),
                ('base_built_at', models.DateTimeField(null=True)),
                ('disk_bytes', models.PositiveBigIntegerField(default=0, help_text="What bases take on its machine's disk.")),
            ],
            options={
                'verbose_name': 'process with the matching index',
                'verbose_name_plural': 'matching index',
                'ordering': ['host', 'pid'],
            },
        ),
        migrations.CreateModel(
            name='Merchant',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100, unique=True)),
                ('colour', models.CharField(default='#2456d6', help_text='The background of coupons and wallet passes, as #2456d6.', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-f]{6}$', 'Write # and six digits or letters a to f, as #2456d6.')])),
                ('trade', models.CharField(choices=[('health', 'health care: pharmacies, practices, opticians'), ('other', 'anything else')], default='other', max_length=6)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('all_stores', models.BooleanField(default=True, help_text='Also at stores opened later.')),
                ('title', models.CharField(max_length=60)),
                ('text', models.CharField(max_length=200)),
                ('terms', models.TextField(blank=True, max_length=2000)),
                ('category', models.CharField(max_length=40)),
                ('discount_kind', models.CharField(choices=[('percent', '% off'), ('amount', 'amount off'), ('free_item', 'something free')], max_length=10)),
                ('discount_value', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=9, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('currency', models.CharField(blank=True, help_text='ISO 4217, for an amount off.', max_length=3)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(help_text='The first moment at which it no longer holds.')),
                ('schedule', models.JSONField(blank=True, default=list, help_text="Weekly opening in the store's own time zone; empty means always.")),
                ('per_shopper_limit', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)])),
                ('coupon_lifetime_s', models.PositiveIntegerField(default=86400, validators=[django.core.validators.MinValueValidator(300), django.core.validators.MaxValueValidator(31536000)], verbose_name='coupon lifetime (seconds)')),
                ('trigger', models.CharField(choices=[('entered', 'on entering'), ('settled', 'on walking in'), ('dwelled', 'after a stay')], default='entered', max_length=7)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('live', 'Live'), ('paused', 'Paused'), ('ended', 'Ended')], default='draft', max_length=6)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='StaffMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('manager', 'Manager'), ('cashier', 'Cashier')], max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Store',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
                ('address', models.CharField(max_length=200)),
                ('city', models.CharField(blank=True, default='', help_text='For shoppers who choose a city instead of telling where they are. Where there are several of that name, with what tells them apart: Springfield, Illinois.', max_length=100)),
                ('city_key', models.CharField(blank=True, default='', editable=False, max_length=100)),
                ('time_zone', models.CharField(help_text='IANA name, e.g. Europe/Helsinki.', max_length=64)),
                ('jurisdiction', models.CharField(blank=True, default='', help_text='Whose law holds there, by ISO 3166-2: FI, US-WA.', max_length=6)),
                ('lat', models.FloatField(help_text='Degrees, WGS84.', verbose_name='latitude')),
                ('lon', models.FloatField(help_text='Degrees, WGS84.', verbose_name='longitude')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ZoneImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.SlugField(db_index=False, help_text='What the file is a version of, as us-wa-hospitals.', max_length=60)),
                ('version', models.PositiveIntegerField(editable=False)),
                ('place_kind', models.CharField(choices=[('health', 'health care'), ('school', 'school'), ('worship', 'worship'), ('shelter', 'shelter'), ('other', 'another')], max_length=8)),
                ('jurisdiction', models.CharField(help_text='Whose law holds there, by ISO 3166-2: FI, US-WA.', max_length=6)),
                ('file_name', models.CharField(editable=False, max_length=200)),
                ('file_sha256', models.CharField(editable=False, max_length=64)),
                ('zones', models.PositiveIntegerField(editable=False)),
                ('added', models.PositiveIntegerField(editable=False)),
                ('removed', models.PositiveIntegerField(editable=False)),
                ('fences_to_review', models.PositiveIntegerField(editable=False)),
                ('imported_at', models.DateTimeField(editable=False)),
            ],
            options={
                'ordering': ['-imported_at', '-version'],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='FenceChangeCounter',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('last_number', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='fencechangecounter_is_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Geofence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('circle', 'Circle'), ('polygon', 'Polygon')], max_length=7)),
                ('center_lat', models.FloatField(blank=True, help_text='Degrees, WGS84; circles only.', null=True)),
                ('center_lon', models.FloatField(blank=True, help_text='Degrees, WGS84; circles only.', null=True)),
                ('radius_m', models.FloatField(blank=True, help_text='Metres; circles only.', null=True)),
                ('geometry', models.JSONField(blank=True, help_text='GeoJSON; polygons only.', null=True)),
                ('south', models.FloatField(editable=False, null=True)),
                ('west', models.FloatField(editable=False, null=True)),
                ('north', models.FloatField(editable=False, null=True)),
                ('east', models.FloatField(editable=False, null=True)),
                ('public_id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('dwell_s', models.PositiveIntegerField(default=300, help_text='A visit counts as dwelled after so many seconds inside.', validators=[django.core.validators.MinValueValidator(30), django.core.validators.MaxValueValidator(86400)], verbose_name='dwell (seconds)')),
                ('tuning', models.CharField(choices=[('walk_in', 'somebody walks in (a car passing by is no visit)'), ('drive_by', 'whoever is seen inside, also passing by')], default='walk_in', help_text='Walking in needs good positions that agree, mostly two; passing by needs one position.', max_length=8, verbose_name='a visit is')),
                ('state', models.CharField(choices=[('waiting', 'waiting for an operator'), ('live', 'Live'), ('archived', 'Archived')], default='waiting', max_length=8)),
                ('review_note', models.CharField(blank=True, editable=False, max_length=250)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('changed_at', models.DateTimeField(auto_now=True)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='MerchantLogo',
            fields=[
                ('merchant', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='logo', serialize=False, to='merchants.merchant')),
                ('png', models.BinaryField()),
                ('digest', models.CharField(max_length=32)),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.AddConstraint(
            model_name='merchant',
            constraint=models.CheckConstraint(condition=models.Q(('colour__regex', '^#[0-9a-f]{6}$')), name='merchant_colour_is_a_colour'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='merchant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='api_keys', to='merchants.merchant'),
        ),
        migrations.AddField(
            model_name='offer',
            name='merchant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='merchants.merchant'),
        ),
        migrations.AddField(
            model_name='staffmember',
            name='merchant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='staff', to='merchants.merchant'),
        ),
        migrations.AddField(
            model_name='staffmember',
            name='user',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='staff_member', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='store',
            name='merchant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='stores', to='merchants.merchant'),
        ),
        migrations.AddField(
            model_name='staffmember',
            name='stores',
            field=models.ManyToManyField(blank=True, related_name='staff', to='merchants.store'),
        ),
        migrations.AddField(
            model_name='offer',
            name='stores',
            field=models.ManyToManyField(blank=True, related_name='offers', to='merchants.store'),
        ),
        migrations.AddField(
            model_name='geofence',
            name='store',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='geofences', to='merchants.store'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='store',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='api_keys', to='merchants.store'),
        ),
        migrations.AddField(
            model_name='zoneimport',
            name='imported_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
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
        migrations.CreateModel(
            name='OfferBudget',
            fields=[
                ('offer', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='budget', serialize=False, to='merchants.offer')),
                ('cap', models.PositiveIntegerField()),
                ('reserved', models.PositiveIntegerField(default=0)),
                ('redeemed', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('cap__gte', django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('redeemed')))), name='budget_is_not_exceeded')],
            },
        ),
        migrations.AddIndex(
            model_name='store',
            index=models.Index(condition=models.Q(('city_key', ''), _negated=True), fields=['city_key'], name='store_by_city'),
        ),
        migrations.AddConstraint(
            model_name='store',
            constraint=models.UniqueConstraint(fields=('merchant', 'name'), name='store_name_is_unique_per_merchant'),
        ),
        migrations.AddConstraint(
            model_name='store',
            constraint=models.CheckConstraint(condition=models.Q(('lat__gte', -90), ('lat__lte', 90), ('lon__gte', -180), ('lon__lte', 180)), name='store_is_on_earth'),
        ),
        migrations.AddConstraint(
            model_name='store',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('city', ''), ('city_key', '')), models.Q(models.Q(('city', ''), _negated=True), models.Q(('city_key', ''), _negated=True)), _connector='OR'), name='store_city_has_its_key'),
        ),
        migrations.AddIndex(
            model_name='offer',
            index=models.Index(fields=['merchant', 'state'], name='offer_by_merchant_state'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='offer_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('discount_kind', 'percent'), _negated=True), models.Q(('discount_value__gt', 0), ('discount_value__lte', 100)), _connector='OR'), name='offer_percent_is_a_percentage'),
        ),
        migrations.AddConstraint(
            model_name='geofence',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('center_lat__isnull', False), ('center_lon__isnull', False), ('geometry__isnull', True), ('kind', 'circle'), ('radius_m__isnull', False)), models.Q(('center_lat__isnull', True), ('center_lon__isnull', True), ('geometry__isnull', False), ('kind', 'polygon'), ('radius_m__isnull', True)), _connector='OR'), name='geofence_has_one_shape'),
        ),
        migrations.AddConstraint(
            model_name='zoneimport',
            constraint=models.UniqueConstraint(fields=('source', 'version'), name='zone_import_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='exclusionzone',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('center_lat__isnull', False), ('center_lon__isnull', False), ('geometry__isnull', True), ('kind', 'circle'), ('radius_m__isnull', False)), models.Q(('center_lat__isnull', True), ('center_lon__isnull', True), ('geometry__isnull', False), ('kind', 'polygon'), ('radius_m__isnull', True)), _connector='OR'), name='exclusionzone_has_one_shape'),
        ),
        migrations.AddConstraint(
            model_name='exclusionzone',
            constraint=models.CheckConstraint(condition=models.Q(('removed_by__isnull', True), models.Q(('active', False), ('added_by__isnull', False), ('removed_by__gt', models.F('added_by'))), _connector='OR'), name='exclusionzone_is_removed_by_a_later_import'),
        ),
        migrations.AddConstraint(
            model_name='exclusionzone',
            constraint=models.CheckConstraint(condition=models.Q(('buffer_m__gte', 0)), name='exclusionzone_buffer_is_no_hole'),
        ),
    ]
