"""What a phone and its shopper agree to at this moment, held still until the transaction ends.

Reports share these locks among themselves, a withdrawal takes them alone: whichever commits second has seen the other.
Rows are locked in the order of their ids; whoever locks several takes the same order.
"""

from uuid import UUID

from django.db import connection
from django.db.models import Q

from geooffers.shoppers.models import ConsentState, Purpose


def share(*, device_id: UUID, shopper_id: UUID) -> frozenset[Purpose]:
    """The purposes given now, locked FOR SHARE. SQLite has one writer at a time, and needs no lock."""
    rows = (
        ConsentState.objects.filter(Q(device=device_id) | Q(device=None), shopper=shopper_id)
        .order_by("pk")
        .values_list("purpose", "given")
    )
    statement, params = rows.query.sql_with_params()
    if connection.features.has_select_for_update:
        statement += " FOR SHARE"
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return frozenset(Purpose(purpose) for purpose, given in cursor.fetchall() if given)
