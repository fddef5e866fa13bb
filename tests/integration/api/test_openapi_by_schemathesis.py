"""Schemathesis over the OpenAPI document, in this process: what the document promises, the service does."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings

from geooffers.callers import report_rate
from geooffers.callers.models import RateCount
from merchants.live_fences import live_fences
from merchants.people import keys
from notifications.sandbox.keys import load_keys
from tests import cast
from tests.phone import make_token
from tests.running_sandbox import RunningSandbox

TOKEN = make_token()


class Till:
    key = ""


REFUSED = ["400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429"]


def config() -> schemathesis.Config:
    def also(*statuses: str) -> dict[str, Any]:
        usual = ["2xx", "401", "403", "404", "409", "429"]
        return {"checks": {"positive_data_acceptance": {"expected-statuses": [*usual, *statuses]}}}

    def lists(operation: str) -> dict[str, Any]:
        """A query parameter that nobody knows is not read, and the header that is left out is put back by the test."""
        checks = also("400")["checks"]
        return {
            "include-operation-id": operation,
            "checks": {**checks, "negative_data_rejection": {"expected-statuses": [*REFUSED, "200"]}},
        }

    return schemathesis.Config.from_dict(
        {
            "operations": [
                # What a schema cannot say: a text that was published, a cursor that we gave, a code's check symbol, a
                # place that exists.
                {"include-operation-id": "declareJurisdiction", **also("422")},
                {"include-operation-id": "registerDevice", **also("422")},
                {"include-operation-id": "giveConsent", **also("422")},
                lists("listCoupons"),
                lists("listCities"),
                lists("listOffers"),
                {"include-operation-id": "lookUpCoupon", **also("422")},
                {"include-operation-id": "redeemCoupon", **also("422")},
                # Too many fixes are too large a batch, and a bad fix is refused in its own result, under 200.
                {
                    "include-operation-id": "reportPositions",
                    "checks": {"negative_data_rejection": {"expected-statuses": [*REFUSED, "413", "200"]}},
                },
                {
                    "include-operation-id": "reportRegionEvents",
                    "checks": {"negative_data_rejection": {"expected-statuses": [*REFUSED, "413", "200"]}},
                },
                # Foreign clients send again for ever what was not answered with 2xx.
                {
                    "include-tag": "Other clients",
                    "checks": {"negative_data_rejection": {"expected-statuses": [*REFUSED, "200"]}},
                },
            ]
        }
    )


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler(), config=config())


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """The WSGI handler drops connections between requests; ours holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(load_keys(folder=tmp_path_factory.mktemp("keys")))
    yield running
    running.close()


@pytest.fixture
def people(one_connection: None, settings: Any, sandbox: RunningSandbox) -> None:
    """A phone with every consent, a till, a store with an offer and its fence."""
    settings.SANDBOX_URL = sandbox.url
    store = cast.make_store()
    cast.make_fence(store)
    cast.make_offer(store)
    cast.make_device(token=TOKEN, now=datetime.now(UTC))
    _, Till.key = keys.make_key(store=store, name="till", scopes=list(keys.SCOPES))
    live_fences.matcher().refresh()


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_document_is_what_the_service_does(case: schemathesis.Case, people: None) -> None:
    RateCount.objects.all().delete()
    report_rate.BUCKETS._left.clear()
    token = Till.key if case.operation.path.endswith(("/lookups", "/redemptions")) else TOKEN
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"})
