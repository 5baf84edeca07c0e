"""Titles: from tags, from players on a private D-Bus, from a real MPD; and what the engine makes of them."""

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.id3 import TIT2, TPE1
from mutagen.wave import WAVE
from typer.testing import CliRunner, Result

from paces_live.analysis.classifier import FixedClassifier
from paces_live.cli import main as cli
from paces_live.errors import TitleError, UsageError
from paces_live.events import Event, Reading, Song
from paces_live.inputs import WISHES, TitledSource, titled
from paces_live.now_playing.title import LONGEST, one_line, song_title
from paces_live.now_playing.watcher import Watcher
from paces_live.session.engine import Engine, EngineConfig
from paces_live.sources import ArraySource, FifoSource, FileSource, PlaybackSource, Source
from paces_live.sources.block import Block
from paces_live.sources.pcm import pcm_format
from paces_live.system.doctor.checks import title_checks
from tests.support.players import Bus, Mpd, bluetooth_player, bus, free_port, mpd_daemon, mpris_player, tagged, until
from tests.support.signals import RATE, Samples, rock

__all__ = ["bus", "mpd_daemon"]


@pytest.mark.parametrize(
    ("artists", "title", "name", "expected"),
    [
        (["A", "B"], "T", None, "A, B - T"),
        ([], "T", "x/y.ogg", "T"),
        (["A"], None, "x/01 Tune.v2.ogg", "01 Tune.v2"),
        ([], None, "file:///x/My%20tune.mp3", "My tune"),
        (["A"], " ", "http://radio.example/stream.mp3", None),
        (["A"], None, None, None),
        (["", "A\n"], "T\x1b[2J", None, "A - T [2J"),
    ],
)
def test_a_title_is_artist_and_title(artists: list[str], title: str, name: str, expected: str) -> None:
    assert song_title(artists, title, name) == expected


def test_a_title_from_a_stranger_is_one_printable_line() -> None:
    told = one_line(" Two\r\n  lines\x1b]0;x\x07\u202e " + 1000 * "x ")
    assert told is not None
    assert told.startswith("Two lines ]0;x x")
    assert told.isprintable()
    assert len(told) <= LONGEST
    assert one_line("\x00\n") is None


def test_files_tell_their_tags(tmp_path: Path) -> None:
    flac = tagged(tmp_path / "a.flac", artist="The Steps", title="One")
    assert FileSource(flac, RATE).title == "The Steps - One"
    wav = tmp_path / "b.wav"
    soundfile.write(wav, np.zeros(100), 8000)
    assert FileSource(wav, RATE).title == "b"
    file = WAVE(wav)
    file.add_tags()
    file["TIT2"], file["TPE1"] = TIT2(text="Two"), TPE1(text=["The Steps", "Friends"])
    file.save()
    assert FileSource(wav, RATE).title == "The Steps, Friends - Two"


def test_a_file_whose_tags_cannot_be_read_goes_by_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "Broken tune.flac"
    broken.write_bytes(b"fLaC\x00\x00")
    assert FileSource(broken, RATE).title == "Broken tune"
    assert FileSource(tmp_path / "missing.ogg", RATE).title == "missing"


MPRIS = "org.mpris.MediaPlayer2"
MPRIS_PATH = "/org/mpris/MediaPlayer2"
PHONE = "/org/bluez/hci0/dev_00_11_22_33_44_55/player0"


def watching(wish: str) -> Watcher:
    source = titled(ArraySource(np.zeros(1), RATE, RATE), wish)
    assert isinstance(source, TitledSource)
    (watcher,) = source.watchers
    return watcher


def test_mpris_tells_the_title_of_the_player_that_began_last(bus: Bus) -> None:
    first = mpris_player("Playing", artist=["The Steps", "Friends"], title="One")
    second = mpris_player("Paused", title="Two")
    bus.connect(f"{MPRIS}.first", MPRIS_PATH, first)
    with watching("mpris") as watcher:
        until(lambda: watcher.title == "The Steps, Friends - One")
        connection = bus.connect(f"{MPRIS}.second", MPRIS_PATH, second)
        bus.call(second.change, "Playing")
        until(lambda: watcher.title == "Two")
        bus.call(first.change, "Playing", {"title": "Three"})
        bus.call(second.change, "Playing", {"url": "file:///music/Fou%72.mp3"})
        until(lambda: watcher.title == "Four")
        bus.call(second.change, "Stopped")
        until(lambda: watcher.title == "Three")
        bus.call(second.change, "Playing")
        until(lambda: watcher.title == "Four")
        bus.connections.remove(connection)
        bus.call(connection.disconnect)
        until(lambda: watcher.title == "Three")
        bus.call(first.change, "Paused")
        until(lambda: watcher.title is None)
        assert watcher.note is None


def test_players_that_talk_nonsense_hide_nobody(bus: Bus) -> None:
    odd = mpris_player("Playing", title="One")
    quiet = mpris_player("Playing", artist="Somebody")
    bus.connect(f"{MPRIS}.odd", MPRIS_PATH, odd)
    bus.connect(f"{MPRIS}.quiet", MPRIS_PATH, quiet)
    stranger = bus.connect("org.example.stranger", MPRIS_PATH, mpris_player("Playing", title="Stranger"))
    with watching("mpris") as watcher:
        until(lambda: watcher.title == "One")
        for signature, body in (("sas", [odd.name, ["x"]]), ("sss", [odd.name, "x", "y"]), ("as", [["x"]]), ("", [])):
            bus.signal(bus.connections[0], MPRIS_PATH, "PropertiesChanged", signature, body)
        bus.signal(stranger, MPRIS_PATH, "PropertiesChanged", "sss", [odd.name, "x", "y"])
        bus.call(odd.change, "Playing", {"title": ["Two", "Three"], "artist": []})
        until(lambda: watcher.title == "Two")
        bus.call(odd.emit_properties_changed, {}, ["Metadata"])
        bus.call(odd.change, "Playing", {"title": "Four"})
        until(lambda: watcher.title == "Four")
        bus.call(bus.connections[0].disconnect)
        until(lambda: watcher.title is None)
        assert watcher.trouble is None


def test_bluetooth_tells_what_the_telephone_plays(bus: Bus) -> None:
    phone = bluetooth_player("playing", Artist="The Steps", Title="One")
    with watching("bluetooth") as watcher:
        bluez = bus.connect("org.bluez", PHONE, phone)
        until(lambda: watcher.title == "The Steps - One")
        bus.call(phone.change, "playing", {"Title": "Two"})
        until(lambda: watcher.title == "Two")
        bus.call(bluez.unexport, PHONE)
        until(lambda: watcher.title is None)
        bus.call(bluez.export, PHONE, phone)
        until(lambda: watcher.title == "Two")
    with watching("bluetooth") as again:
        until(lambda: again.title == "Two")


def test_without_a_bus_there_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("dbus_fast")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nowhere")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    for wish, words in (("mpris", "DBUS_SESSION_BUS_ADDRESS is not set"), ("bluetooth", "No such file or directory")):
        with watching(wish) as watcher:
            until(lambda: watcher.note is not None)
            assert watcher.note is not None
            assert words in watcher.note
            assert "trying again" in watcher.note


def test_a_bus_that_goes_is_told_and_looked_for_again(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.now_playing.watcher.AGAIN_S", 0.05)
    bus.connect(f"{MPRIS}.first", MPRIS_PATH, mpris_player("Playing", title="One"))
    with watching("mpris") as watcher:
        until(lambda: watcher.title == "One")
        bus.stop()
        until(lambda: watcher.note is not None)
        assert watcher.title is None
        bus.start()
        bus.connect(f"{MPRIS}.second", MPRIS_PATH, mpris_player("Playing", title="Two"))
        until(lambda: watcher.title == "Two")
        assert watcher.note is None


def test_mpd_tells_what_it_plays(mpd_daemon: Mpd) -> None:
    with mpd_daemon.client() as client, watching(f"mpd:{mpd_daemon.socket}") as watcher:
        client.play(0)
        until(lambda: watcher.title == "The Steps - One")
        client.next()
        until(lambda: watcher.title == "The Steps - Two")
        client.next()
        until(lambda: watcher.title == "Nameless tune")
        client.pause(1)
        until(lambda: watcher.title is None)
        client.pause(0)
        until(lambda: watcher.title == "Nameless tune")
        client.kill()
        until(lambda: watcher.title is None and watcher.note is not None)


def test_doctor_asks_the_players(bus: Bus, mpd_daemon: Mpd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.system.doctor.checks.ANSWER_S", 0.2)
    monkeypatch.setenv("MPD_HOST", str(mpd_daemon.socket))
    bus.connect(f"{MPRIS}.first", MPRIS_PATH, mpris_player("Playing", title="One"))
    checks = [(check.name, check.ok, check.detail) for check in title_checks()]
    assert checks == [
        ("titles from mpris", True, "plays One"),
        ("titles from bluetooth", True, "nothing plays"),
        ("titles from mpd", True, "nothing plays"),
    ]
    bus.stop()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "mpd" else name)
    _, bluetooth, mpd = title_checks()
    assert (bluetooth.ok, "does not answer" in bluetooth.detail) == (None, True)
    assert bluetooth.fix == "apt install bluez, then: systemctl start bluetooth"
    assert (mpd.ok, mpd.fix) == (None, "pip install 'paces-live[titles]'")


def test_mpd_that_does_not_answer_is_a_note() -> None:
    pytest.importorskip("mpd")
    port = free_port()
    with watching(f"mpd:localhost:{port}") as watcher:
        until(lambda: watcher.note is not None)
        assert watcher.note == (
            f"no titles: MPD at localhost:{port} does not answer (Connection refused), trying again every 5 s"
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


def test_titles_are_as_wished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = FileSource(tagged(tmp_path / "a.flac", title="One"), RATE)
    assert titled(file, "auto") is file
    assert getattr(titled(file, "none"), "title", "?") is None
    playback = titled(PlaybackSource(RATE), "auto")
    assert isinstance(playback, TitledSource)
    assert [type(watcher).__name__ for watcher in playback.watchers] == ["MprisWatcher", "MpdWatcher"]
    pipe = titled(FifoSource(tmp_path / "pipe", 44_100, pcm_format("s16le"), 2, sample_rate=RATE), "auto")
    assert [type(watcher).__name__ for watcher in getattr(pipe, "watchers", ())] == ["MpdWatcher"]
    for wish in ("", "winamp", "auto:x", "none:x", "mpris:x", "mpd:box:port", "mpd:box:", "mpd:box:70000"):
        with pytest.raises(UsageError):
            titled(file, wish)
    for name in ("dbus_fast", "mpd"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, f"paces_live.now_playing.{'mpd' if name == 'mpd' else 'dbus'}", raising=False)
    for wish in ("mpris", "bluetooth", "mpd"):
        with pytest.raises(TitleError, match=r"pip install 'paces-live\[titles\]'"):
            titled(file, wish)
    assert getattr(titled(PlaybackSource(RATE), "auto"), "watchers", None) == ()


@dataclass
class Announced:
    """Samples, and titles that are announced from a sample on."""

    samples: Samples
    titles: Mapping[int, str | None]
    block: int = 4096
    name: str = "announced"
    live: bool = False
    title: str | None = field(default=None, init=False)

    def blocks(self) -> Iterator[Block]:
        marks = sorted({*range(0, len(self.samples), self.block), *self.titles, len(self.samples)})
        for start, end in pairwise(marks):
            self.title = self.titles.get(start, self.title)
            yield Block(self.samples[start:end])


def only(*tempi: float) -> FixedClassifier:
    return FixedClassifier(lambda spm: 0.95 if any(abs(spm / tempo - 1.0) < 0.015 for tempo in tempi) else 0.05)


def hear(source: Source) -> list[Event]:
    return list(Engine(only(150.0, 174.0), EngineConfig()).events(source))


def songs(events: list[Event]) -> list[tuple[str | None, int, int, list[int]]]:
    told = [event for event in events if isinstance(event, Song)]
    return [(song.title, round(song.start), round(song.end), [round(pace.spm) for pace in song.paces]) for song in told]


SILENCE = np.zeros(4 * RATE, np.float32)
MIX = np.concatenate([rock(150.0, 20), rock(174.0, 20)])


def test_another_title_is_another_song_with_a_fresh_window() -> None:
    events = hear(Announced(MIX, {0: "A", 20 * RATE: "B"}))
    assert songs(events) == [("A", 0, 20, [150]), ("B", 20, 40, [174])]
    readings = [event for event in events if isinstance(event, Reading)]
    assert [reading.title for reading in readings] == 19 * ["A"] + ["A"] + 20 * ["B"]
    assert [reading.state for reading in readings[20:23]] == 3 * ["listening"]
    assert {round(pace.spm) for reading in readings[20:] for pace in reading.paces} == {174}


@settings(max_examples=4, deadline=None)
@given(st.integers(100, 60_000))
def test_any_split_of_the_samples_gives_the_same_titles(block: int) -> None:
    titles = {RATE: "A", 19 * RATE + 77: "B", 25 * RATE: None}
    assert songs(hear(Announced(MIX, titles, block=block))) == songs(hear(Announced(MIX, titles)))


def test_a_title_that_comes_late_belongs_to_the_song_that_was_heard_to_begin() -> None:
    mix = np.concatenate([rock(150.0, 20), SILENCE, rock(174.0, 20)])
    assert [song[0] for song in songs(hear(Announced(mix, {0: "A", 30 * RATE: "B"})))] == ["A", "B"]
    assert [song[0] for song in songs(hear(Announced(mix, {3 * RATE: "A"})))] == ["A", "A"]


def test_songs_that_are_skipped_end_too() -> None:
    titles = {0: "A", 7 * RATE: "B", 15 * RATE: "C"}
    assert [song[:3] for song in songs(hear(Announced(MIX[: 25 * RATE], titles)))] == [
        ("A", 0, 7),
        ("B", 7, 15),
        ("C", 15, 25),
    ]


def test_a_pause_keeps_the_title_and_silence_forgets_it() -> None:
    music = rock(150.0, 40)
    assert songs(hear(Announced(music, {0: "A", 10 * RATE: None, 20 * RATE: "A"}))) == [("A", 0, 40, [150])]
    mix = np.concatenate([music[: 20 * RATE], SILENCE, music[: 20 * RATE]])
    assert [song[0] for song in songs(hear(Announced(mix, {0: "A", 20 * RATE: None})))] == ["A", None]


def test_a_source_is_titled_while_it_is_heard(mpd_daemon: Mpd) -> None:
    source = titled(ArraySource(rock(150.0, 12.0), RATE, RATE, block=512), f"mpd:{mpd_daemon.socket}")
    with mpd_daemon.client() as client:
        client.play(1)
    heard = []
    for block in source.blocks():
        until(lambda: getattr(source, "title", None) == "The Steps - Two")
        heard.append(block)
    assert heard
    assert (source.name, source.live) == ("array", False)


def run(*args: str) -> Result:
    return CliRunner(env={"TERM": "dumb"}).invoke(cli.app, ["listen", *args])


def test_listening_to_a_file_with_titles_of_mpd(mpd_daemon: Mpd, tmp_path: Path) -> None:
    music = tagged(tmp_path / "a.flac", seconds=2.2, title="What the tags say")
    with mpd_daemon.client() as client:
        client.play(1)
    told = run("-i", str(music), "--titles", f"mpd:{mpd_daemon.socket}", "--json")
    assert told.exit_code == 0
    events = [json.loads(line) for line in told.stdout.splitlines()]
    assert [event["title"] for event in events if event["type"] == "reading"][-1] == "The Steps - Two"
    told = run("-i", str(music), "--fast", "--json")
    assert '"title": "What the tags say"' in told.stdout


def test_titles_that_cannot_be_had_are_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    music = str(tagged(tmp_path / "a.flac", seconds=1.0))
    told = run("-i", music, "--titles", "winamp")
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr == f"paces-live: titles from winamp are not known: choose {WISHES}\n"
    monkeypatch.setitem(sys.modules, "mpd", None)
    monkeypatch.delitem(sys.modules, "paces_live.now_playing.mpd", raising=False)
    told = run("-i", music, "--titles", "mpd")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr == (
        "paces-live: titles from MPD need python-mpd2: pip install 'paces-live[titles]', or choose --titles none\n"
    )
