"""Tracks from players on a private D-Bus."""

from pathlib import Path

import pytest

from paces_live.events import Track
from paces_live.now_playing.providers import watcher_of
from tests.support.players import MPRIS, MPRIS_PATH, Bus, bluetooth_player, bus, label, mpris_player, until

__all__ = ["bus"]

PHONE = "/org/bluez/hci0/dev_00_11_22_33_44_55/player0"


def test_mpris_reports_the_player_that_began_last(bus: Bus) -> None:
    first = mpris_player("Playing", artist=["The Steps", "Friends"], title="One", genre=["Jazz", "Rock"])
    second = mpris_player("Paused", title="Two")
    bus.connect(f"{MPRIS}.first", MPRIS_PATH, first)
    with watcher_of("mpris") as watcher:
        until(lambda: label(watcher) == "The Steps, Friends - One")
        assert watcher.track is not None
        assert watcher.track.genre == "Jazz, Rock"
        connection = bus.connect(f"{MPRIS}.second", MPRIS_PATH, second)
        bus.call(second.change, "Playing")
        until(lambda: label(watcher) == "Two")
        bus.call(first.change, "Playing", {"title": "Three"})
        bus.call(second.change, "Playing", {"url": "file:///music/Fou%72.mp3"})
        until(lambda: label(watcher) == "Four")
        bus.call(second.change, "Stopped")
        until(lambda: label(watcher) == "Three")
        bus.call(second.change, "Playing")
        until(lambda: label(watcher) == "Four")
        bus.connections.remove(connection)
        bus.call(connection.disconnect)
        until(lambda: label(watcher) == "Three")
        bus.call(first.change, "Paused")
        until(lambda: label(watcher) is None)
        assert watcher.condition is None


@pytest.mark.parametrize(
    "name", ["kdeconnect.mpris_000001", "GSConnect.PixelSpotify", "Valent", "Valent_0a1b2c", "playerctld"]
)
def test_players_that_mirror_another_one_are_passed_over(bus: Bus, name: str) -> None:
    browser = mpris_player("Playing", title="One")
    mirror = mpris_player("Playing", title="Elsewhere")
    bus.connect(f"{MPRIS}.{name}", MPRIS_PATH, mirror)
    with watcher_of("mpris") as watcher:
        bus.connect(f"{MPRIS}.plasma-browser-integration", MPRIS_PATH, browser)
        until(lambda: label(watcher) == "One")
        bus.call(browser.change, "Paused")
        until(lambda: label(watcher) is None)
        bus.call(mirror.change, "Playing", {"title": "Still elsewhere"})
        # What comes after it has been taken, so it was, too.
        bus.connect(f"{MPRIS}.second", MPRIS_PATH, mpris_player("Paused", title="Two"))
        late = mpris_player("Playing", title="Three")
        bus.connect(f"{MPRIS}.kdeconnector", MPRIS_PATH, late)
        until(lambda: label(watcher) == "Three")
        bus.call(late.change, "Paused")
        until(lambda: label(watcher) is None)


def test_a_station_in_vlc_has_the_title_of_what_it_plays(bus: Bus) -> None:
    address = "http://radio.example/stream.mp3"
    vlc = mpris_player("Playing", title="stream.mp3", url=address)
    bus.connect(f"{MPRIS}.vlc", MPRIS_PATH, vlc)
    other = mpris_player("Playing", title="First")
    bus.connect(f"{MPRIS}.other", MPRIS_PATH, other)
    with watcher_of("mpris") as watcher:
        until(lambda: label(watcher) == "First")
        bus.call(other.change, "Paused")
        until(lambda: label(watcher) is None)
        station = {"title": "Radio X", "artist": ["Radio X"], "url": address, "mpris:length": 2**63 - 1}
        bus.call(vlc.change, "Playing", station)
        until(lambda: label(watcher) == "Radio X - Radio X")
        bus.call(vlc.change, "Playing", {**station, "vlc:nowplaying": "The Steps - One"})
        until(lambda: label(watcher) == "The Steps - One")
        assert watcher.track == Track(title="The Steps - One", location=address)
        bus.call(vlc.change, "Playing", {"title": "Two", "url": "file:///music/two.mp3", "mpris:length": 180_000_000})
        until(lambda: label(watcher) == "Two")
        assert watcher.track == Track(title="Two", location="file:///music/two.mp3", duration=180.0)


def test_players_with_invalid_answers_do_not_hide_the_others(bus: Bus) -> None:
    odd = mpris_player("Playing", title="One")
    quiet = mpris_player("Playing", artist="Somebody")
    bus.connect(f"{MPRIS}.odd", MPRIS_PATH, odd)
    bus.connect(f"{MPRIS}.quiet", MPRIS_PATH, quiet)
    stranger = bus.connect("org.example.stranger", MPRIS_PATH, mpris_player("Playing", title="Stranger"))
    with watcher_of("mpris") as watcher:
        until(lambda: label(watcher) == "One")
        for signature, body in (("sas", [odd.name, ["x"]]), ("sss", [odd.name, "x", "y"]), ("as", [["x"]]), ("", [])):
            bus.signal(bus.connections[0], MPRIS_PATH, "PropertiesChanged", signature, body)
        bus.signal(stranger, MPRIS_PATH, "PropertiesChanged", "sss", [odd.name, "x", "y"])
        bus.call(odd.change, "Playing", {"title": ["Two", "Three"], "artist": []})
        until(lambda: label(watcher) == "Two")
        bus.call(odd.emit_properties_changed, {}, ["Metadata"])
        bus.call(odd.change, "Playing", {"title": "Four"})
        until(lambda: label(watcher) == "Four")
        bus.call(bus.connections[0].disconnect)
        until(lambda: label(watcher) is None)
        assert watcher.error is None


def test_bluetooth_reports_what_the_phone_plays(bus: Bus) -> None:
    phone = bluetooth_player("playing", Artist="The Steps", Title="One", Genre="Jazz")
    with watcher_of("bluetooth") as watcher:
        bluez = bus.connect("org.bluez", PHONE, phone)
        until(lambda: label(watcher) == "The Steps - One")
        assert watcher.track is not None
        assert watcher.track.genre == "Jazz"
        bus.call(phone.change, "playing", {"Title": "Two"})
        until(lambda: label(watcher) == "Two")
        bus.call(phone.change, "playing", {"Title": "https://radio.example/live"})
        until(lambda: label(watcher) is None)
        # Some phones report the largest number as the length of a station.
        bus.call(phone.change, "playing", {"Title": "Two", "Duration": 2**32 - 1})
        until(lambda: label(watcher) == "Two")
        assert watcher.track == Track(title="Two")
        bus.call(bluez.unexport, PHONE)
        until(lambda: label(watcher) is None)
        bus.call(bluez.export, PHONE, phone)
        until(lambda: label(watcher) == "Two")
    with watcher_of("bluetooth") as again:
        until(lambda: label(again) == "Two")


def test_without_a_bus_there_is_a_condition(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("dbus_fast")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nowhere")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    for choice, words in (("mpris", "there is no session bus"), ("bluetooth", "No such file or directory")):
        with watcher_of(choice) as watcher:
            until(lambda: watcher.condition is not None)
            assert watcher.condition is not None
            assert words in watcher.condition.message
            assert "trying again" in watcher.condition.message


def test_a_lost_bus_is_reported_and_reconnected(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.now_playing.watcher.AGAIN_S", 0.05)
    bus.connect(f"{MPRIS}.first", MPRIS_PATH, mpris_player("Playing", title="One"))
    with watcher_of("mpris") as watcher:
        until(lambda: label(watcher) == "One")
        bus.stop()
        until(lambda: watcher.condition is not None)
        assert label(watcher) is None
        bus.start()
        bus.connect(f"{MPRIS}.second", MPRIS_PATH, mpris_player("Playing", title="Two"))
        until(lambda: label(watcher) == "Two")
        assert watcher.condition is None
