from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='DroppedFixes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('client', models.CharField(max_length=30, verbose_name='came by')),
                ('reason', models.CharField(max_length=60)),
                ('count', models.PositiveBigIntegerField(verbose_name='fixes')),
            ],
            options={
                'verbose_name': 'dropped fixes',
                'verbose_name_plural': 'dropped fixes',
                'constraints': [models.UniqueConstraint(fields=('hour', 'client', 'reason'), name='one_count_of_dropped_fixes')],
            },
        ),
    ]
