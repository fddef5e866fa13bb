from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0003_fence_followers'),
    ]

    operations = [
        migrations.AddField(
            model_name='exclusionzone',
            name='east',
            field=models.FloatField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='exclusionzone',
            name='north',
            field=models.FloatField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='exclusionzone',
            name='south',
            field=models.FloatField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='exclusionzone',
            name='west',
            field=models.FloatField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='geofence',
            name='east',
            field=models.FloatField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='geofence',
            name='north',
            field=models.FloatField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='geofence',
            name='south',
            field=models.FloatField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='geofence',
            name='west',
            field=models.FloatField(editable=False, null=True),
        ),
    ]
