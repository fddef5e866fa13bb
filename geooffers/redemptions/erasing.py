"""The merchants' books, of which nothing is taken when a shopper is erased.

They lead to a person by their coupon alone, which loses its shopper and the way from its code (`coupons.erasing`).
Their pseudonym leads to nobody once the shopper's key is discarded.
"""

from geooffers.ledger.models import LedgerEntry
from geooffers.redemptions.models import Redemption, RefusedScan

# No foreign key leads from the ledger to a coupon; its id does, as long as there is one.
MODELS = frozenset({Redemption, RefusedScan, LedgerEntry})
