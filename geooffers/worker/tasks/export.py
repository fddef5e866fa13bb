"""Copies of large accounts are made, the longest waiting first."""

from datetime import datetime

from geooffers.shoppers.privacy import export_files
from geooffers.usecases.privacy import export_shopper

# Each may be long; the task runs again within a minute.
AT_A_TIME = 5


def run(*, now: datetime, limit: int) -> int:
    made = 0
    for export in export_files.waiting(limit=min(limit, AT_A_TIME)):
        made += export_shopper.make(export=export, now=now)
    return made
