"""The rows of the ledger. `ledger.movements` draws the accounts.

They hold plain ids and no foreign key: the ledger stands below everything that moves in it.
"""

from collections.abc import Iterable

from django.db import models
from django.db.models import Q

from geooffers.ledger import units
from geooffers.ledger.movements import MOVES_OF_MONEY, MOVES_OF_PLACES, Account


def _one_of(moves: Iterable[tuple[Account, Account]]) -> Q:
    allowed = Q()
    for source, target in sorted(moves):
        allowed |= Q(source=source.value, target=target.value)
    return allowed


class LedgerEntry(models.Model):
    """An immutable movement of an amount between two accounts of one owner.

    A trigger in the database refuses every UPDATE (`migrations/_by_hand.py`).
    """

    # In the order in which entries were written; of one coupon, under its lock, also the order in which they happened.
    id = models.BigAutoField(primary_key=True)
    owner = models.UUIDField()
    unit = models.CharField(max_length=5)
    source = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Account])
    target = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Account])
    # Places one by one, money in ten-thousandths (`ledger.units`).
    amount = models.BigIntegerField()
    subject = models.UUIDField()
    cause = models.UUIDField()
    # Null for a change of the cap, which is about no shopper.
    pseudonym = models.BinaryField(max_length=32, null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            # It is the index by subject, too.
            models.UniqueConstraint(fields=["subject", "cause", "unit", "target"], name="each_movement_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="entry_moves_something"),
            models.CheckConstraint(
                condition=(Q(unit=units.PLACE) & _one_of(MOVES_OF_PLACES))
                | (~Q(unit=units.PLACE) & _one_of(MOVES_OF_MONEY)),
                name="entry_moves_between_neighbours",
            ),
        ]

    def __str__(self) -> str:
        return f"{units.in_words(unit=self.unit, amount=self.amount)} from {self.source} to {self.target}"
