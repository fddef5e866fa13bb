"""Coupons whose time is over give their place in the budget back."""

from datetime import datetime

from geooffers.coupons import issuing


def run(*, now: datetime, limit: int) -> int:
    return issuing.expire_due(now=now, limit=limit)
