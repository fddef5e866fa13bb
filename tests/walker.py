"""A phone that is carried around: it reports where it is at the times of its story."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.http import HttpResponse

from geooffers.api.edge import clock
from geooffers.shoppers.models import Device
from tests.cast import AINO_LAT, AINO_LON, make_device
from tests.phone import Phone, make_token

# At Café Aino, and a street farther, outside of its fence.
AT_AINO = (AINO_LAT, AINO_LON)
DOWN_THE_STREET = (AINO_LAT + 0.0045, AINO_LON)


def fix(at: datetime, place: tuple[float, float] = AT_AINO, **changes: Any) -> dict[str, Any]:
    lat, lon = place
    return {
        "uuid": str(uuid4()),
        "recorded_at": at.isoformat(),
        "lat": lat,
        "lon": lon,
        "accuracy_m": 10.0,
        "background": False,
        **changes,
    }


class Walker:
    """`device` with its phone. The clock of the server stands at `now` while it answers."""

    def __init__(self, **of_device: Any) -> None:
        token = make_token()
        self.device: Device = make_device(token=token, **of_device)
        self.phone = Phone(token=token)

    def send(self, *fixes: dict[str, Any], now: datetime) -> HttpResponse:
        with clock.set_to(now):
            return self.phone.call("POST", "/positions", {"fixes": list(fixes)})

    def report(self, *fixes: dict[str, Any], now: datetime) -> dict[str, Any]:
        response = self.send(*fixes, now=now)
        assert response.status_code == 200, response.content
        return response.json()

    def be_at(self, place: tuple[float, float], now: datetime) -> dict[str, Any]:
        """One fix, recorded and sent at once."""
        return self.report(fix(now, place), now=now)
