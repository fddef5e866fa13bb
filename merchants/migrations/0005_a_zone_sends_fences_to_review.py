from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0004_areas_have_a_box'),
    ]

    operations = [
        migrations.AddField(
            model_name='geofence',
            name='review_note',
            field=models.CharField(blank=True, editable=False, max_length=250),
        ),
    ]
