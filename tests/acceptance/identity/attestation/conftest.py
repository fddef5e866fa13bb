"""Phones vouched for by a look-alike of Google's, over real HTTP, with keys of our own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notifications.sandbox.keys import load_keys
from tests.running_sandbox import RunningSandbox


@pytest.fixture(scope="module")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def sandbox(keys_folder: Path) -> Iterator[RunningSandbox]:
    running = RunningSandbox(load_keys(folder=keys_folder))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _at_the_sandbox(settings: Any, sandbox: RunningSandbox, keys_folder: Path) -> None:
    settings.SANDBOX_URL = sandbox.url
    # The client's own account is read there: the sandbox lets nobody else in.
    settings.SANDBOX_DIR = keys_folder
