"""What the ledger says: balances of accounts, and what a coupon still holds."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Sum, When

from geooffers.ledger.models import LedgerEntry
from geooffers.ledger.movements import Account, Held


def balance_of(account: Account) -> Any:
    """The balance of an account, for an aggregate over entries."""
    return Sum(
        Case(When(target=account.value, then=F("amount")), When(source=account.value, then=-F("amount")), default=0)
    )


def held(subjects: Collection[UUID]) -> list[Held]:
    """What these coupons hold in `reserved`, under the pseudonym of their issue. One statement.

    The shopper may be gone by now, or have become another by signing in; the story of a coupon keeps its name.
    """
    rows = (
        LedgerEntry.objects.filter(subject__in=subjects)
        .values_list("owner", "subject", "unit", "pseudonym")
        .annotate(reserved=balance_of(Account.RESERVED))
        .filter(reserved__gt=0)
        .order_by()
    )
    return [
        Held(owner=owner, subject=subject, unit=unit, amount=amount, pseudonym=bytes(pseudonym))
        for owner, subject, unit, pseudonym, amount in rows
    ]


def balances(*, owner: UUID, unit: str) -> dict[Account, int]:
    """Every account of one owner and unit. They sum to zero."""
    found = LedgerEntry.objects.filter(owner=owner, unit=unit).aggregate(
        **{account.value: balance_of(account) for account in Account}
    )
    return {account: found[account.value] or 0 for account in Account}
