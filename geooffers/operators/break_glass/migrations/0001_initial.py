import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('operator_id', models.BigIntegerField(editable=False)),
                ('operator', models.CharField(editable=False, max_length=150)),
                ('reason', models.CharField(help_text='What for: a ticket, a request, an incident. It is kept, and other operators read it.', max_length=200, validators=[django.core.validators.MinLengthValidator(15, 'Say it so that somebody else understands it in a year.')])),
                ('opened_at', models.DateTimeField(editable=False)),
                ('ends_at', models.DateTimeField(editable=False)),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name': "access to shoppers' data",
                'verbose_name_plural': "access to shoppers' data",
                'indexes': [models.Index(fields=['operator_id', 'ends_at'], name='grant_by_operator'), models.Index(fields=['opened_at'], name='grant_by_time')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('opened_at'))), name='grant_ends_after_it_begins')],
            },
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(help_text='The table, and list or history.', max_length=80)),
                ('row', models.CharField(blank=True, help_text='As the admin calls it; empty for a list.', max_length=80)),
                ('at', models.DateTimeField()),
                ('grant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='looks', to='break_glass.grant')),
            ],
            options={
                'verbose_name': "look at shoppers' data",
                'verbose_name_plural': "looks at shoppers' data",
                'indexes': [models.Index(fields=['at'], name='look_by_time')],
            },
        ),
    ]
