"""The names of inputs: the source that each opens, who reports its tracks, and which names are wrong usage."""

import io
import re
import sys
from pathlib import Path

import pytest

from paces_live.errors import NowPlayingError, UsageError, pip_install
from paces_live.events import Reading
from paces_live.inputs import open_input
from paces_live.now_playing.providers import Watchers, watcher_of
from paces_live.session import Session, Source, run
from paces_live.sources import ArraySource
from tests.support.players import Mpd, label, mpd_daemon, tagged, until
from tests.support.sessions import only
from tests.support.signals import RATE, rock
from tests.support.sources import SESSION_RATE, open_source

__all__ = ["mpd_daemon"]


def test_inputs_and_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    names = {
        "mic": "mic:default",
        "mic:USB": "mic:USB",
        "mic:USB: Audio (hw:1,0)": "mic:USB: Audio (hw:1,0)",
        "monitor": "monitor",
        "monitor:hdmi": "monitor:hdmi",
        "playback": "monitor",
        "playback:hdmi": "monitor:hdmi",
        "player:Spotify": "player:Spotify",
        "fifo:/tmp/mpd.fifo": "fifo:mpd.fifo",
        "https://radio.example:8000/live?key=1": "radio:radio.example/live",
        "file:http://x": "file:x",
        "-": "stdin",
        "a/song.wav": "file:song.wav",
        "file:a/song.wav": "file:song.wav",
        "file:mic": "file:mic",
        "C:song.wav": "file:C:song.wav",
    }
    assert {spec: open_source(spec, sample_rate=SESSION_RATE).name for spec in names} == names


@pytest.mark.parametrize(
    "spec", ["", " ", "mic:", "file:", "mic: ", "monitor:", "playback:", "player:", "fifo:", "a\0b"]
)
def test_an_input_that_names_nothing_is_wrong_usage(spec: str) -> None:
    with pytest.raises(UsageError):
        open_source(spec, sample_rate=SESSION_RATE)


@pytest.mark.parametrize("scheme", ["rtsp", "mms", "ftp", "RTMP", "htp", "mpv+x"])
def test_an_address_that_is_not_of_http_is_wrong_usage_and_keeps_its_password(scheme: str) -> None:
    with pytest.raises(UsageError, match=rf"begin with {re.escape(scheme)}:// cannot be heard") as error:
        open_source(f"{scheme}://me:safe@radio.example/live", sample_rate=SESSION_RATE)
    assert "safe" not in str(error.value)


def watchers(spec: str, choice: str = "auto") -> list[str] | None:
    now_playing = open_input(spec, sample_rate=RATE, now_playing=choice).now_playing
    if not isinstance(now_playing, Watchers):
        return None
    return [type(watcher).__name__ for watcher in now_playing._watchers]


def test_the_provider_follows_the_input_and_the_option(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = str(tagged(tmp_path / "a.flac", title="One"))
    tags = open_input(file, sample_rate=RATE).now_playing
    assert tags is not None
    with tags:
        assert tags.track is not None
        assert (tags.track.title, tags.condition) == ("One", None)
    assert watchers(file, "none") == []
    assert watchers("monitor") == watchers("player:vlc") == ["MprisWatcher", "MpdWatcher"]
    assert watchers(f"fifo:{tmp_path}/pipe") == ["MpdWatcher"]
    assert watchers("mic") is watchers("http://radio.example/live") is None
    assert watchers("mic", "bluetooth") == ["BluetoothWatcher"]
    for choice in ("", "winamp", "auto:x", "none:x", "mpris:x", "mpd:box:port", "mpd:box:", "mpd:box:70000"):
        with pytest.raises(UsageError):
            watchers(file, choice)
    for name in ("dbus_fast", "mpd"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, f"paces_live.now_playing.{'mpd' if name == 'mpd' else 'dbus'}", raising=False)
    for choice, package in (("mpris", "dbus-fast"), ("bluetooth", "dbus-fast"), ("mpd", "python-mpd2")):
        with pytest.raises(NowPlayingError, match=re.escape(pip_install(package))):
            watchers(file, choice)
    assert watchers("monitor") == []


def test_players_are_watched_while_a_source_is_heard(mpd_daemon: Mpd) -> None:
    with mpd_daemon.client() as client:
        client.play(1)
    watcher = watcher_of(f"mpd:{mpd_daemon.socket}")
    source: Source = ArraySource(rock(150.0, 12.0), RATE, RATE, block=512)
    events = run(
        source,
        Session(only(150.0)),
        now_playing=Watchers(watcher),
        on_block=lambda: until(lambda: label(watcher) == "The Steps - Two"),
    )
    readings = [event for event in events if isinstance(event, Reading)]
    assert {reading.track and reading.track.caption for reading in readings[1:]} == {"The Steps - Two"}
    assert not watcher._thread.is_alive()
