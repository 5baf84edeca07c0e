"""Lists of stations that came over HTTP, of any kind and any content type."""

import gzip

import pytest

from paces_live.sources.station import source
from tests.sources.station.test_http import failure
from tests.support.stations import AUDIO, Server, frequency, gives, hear, plays, sound

PLS = "[playlist]\nNumberOfEntries=1\nFile1={url}\nTitle1=Radio\n"
M3U = "#EXTM3U\n#EXTINF:-1,Radio\n{url}\n"
XSPF = (
    '<?xml version="1.0"?>\n<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track>'
    "<location>{url}</location></track></trackList></playlist>"
)
WPL = '<?wpl version="1.0"?><smil><head><title>All</title></head><body><seq><media src="{url}"/></seq></body></smil>'
ASX = '<ASX version="3.0"><Entry><Ref href = "{url}" /></Entry></ASX>'


@pytest.fixture
def listed(server: Server) -> Server:
    server.answers |= {"/ok": plays(sound(441.0), AUDIO), "/other": plays(sound(882.0), AUDIO)}
    return server


def leads_to_the_station(server: Server, content: str | bytes, kind: str = "audio/x-mpegurl") -> bool:
    server.answers["/lists/all"] = gives(content, kind)
    heard = hear(server.url("/lists/all"), 1.0)
    return frequency(heard.samples) == pytest.approx(441, abs=2)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, "audio/mpeg") for text in (PLS, M3U, XSPF, ASX, WPL, "{url}")),
        *((PLS, kind) for kind in ("text/html", "application/pls+xml", "application/octet-stream", "audio/x-scpls")),
        *((M3U, kind) for kind in ("text/plain; charset=utf-8", "application/vnd.apple.mpegurl", "audio/x-mpegurl")),
    ],
)
def test_a_list_is_known_by_its_content(listed: Server, text: str, kind: str) -> None:
    assert leads_to_the_station(listed, text.format(url=listed.url("/ok")), kind)
    assert listed.paths == ["/lists/all", "/ok"]


@pytest.mark.parametrize("text", ["../ok", "/ok", "  /ok", "\t/ok\r\n", "\ufeff/ok\n", "#EXTM3U\r\r/ok\r", "\n\n/ok\n"])
def test_entries_are_relative_to_the_list(listed: Server, text: str) -> None:
    assert leads_to_the_station(listed, text)


def test_schemes_in_any_case(listed: Server) -> None:
    host = f"127.0.0.1:{listed.port}"
    for number, scheme in enumerate(("HTTP", "Http", "icy", "icyx", "ICY")):
        listed.answers["/ok"] = plays(sound(441.0 + 20 * number, 1.5), AUDIO)
        listed.answers["/list"] = gives(PLS.format(url=f"{scheme}://{host}/ok"))
        assert frequency(hear(listed.url("/list"), 1.0).samples) == pytest.approx(441 + 20 * number, abs=2)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [PLS, "{url}"])
def test_lists_of_windows(listed: Server, text: str, encoding: str) -> None:
    assert leads_to_the_station(listed, text.format(url=listed.url("/ok")).replace("\n", "\r\n").encode(encoding))


def test_a_list_that_is_packed(listed: Server) -> None:
    assert leads_to_the_station(listed, gzip.compress(b"/ok"))


def test_sound_that_begins_like_a_packed_list_is_whole(listed: Server) -> None:
    listed.answers["/"] = plays(b"\x1f\x8b\x08" + sound(441.0), AUDIO, holds=False)
    heard = hear(listed.url("/"), 2.5)
    assert frequency(heard.samples) == pytest.approx(441, abs=2)
    assert heard.messages == []


def test_a_list_with_titles_of_an_old_code_page(listed: Server) -> None:
    assert leads_to_the_station(listed, "#EXTM3U\n#EXTINF:-1,Радио\n/ok".encode("cp1251"))


def test_lists_that_list_lists(listed: Server) -> None:
    listed.answers |= {"/a.m3u": gives("/b.pls"), "/b.pls": gives("[playlist]\nFile1=/c.asx"), "/c.asx": gives("/ok")}
    assert leads_to_the_station(listed, "/a.m3u")
    assert listed.paths == ["/lists/all", "/a.m3u", "/b.pls", "/c.asx", "/ok"]


def test_the_first_entry_that_gives_sound_is_heard(listed: Server) -> None:
    listed.answers |= {
        "/page": gives("<!DOCTYPE html><html></html>"),
        "/noise": gives(bytes(range(256)) * 20, "audio/mpeg"),
        "/full": plays(b"", status="ICY 400 Server Full", holds=False),
    }
    entries = ("rtsp://127.0.0.1/a", "http://127.0.0.1:1/", "/gone", "/full", "/page", "/noise", "/ok", "/other")
    assert leads_to_the_station(listed, "\n".join(entries))
    assert listed.paths[1:] == ["/gone", "/full", "/page", "/noise", "/ok"]


def test_a_circle_of_lists_ends(listed: Server) -> None:
    listed.answers |= {"/a": gives("/b\n/a\n"), "/b": gives("/a\n/b\n")}
    assert "is a list that leads to no station" in failure(listed.url("/a")).message
    assert listed.paths == ["/a", "/b"]


def test_lists_without_end_are_left(listed: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_ADDRESSES", 5)
    listed.answers["/lists/all"] = gives("\n".join(f"/gone{number}" for number in range(100)))
    failure(listed.url("/lists/all"))
    assert len(listed.requests) == 5


def test_the_error_of_a_list_names_the_entry(listed: Server) -> None:
    listed.answers["/list"] = gives("/gone\n/missing")
    expected = "radio:127.0.0.1/list: 127.0.0.1/gone cannot be read (HTTP 404, Not Found)"
    assert failure(listed.url("/list")).message == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<!DOCTYPE html>\n<html><body>Please log in</body></html>", "is a web page, not sound"),
        ("\ufeff\n  <HTML>\n<a href='/ok'>", "is a web page, not sound"),
        ('{"error": "gone"}', "is text that lists no station"),
        ("[playlist]\nNumberOfEntries=0\n", "is text that lists no station"),
        ("#EXTM3U\n# nothing\n", "is text that lists no station"),
        ("rtsp://radio.example/live\nmms://radio.example/", "is text that lists no station"),
        ("C:\\Music\\song.mp3\n", "is text that lists no station"),
    ],
)
def test_text_without_a_station_is_one_line(listed: Server, content: str, words: str) -> None:
    listed.answers["/live"] = gives(content, "audio/mpeg")
    assert words in failure(listed.url("/live")).message
