from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='TaskLease',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('holder', models.CharField(blank=True, max_length=80)),
                ('lease', models.PositiveBigIntegerField(default=0, help_text='Counts how often it was taken.')),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('started_at', models.DateTimeField(blank=True, help_text='When the run began that goes on.', null=True)),
                ('last_run_at', models.DateTimeField(blank=True, null=True)),
                ('done_at', models.DateTimeField(blank=True, help_text='When it last ended without a fault.', null=True)),
                ('failures', models.PositiveIntegerField(default=0, help_text='How often in a row it has ended in a fault since.')),
                ('overruns', models.PositiveIntegerField(default=0, help_text='How often a run took longer than its lease, or its worker died with it.')),
                ('overran_at', models.DateTimeField(blank=True, help_text='When that was last noticed.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Forgotten',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(max_length=40)),
                ('rows', models.PositiveIntegerField()),
                ('before', models.DateTimeField(help_text='Everything older than this was forgotten.')),
                ('at', models.DateTimeField()),
                ('took_ms', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'forgotten rows',
                'ordering': ['-at'],
                'indexes': [models.Index(fields=['at'], name='forgotten_by_time')],
            },
        ),
    ]
