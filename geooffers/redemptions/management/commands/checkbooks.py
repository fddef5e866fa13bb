"""`manage.py checkbooks`: do budgets, coupons, redemptions and the ledger agree? Exits 1 when they do not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from geooffers.redemptions import books


class Command(BaseCommand):
    help = "Compare budgets, coupons, redemptions and the ledger; name everything that does not add up."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                # One picture for all the sums, while scanning goes on. (SQLite's transaction keeps writers out.)
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            found = books.check_books()
        for discrepancy in found:
            self.stderr.write(str(discrepancy))
        if found:
            raise CommandError(f"the books do not add up: {len(found)} discrepancies")
        self.stdout.write("the books add up")
