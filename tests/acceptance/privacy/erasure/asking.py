"""A phone asks that its shopper be erased."""

from datetime import datetime, timedelta

from django.http import HttpResponse

from geooffers.api.edge import clock
from tests.cast import NOON
from tests.walker import Walker

LATER = NOON + timedelta(minutes=10)


def erased(walker: Walker, *, now: datetime = LATER) -> HttpResponse:
    with clock.set_to(now):
        return walker.phone.call("DELETE", "/me")
