"""Who scans: a till with an API key, or a cashier with a browser."""

import json

from django.test import Client

from geooffers.api.edge import clock
from geooffers.coupons import keyring
from geooffers.coupons.models import Coupon
from merchants.models import Store
from merchants.people import keys
from tests.cast import NOON


class Till:
    """A till with an API key, as its software calls us."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.client = Client()
        self.scans = 0

    @classmethod
    def of_store(cls, store: Store, scopes=tuple(keys.SCOPES)) -> "Till":
        return cls(keys.make_key(store=store, name="till 1", scopes=scopes)[1])

    def look_up(self, code, *, at=NOON, **more):
        with clock.set_to(at):
            return self._post("/api/v1/lookups", {"code": str(code)} | more, {})

    def redeem(self, code, *, key=None, at=NOON, **more):
        self.scans += 1
        headers = {"Idempotency-Key": key or f"scan-{self.scans}"}
        with clock.set_to(at):
            return self._post("/api/v1/redemptions", {"code": str(code)} | more, headers)

    def _post(self, path, body, headers):
        return self.client.post(
            path,
            json.dumps(body),
            content_type="application/json",
            headers=headers | ({"Authorization": f"Bearer {self.key}"} if self.key else {}),
        )


def code_of(coupon: Coupon) -> str:
    return str(keyring.code_of(coupon))


def assert_refused(response, status: int, code: str) -> dict:
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code), problem
    assert response["Content-Type"] == "application/problem+json"
    assert problem["detail"]
    assert problem["hint"], "a refusal at the till says what to do"
    return problem


class Cashier(Till):
    """A member of staff with a browser."""

    def __init__(self, user) -> None:
        super().__init__("")
        self.client.force_login(user)
