"""The shop that all these tests walk to."""

import pytest

from merchants.live_fences import live_fences
from merchants.models import Geofence
from tests.cast import make_fence, make_offer, make_store


@pytest.fixture
def aino() -> Geofence:
    """Café Aino with its fence and an offer."""
    store = make_store()
    fence = make_fence(store)
    make_offer(store)
    live_fences.matcher().refresh()
    return fence
