"""At sign-in what was decided for an anonymous shopper becomes the account's."""

from collections.abc import Iterable

from geooffers.decisions.models import Decision
from geooffers.shoppers.models import Shopper
from geooffers.visits.merging import Joined


def move_to_account(*, anonymous: Shopper, account: Shopper, joined: Iterable[Joined]) -> None:
    """In the caller's transaction, after the coupons: no other transaction waits for these rows."""
    for pair in joined:
        Decision.objects.filter(visit=pair.younger_id).update(visit=pair.older_id)
    Decision.objects.filter(shopper=anonymous).update(shopper=account)
