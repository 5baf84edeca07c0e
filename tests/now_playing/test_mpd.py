"""Tracks from a real MPD, and its addresses."""

import pytest

from paces_live.now_playing.providers import watcher_of
from tests.support.players import Mpd, free_port, label, mpd_daemon, until

__all__ = ["mpd_daemon"]


def test_mpd_reports_what_it_plays(mpd_daemon: Mpd) -> None:
    with mpd_daemon.client() as client, watcher_of(f"mpd:{mpd_daemon.socket}") as watcher:
        client.play(0)
        until(lambda: label(watcher) == "The Steps - One")
        assert watcher.track is not None
        assert watcher.track.genre == "Jazz"
        client.next()
        until(lambda: label(watcher) == "The Steps - Two")
        client.next()
        until(lambda: label(watcher) == "Nameless tune")
        client.pause(1)
        until(lambda: label(watcher) is None)
        client.pause(0)
        until(lambda: label(watcher) == "Nameless tune")
        client.kill()
        until(lambda: label(watcher) is None and watcher.condition is not None)


def test_an_mpd_that_does_not_answer_is_a_condition() -> None:
    pytest.importorskip("mpd")
    port = free_port()
    with watcher_of(f"mpd:localhost:{port}") as watcher:
        until(lambda: watcher.condition is not None)
        assert watcher.condition is not None
        assert watcher.condition.message == (
            f"no track: MPD at localhost:{port} does not answer (Connection refused), trying again every 5 s"
        )


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("", {}, ("localhost", 6600, None)),
        ("", {"MPD_HOST": "p@ss@box", "MPD_PORT": "6601"}, ("box", 6601, "p@ss")),
        ("box", {"MPD_HOST": "secret@other"}, ("box", 6600, None)),
        ("box:6602", {"MPD_PORT": "6601"}, ("box", 6602, None)),
        ("[::1]:6602", {}, ("::1", 6602, None)),
        ("[::1]", {}, ("::1", 6600, None)),
        ("/run/mpd/socket", {}, ("/run/mpd/socket", 6600, None)),
    ],
)
def test_addresses_of_mpd(
    text: str, environment: dict[str, str], expected: tuple[str, int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mpd")
    from paces_live.now_playing.mpd import Address

    for name in ("MPD_HOST", "MPD_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    address = Address.parse(text)
    assert (address.host, address.port, address.password) == expected
