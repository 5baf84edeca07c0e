"""A server of stations for each test."""

from collections.abc import Iterator

import pytest

from paces_live.sources import reconnect
from tests.support.stations import Server, serving


@pytest.fixture(autouse=True)
def no_detours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask no proxy, and try again soon."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(reconnect, "BACKOFF_S", (0.05, 0.1))


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as private:
        yield private
