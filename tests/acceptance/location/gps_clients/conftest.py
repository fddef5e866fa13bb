import pytest

from merchants.live_fences import live_fences
from tests.acceptance.location.gps_clients.apps import App


@pytest.fixture(autouse=True)
def no_fences_of_another_test(db: None) -> None:
    live_fences.matcher().refresh()


@pytest.fixture
def app(request: pytest.FixtureRequest) -> App:
    """Of the adapter that the test's file names as ADDRESS."""
    return App(request.module.ADDRESS)
