"""The check of the books: do budgets, coupons, redemptions and the ledger say the same?

Every check is one statement that sums in the database and answers with what does not add up, so that it costs what
reading the tables costs, however many coupons there are. Each gathers what the records say about one thing as rows of
one shape, adds them up by that thing, and compares the sums.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from geooffers.ledger.movements import MOVES_OF_MONEY, MOVES_OF_PLACES
from geooffers.ledger.units import PARTS_OF_MONEY, PLACE


@dataclass(frozen=True, kw_only=True)
class Discrepancy:
    """Two records of the same thing that differ."""

    what: str
    of: UUID
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what} of {self.of}: {self.found} where {self.expected} should be"


# cap = free + reserved + redeemed, and the counters are what ledger, coupons and redemptions say.
_BUDGETS = """
WITH said (offer, account, who, places) AS (
    SELECT offer_id, 'granted', 'counter', -cap FROM merchants_offerbudget
    UNION ALL SELECT offer_id, 'free', 'counter', cap - reserved - redeemed FROM merchants_offerbudget
    UNION ALL SELECT offer_id, 'reserved', 'counter', reserved FROM merchants_offerbudget
    UNION ALL SELECT offer_id, 'redeemed', 'counter', redeemed FROM merchants_offerbudget
    UNION ALL
    SELECT owner, target, 'ledger', SUM(amount) FROM ledger_ledgerentry WHERE unit = '{place}' GROUP BY owner, target
    UNION ALL
    SELECT owner, source, 'ledger', -SUM(amount) FROM ledger_ledgerentry WHERE unit = '{place}' GROUP BY owner, source
    UNION ALL
    SELECT offer_id, CASE state WHEN 'open' THEN 'reserved' ELSE state END, 'coupons', COUNT(*)
    FROM coupons_coupon WHERE state IN ('open', 'redeemed') GROUP BY offer_id, state
    UNION ALL
    SELECT offer_id, 'redeemed', 'redemptions', COUNT(*)
    FROM redemptions_redemption WHERE whole AND reversed_at IS NULL GROUP BY offer_id
),
summed AS (
    SELECT offer, account,
        SUM(CASE who WHEN 'counter' THEN places ELSE 0 END) AS counter,
        SUM(CASE who WHEN 'ledger' THEN places ELSE 0 END) AS ledger,
        SUM(CASE who WHEN 'coupons' THEN places ELSE 0 END) AS coupons,
        SUM(CASE who WHEN 'redemptions' THEN places ELSE 0 END) AS redemptions
    FROM said GROUP BY offer, account
)
SELECT account || ' places', offer, ledger || ' by the ledger', counter FROM summed WHERE counter <> ledger
UNION ALL
SELECT account || ' places', offer, coupons || ' by the coupons', counter
FROM summed WHERE counter <> coupons AND account IN ('reserved', 'redeemed')
UNION ALL
SELECT account || ' places', offer, redemptions || ' by the redemptions', counter
FROM summed WHERE counter <> redemptions AND account = 'redeemed'
UNION ALL
SELECT 'free places', offer, '0 or more', counter FROM summed WHERE account = 'free' AND counter < 0
"""

# What a coupon promises stands, in each unit, where its state says: reserved, redeemed, or gone back. Nothing else is
# there.
_COUPONS = """
WITH said (coupon, offer, unit, promised, held, given, entries, reserved, redeemed) AS (
    SELECT id, offer_id, '{place}', 1,
        CASE state WHEN 'open' THEN 1 ELSE 0 END, CASE state WHEN 'redeemed' THEN 1 ELSE 0 END, 0, 0, 0
    FROM coupons_coupon
    UNION ALL
    SELECT id, offer_id, currency, {money},
        CASE state WHEN 'open' THEN {money} ELSE 0 END, CASE state WHEN 'redeemed' THEN {money} ELSE 0 END, 0, 0, 0
    FROM coupons_coupon WHERE discount_kind = 'amount' AND discount_value > 0 AND LENGTH(currency) = 3
    UNION ALL
    SELECT subject, owner, unit, 0, 0, 0, 1,
        CASE WHEN target = 'reserved' THEN amount WHEN source = 'reserved' THEN -amount ELSE 0 END,
        CASE WHEN target = 'redeemed' THEN amount WHEN source = 'redeemed' THEN -amount ELSE 0 END
    FROM ledger_ledgerentry WHERE subject <> owner
)
SELECT 'ledger', coupon,
    SUM(held) || ' reserved, ' || SUM(given) || ' redeemed of ' || SUM(promised) || ' ' || unit,
    SUM(reserved) || ' reserved, ' || SUM(redeemed) || ' redeemed by ' || SUM(entries) || ' entries'
FROM said GROUP BY coupon, offer, unit
HAVING SUM(held) <> SUM(reserved) OR SUM(given) <> SUM(redeemed) OR SUM(promised) = 0 OR SUM(entries) = 0
"""

# Entry by entry nothing is given that was not reserved, and nothing is reserved twice.
_STORIES = """
SELECT 'story', subject, 'reserved first, then given or gone back', MIN(place) || ' to ' || MAX(place) || ' ' || unit
FROM (
    SELECT subject, unit,
        SUM(CASE WHEN target = 'reserved' THEN amount WHEN source = 'reserved' THEN -amount ELSE 0 END)
            OVER (PARTITION BY subject, unit ORDER BY id) AS place
    FROM ledger_ledgerentry WHERE subject <> owner
) AS told
GROUP BY subject, unit HAVING MIN(place) < 0 OR (unit = '{place}' AND MAX(place) > 1)
"""

# A redemption gave in the ledger what it says that it gave, whether or not it was taken back since.
_REDEMPTIONS = """
WITH said (redemption, coupon, unit, worth, given) AS (
    SELECT id, coupon_id, '{place}', 1, 0 FROM redemptions_redemption WHERE whole
    UNION ALL
    SELECT id, coupon_id, currency, CAST(ROUND(value * {parts}) AS BIGINT), 0
    FROM redemptions_redemption WHERE discount_kind = 'amount' AND value > 0 AND LENGTH(currency) = 3
    UNION ALL
    SELECT cause, subject, unit, 0, amount FROM ledger_ledgerentry WHERE target = 'redeemed'
)
SELECT 'redemption', redemption, SUM(worth) || ' ' || unit, SUM(given)
FROM said GROUP BY redemption, coupon, unit HAVING SUM(worth) <> SUM(given)
"""

# A shopper's count is at least what they hold. (More is possible: signing in adds counts, and takes none back.)
_COUNTS = """
SELECT 'shopper''s count', coupon.offer_id, COUNT(*) || ' or more', COALESCE(MAX(counted.issued), 0)
FROM coupons_coupon coupon
JOIN shoppers_shopper shopper ON shopper.id = coupon.shopper_id AND shopper.ended_at IS NULL
LEFT JOIN coupons_shopperoffercount counted
    ON counted.offer_id = coupon.offer_id AND counted.shopper_id = coupon.shopper_id
WHERE coupon.state <> 'expired'
GROUP BY coupon.offer_id, coupon.shopper_id HAVING COUNT(*) > COALESCE(MAX(counted.issued), 0)
"""

# Two neighbours and an amount, or the accounts would not sum to zero. The database refuses such an entry as well.
_MOVEMENTS = """
SELECT 'movement', subject, 'an amount between neighbours',
    amount || ' ' || unit || ' from ' || source || ' to ' || target
FROM ledger_ledgerentry
WHERE amount <= 0
    OR (unit = '{place}' AND source || ' ' || target NOT IN ({moves_of_places}))
    OR (unit <> '{place}' AND source || ' ' || target NOT IN ({moves_of_money}))
"""

CHECKS = (_BUDGETS, _COUPONS, _STORIES, _REDEMPTIONS, _COUNTS, _MOVEMENTS)
_WORDS = {
    "place": PLACE,
    "parts": str(PARTS_OF_MONEY),
    "money": f"CAST(ROUND(discount_value * {PARTS_OF_MONEY}) AS BIGINT)",
    "moves_of_places": ", ".join(f"'{source} {target}'" for source, target in sorted(MOVES_OF_PLACES)),
    "moves_of_money": ", ".join(f"'{source} {target}'" for source, target in sorted(MOVES_OF_MONEY)),
}


def check_books() -> list[Discrepancy]:
    """Everything that does not add up; an empty list is the promise kept.

    Run it in one transaction of REPEATABLE READ, or while nothing else writes: there are several statements.
    """
    return [found for check in CHECKS for found in _ask(check)]


def _ask(check: str) -> Iterable[Discrepancy]:
    with connection.cursor() as cursor:
        cursor.execute(check.format(**_WORDS))
        rows = cursor.fetchall()
    # SQLite keeps ids as text.
    return [
        Discrepancy(what=what, of=UUID(str(of)), expected=str(expected), found=str(found))
        for what, of, expected, found in rows
    ]
