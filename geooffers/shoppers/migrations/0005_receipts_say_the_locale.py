from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shoppers', '0004_consent_texts_are_drafted'),
    ]

    operations = [
        migrations.AddField(
            model_name='consentreceipt',
            name='locale',
            field=models.CharField(blank=True, max_length=35),
        ),
    ]
