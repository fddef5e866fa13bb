from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='RateCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('caller', models.CharField(max_length=120)),
                ('window_start', models.DateTimeField()),
                ('count', models.PositiveIntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['window_start'], name='rate_by_window')],
                'constraints': [models.UniqueConstraint(fields=('caller', 'window_start'), name='one_count_per_window')],
            },
        ),
        migrations.CreateModel(
            name='StoredReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('caller', models.CharField(max_length=80)),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.BinaryField(max_length=32)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('body', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='reply_by_time')],
                'constraints': [models.UniqueConstraint(fields=('caller', 'key'), name='one_reply_per_key')],
            },
        ),
    ]
