from django.db import migrations, models
from geooffers.ledger.migrations import _by_hand


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('owner', models.UUIDField()),
                ('unit', models.CharField(max_length=5)),
                ('source', models.CharField(choices=[('granted', 'granted'), ('free', 'free'), ('reserved', 'reserved'), ('redeemed', 'redeemed')], max_length=8)),
                ('target', models.CharField(choices=[('granted', 'granted'), ('free', 'free'), ('reserved', 'reserved'), ('redeemed', 'redeemed')], max_length=8)),
                ('amount', models.BigIntegerField()),
                ('subject', models.UUIDField()),
                ('cause', models.UUIDField()),
                ('pseudonym', models.BinaryField(max_length=32, null=True)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'ledger entries',
                'constraints': [models.UniqueConstraint(fields=('subject', 'cause', 'unit', 'target'), name='each_movement_once'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='entry_moves_something'), models.CheckConstraint(condition=models.Q(models.Q(('unit', 'place'), models.Q(models.Q(('source', 'free'), ('target', 'granted')), models.Q(('source', 'free'), ('target', 'reserved')), models.Q(('source', 'granted'), ('target', 'free')), models.Q(('source', 'redeemed'), ('target', 'reserved')), models.Q(('source', 'reserved'), ('target', 'free')), models.Q(('source', 'reserved'), ('target', 'redeemed')), _connector='OR')), models.Q(models.Q(('unit', 'place'), _negated=True), models.Q(models.Q(('source', 'granted'), ('target', 'reserved')), models.Q(('source', 'redeemed'), ('target', 'reserved')), models.Q(('source', 'reserved'), ('target', 'granted')), models.Q(('source', 'reserved'), ('target', 'redeemed')), _connector='OR')), _connector='OR'), name='entry_moves_between_neighbours')],
            },
        ),
        *_by_hand.OPERATIONS,
    ]
