"""The merchants' books, of which nothing is taken when a shopper is erased.

They lead to a person by their coupon alone, which loses its shopper and the way from its code (`coupons.erasing`).
Their pseudonym is nobody's once the shopper's key is discarded.
"""

from geooffers.coupons.models import LedgerEntry
from geooffers.redemptions.models import Redemption, RefusedScan

MODELS = frozenset({Redemption, RefusedScan, LedgerEntry})
