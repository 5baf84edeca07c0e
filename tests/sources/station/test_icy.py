"""Titles between the bytes: the sound is whole without them, whatever the server states."""

import pytest

from paces_live.events import Track
from tests.support.stations import AUDIO, Server, frequency, hear, plays, sound, with_titles

FIRST = b"StreamTitle='A - One';"


def station(server: Server, data: bytes, *headers: str) -> str:
    server.answers["/"] = plays(data, AUDIO, *headers)
    return server.url("/?key=secret")


def test_titles_follow_the_sound(server: Server) -> None:
    fields = (b"", FIRST, b"StreamTitle='Caf\xe9';", b"StreamUrl='x';", b"StreamTitle=' - ';")
    heard = hear(station(server, with_titles(sound(seconds=10.0), 32_000, *fields), "icy-metaint: 32000"), 9.0)
    assert heard.captions == [None, "A - One", "Café", None]
    assert heard.tracks[1] == Track(title="A - One", location="radio:127.0.0.1/")
    assert heard.messages == []
    assert frequency(heard.samples) == pytest.approx(441, abs=1)


@pytest.mark.parametrize("interval", [1, 500, 16_000])
def test_any_interval_between_titles_leaves_the_sound_whole(server: Server, interval: int) -> None:
    data = sound()
    whole = hear(station(server, data))
    heard = hear(station(server, with_titles(data, interval, FIRST), f"icy-metaint: {interval}"))
    assert heard.captions[-1] == "A - One"
    count = min(len(heard.samples), len(whole.samples))
    assert (heard.samples[:count] == whole.samples[:count]).all()


def test_an_interval_beyond_the_sound_gives_no_title(server: Server) -> None:
    assert hear(station(server, sound(), "icy-metaint: 10000000")).captions == [None]


@pytest.mark.parametrize("header", ["0", "-1", "8000x", "²", "", "9" * 30])
def test_an_interval_that_is_none_is_ignored(server: Server, header: str) -> None:
    assert hear(station(server, sound(), f"icy-metaint: {header}")).seconds >= 2.0


def test_a_server_that_sends_no_titles_in_spite_of_its_interval(server: Server) -> None:
    data = sound()
    whole = hear(station(server, data))
    heard = hear(station(server, data, "icy-metaint: 4001"))
    assert heard.captions == [None]
    count = min(len(heard.samples), len(whole.samples))
    assert (heard.samples[:count] == whole.samples[:count]).all()


def test_titles_are_found_again_after_lost_bytes(server: Server) -> None:
    fields = (FIRST, b"StreamTitle='B - Two';", b"", b"StreamTitle='C - Three';")
    data = with_titles(sound(seconds=10.0), 32_000, *fields)
    heard = hear(station(server, data[:48_000] + data[48_333:], "icy-metaint: 32000"), 9.0)
    assert heard.captions == [None, "A - One", "C - Three"]
    assert frequency(heard.samples) == pytest.approx(441, abs=1)


def test_the_name_of_the_station_is_no_title(server: Server) -> None:
    fields = (b"StreamTitle='Radio \xc3\x84';", b"StreamTitle='A - One';", b"StreamTitle='RADIO \xc3\x84 -';")
    data = with_titles(sound(seconds=10.0), 32_000, *fields)
    heard = hear(station(server, data, "icy-name: Radio Ä", "icy-metaint: 32000"), 9.0)
    assert heard.captions == [None, "A - One", None]
