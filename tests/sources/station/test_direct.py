"""Files on a server: those that can be read as they come, and those whose index is at their end."""

import io

import pytest
import soundfile

from tests.sources.station.test_http import failure
from tests.support.encoded import encode
from tests.support.stations import RATE, Answer, Connection, Server, frequency, gives, guarded, hear, plays, sound, tone


def gives_parts(data: bytes, *, cut: int | None = None) -> Answer:
    """Return an answer that gives any part of a file; the whole file breaks off at the byte `cut`."""

    def answer(connection: Connection) -> None:
        asked = connection.request.headers.get("range", "")
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        status = "HTTP/1.1 206 Partial Content" if asked else "HTTP/1.1 200 OK"
        headers = [f"Content-Range: bytes {first}-{len(data) - 1}/{len(data)}"] if asked else []
        connection.head("Accept-Ranges: bytes", f"Content-Length: {len(data) - first}", *headers, status=status)
        connection.send(data[first : None if asked else cut])

    return answer


def m4a(seconds: float = 3.0) -> bytes:
    data = encode(tone(seconds=seconds), "mp4", "aac")
    assert data.index(b"mdat") < data.index(b"moov")
    return data


def test_a_file_whose_index_is_at_its_end_is_read_from_there(server: Server) -> None:
    server.answers["/a.m4a"] = gives_parts(m4a())
    heard = hear(server.url("/a.m4a"), 60.0)
    assert heard.seconds == pytest.approx(3.0, abs=0.1)
    assert frequency(heard.samples) == pytest.approx(441, abs=1)
    assert heard.messages == []
    assert "range" not in server.requests[0].headers
    assert len(server.requests) <= 4


def test_the_password_is_sent_for_each_part(server: Server) -> None:
    server.answers["/a.m4a"] = guarded(gives_parts(m4a()))
    assert hear(server.url("/a.m4a", "me:safe"), 60.0).seconds > 2.9


def test_without_parts_it_is_one_line(server: Server) -> None:
    server.answers["/a.m4a"] = gives(m4a(60.0), "audio/mp4")
    assert failure(server.url("/a.m4a")).message.startswith("radio:127.0.0.1/a.m4a")


def test_a_server_that_does_not_keep_its_promise_of_parts_is_one_line(server: Server) -> None:
    data = m4a(60.0)
    server.answers["/a.m4a"] = plays(data, "Accept-Ranges: bytes", f"Content-Length: {len(data)}", holds=False)
    assert failure(server.url("/a.m4a")).message.startswith("radio:127.0.0.1/a.m4a")


def test_a_file_ends(server: Server) -> None:
    file = io.BytesIO()
    soundfile.write(file, tone(seconds=2.0), 44_100, format="WAV")
    server.answers["/song.wav"] = gives(file.getvalue(), "audio/wav")
    heard = hear(server.url("/song.wav"), 60.0)
    assert len(heard.samples) == 2 * RATE
    assert server.paths == ["/song.wav"]


def test_a_file_ends_though_the_server_keeps_the_connection(server: Server) -> None:
    data = sound()
    server.answers["/song.mp3"] = plays(data, f"Content-Length: {len(data)}", status="HTTP/1.1 200 OK")
    assert hear(server.url("/song.mp3"), 60.0).seconds == pytest.approx(3.0, abs=0.2)


def test_a_file_that_breaks_off_is_a_loss(server: Server) -> None:
    data = sound()
    server.answers["/song.mp3"] = plays(data[:40_000], f"Content-Length: {len(data)}", holds=False)
    heard = hear(server.url("/song.mp3"), 3.0)
    assert heard.messages == ["radio is gone, trying again in 0.05 s"]


def test_the_tags_of_a_file_name_it(server: Server) -> None:
    server.answers["/a.mp3"] = gives(encode(tone(), "mp3", "mp3", tags={"title": "One", "artist": "A"}))
    heard = hear(server.url("/a.mp3"), 60.0)
    assert heard.captions == ["A - One"]
    assert heard.tracks[0] is not None
    assert (heard.tracks[0].artist, heard.tracks[0].location) == ("A", "radio:127.0.0.1/a.mp3")
