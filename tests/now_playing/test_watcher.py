"""The thread of a watcher survives whatever happens in it."""

import socket

import pytest

from paces_live.events import Track
from paces_live.now_playing.watcher import Watcher
from tests.support.players import until


class Flawed(Watcher):
    """Fails in a way that nobody expected, and works the next time."""

    tries = 0

    def watch(self, ended: socket.socket) -> None:
        self.tries += 1
        if self.tries == 1:
            self.track = Track(title="What played before")
            raise ZeroDivisionError("a flaw")
        self.track, self.error = Track(title="One"), None
        ended.recv(1)


def test_an_unexpected_failure_is_shown_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.now_playing.watcher.AGAIN_S", 0.2)
    with Flawed() as watcher:
        until(lambda: watcher.error is not None)
        assert watcher.condition is not None
        assert "the watcher failed (a flaw)" in watcher.condition.message
        assert watcher.track is None
        until(lambda: watcher.track == Track(title="One"))
        assert watcher.condition is None
