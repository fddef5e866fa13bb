from django.db import migrations

import geooffers.sealing.columns
from geooffers.coupons import codes, keyring


def seal(apps, schema_editor):
    """Before this, the column held an HMAC of the code under a second key derived from its own; of a coupon whose
    shopper was erased random bytes, which nothing tells from a code's: from now on nobody can find it either way."""
    Coupon = apps.get_model('coupons', 'Coupon')
    ring = keyring.ring()
    coupons = Coupon.objects.values_list('pk', 'code_key_id', 'shopper', 'state')
    for pk, key_id, shopper, state in coupons.iterator(chunk_size=1000):
        digest = None
        try:
            if shopper is not None:
                digest = ring.code_for(coupon_id=pk, key_id=key_id).digest
        except codes.KeyGone:
            # Nobody can find it, and if it is over nobody has to. Of an open one the key may be put back, now and not later.
            if state == 'open':
                raise
        Coupon.objects.filter(pk=pk).update(code_lookup=digest)


class Migration(migrations.Migration):
    """Stop the web processes before: they look for what stood here until now."""

    dependencies = [
        ('coupons', '0004_to_forget'),
    ]

    operations = [
        migrations.AlterField(
            model_name='coupon',
            name='code_lookup',
            field=geooffers.sealing.columns.SealedHash(max_length=32, null=True, purpose='coupon code', unique=True),
        ),
        migrations.RunPython(seal),
    ]
