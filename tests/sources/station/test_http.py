"""Requests: what servers answer, where they lead, and how a failure is put."""

import gzip
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from paces_live.errors import SourceError
from paces_live.sources.station import wire
from tests.support.stations import (
    AUDIO,
    Connection,
    Server,
    frequency,
    gives,
    hear,
    leads_to,
    plays,
    serving,
    sound,
    with_titles,
)


def failure(address: str) -> SourceError:
    """Return the error with which a source ends before any sound."""
    with pytest.raises(SourceError) as error:
        hear(address)
    assert "\n" not in str(error.value)
    assert error.value.code == "source.unreadable"
    return error.value


def chunked(data: bytes, size: int = 3000) -> bytes:
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x;x=y\r\n%b\r\n" % (len(part), part) for part in parts)


def test_a_station_that_begins_as_shoutcast_does(server: Server) -> None:
    data = with_titles(sound(), 4000, b"StreamTitle='A - One';")
    headers = ("icy-notice1:<BR>This stream", "icy-name:Old", "icy-metaint:4000", "content-type:audio/mpeg")
    server.answers["/"] = plays(data, *headers, status="ICY 200 OK")
    heard = hear(server.url("/"))
    assert frequency(heard.samples) == pytest.approx(441, abs=1)
    assert heard.captions[-1] == "A - One"
    assert server.requests[0].headers["icy-metadata"] == "1"
    assert server.requests[0].headers["user-agent"].startswith("paces-live/")


@pytest.mark.parametrize("status", ["HTTP/1.0 200 OK", "HTTP/1.1 200 OK", "HTTP/1.0 200", "ICY 200 OK", "icy 200 OK"])
def test_any_status_line_of_success(server: Server, status: str) -> None:
    server.answers["/"] = plays(sound(), AUDIO, status=status)
    assert hear(server.url("/"), 1.0).seconds >= 1.0


@pytest.mark.parametrize(
    "header",
    [
        "Welcome to the station",
        "icy-nomé: Café",
        "icy-name: a\rb",
        "icy-name : x",
        ": x",
        "icy-name: a\r\n long\r\n\tname",
        "icy-name: ХИТ",
        "icy-metaint: 4000",
        "icy-metaint : 4000, 4000",
    ],
)
def test_a_damaged_header_hides_no_other_one(server: Server, header: str) -> None:
    """The title shows that the headers after it were read."""
    data = with_titles(sound(), 4000, b"StreamTitle='A - One';")
    server.answers["/"] = plays(data, header, "icy-metaint: 4000", AUDIO)
    assert hear(server.url("/")).captions[-1] == "A - One"


def test_a_chunked_stream_has_titles_between_its_bytes_too(server: Server) -> None:
    data = chunked(with_titles(sound(), 4000, b"StreamTitle='A - One';"))
    headers = (AUDIO, "icy-metaint: 4000", "Transfer-Encoding: chunked")
    server.answers["/"] = plays(data, *headers, status="HTTP/1.1 200 OK")
    heard = hear(server.url("/"))
    assert heard.captions[-1] == "A - One"
    assert frequency(heard.samples) == pytest.approx(441, abs=1)


def test_a_server_that_packs_sound_is_heard(server: Server) -> None:
    data = with_titles(sound(), 4000, b"StreamTitle='A - One';")
    server.answers["/"] = plays(gzip.compress(data), AUDIO, "icy-metaint: 4000", "Content-Encoding: gzip")
    heard = hear(server.url("/"))
    assert heard.captions[-1] == "A - One"
    assert frequency(heard.samples) == pytest.approx(441, abs=1)
    server.answers["/file"] = gives(gzip.compress(sound()), "audio/mpeg")
    assert hear(server.url("/file"), 60.0).seconds == pytest.approx(3.0, abs=0.1)
    server.answers["/damaged"] = gives(gzip.compress(bytes(5000))[:-8] + b"\xff" * 8, "audio/mpeg")
    assert "it is packed and damaged" in failure(server.url("/damaged")).message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["live", "/a/live", "HTTP://127.0.0.1:{port}/a/live", "icy://127.0.0.1:{port}/a/live"]
)
def test_a_redirect_leads_to_the_station(server: Server, status: int, location: str) -> None:
    server.answers["/a/old"] = leads_to(location.format(port=server.port), f"HTTP/1.1 {status} Moved")
    server.answers["/a/live"] = plays(sound(), AUDIO)
    assert hear(server.url("/a/old"), 0.5).seconds >= 0.5
    assert server.paths == ["/a/old", "/a/live"]


@pytest.mark.parametrize(("location", "path"), [("/р q", "/%D1%80%20q"), ("/caf\udce9", "/caf%E9")])
def test_a_redirect_in_another_script(server: Server, location: str, path: str) -> None:
    def answer(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 302 Found\r\nLocation: " + location.encode(errors="surrogateescape") + b"\r\n\r\n")

    server.answers |= {"/": answer, path: plays(sound(), AUDIO)}
    assert hear(server.url("/"), 0.5).seconds >= 0.5


def test_an_address_in_another_script_is_asked_for_in_utf_8(server: Server) -> None:
    server.answers["/%D1%80%20q"] = plays(sound(), AUDIO)
    assert hear(server.url("/р q?s=ä"), 0.5).seconds >= 0.5
    assert server.paths == ["/%D1%80%20q?s=%C3%A4"]


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_a_host_of_ipv6() -> None:
    try:
        with serving("::1") as server:
            server.answers["/"] = plays(sound(), AUDIO)
            assert hear(server.url("/"), 0.5).seconds >= 0.5
    except OSError:
        pytest.skip("this machine has no address ::1")


def test_the_certificate_of_https_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = ["-keyout", f"{tmp_path}/key.pem", "-out", f"{tmp_path}/own.pem"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2"]
    try:
        subprocess.run(["openssl", "req", *kind, *subject, *files], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(f"{tmp_path}/own.pem", f"{tmp_path}/key.pem")
    with serving(tls=tls) as server:
        server.answers["/"] = plays(sound(), AUDIO)
        assert "certificate verify failed" in failure(server.url("/")).message
        monkeypatch.setenv("SSL_CERT_FILE", f"{tmp_path}/own.pem")
        assert hear(server.url("/")).seconds >= 2.0


class TestPassword:
    def test_it_is_sent_to_its_server_alone(self, server: Server) -> None:
        with serving() as other:
            server.answers |= {"/a": leads_to("/b"), "/b": leads_to(other.url("/c"))}
            other.answers["/c"] = plays(sound(), AUDIO)
            assert hear(server.url("/a", "me:s%40fe"), 0.5).seconds >= 0.5
            sent = [request.headers.get("authorization") for request in server.requests]
            assert sent == ["Basic bWU6c0BmZQ=="] * 2
            assert "authorization" not in other.requests[0].headers

    def test_it_is_sent_for_what_a_list_of_the_server_names(self, server: Server) -> None:
        server.answers |= {"/all.m3u": gives("gone\nlive\n"), "/live": plays(sound(), AUDIO)}
        assert hear(server.url("/all.m3u", "me:safe"), 0.5).seconds >= 0.5
        assert server.paths == ["/all.m3u", "/gone", "/live"]
        assert {request.headers.get("authorization") for request in server.requests} == {"Basic bWU6c2FmZQ=="}

    def test_an_error_says_what_is_needed_and_nothing_secret(self, server: Server) -> None:
        server.answers["/"] = plays(b"", "WWW-Authenticate: Basic", status="HTTP/1.0 401 Unauthorized", holds=False)
        error = failure(server.url("/?key=secret", "me:safe"))
        assert error.message == "radio:127.0.0.1/ cannot be read (HTTP 401, Unauthorized)"
        assert "http://USER:PASSWORD@" in error.hint
        assert "safe" not in str(error)


class TestFailure:
    """Each is one line that says why."""

    def test_of_the_status(self, server: Server) -> None:
        error = failure(server.url("/gone"))
        assert error.message == "radio:127.0.0.1/gone cannot be read (HTTP 404, Not Found)"
        assert error.hint == "check the address and the network"

    @pytest.mark.parametrize("status", ["ICY 400 Server Full", "HTTP/1.0 400 Server Full"])
    def test_of_a_full_server(self, server: Server, status: str) -> None:
        server.answers["/"] = plays(b"", status=status, holds=False)
        assert "(HTTP 400, Server Full)" in failure(server.url("/")).message

    def test_of_redirects_in_a_circle(self, server: Server) -> None:
        server.answers |= {"/a": leads_to("/b"), "/b": leads_to("/a")}
        assert "leads from one address to the next without end" in failure(server.url("/a")).message
        assert len(server.requests) <= 10

    @pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://[::1", "mailto:me"])
    def test_of_a_redirect_elsewhere(self, server: Server, location: str) -> None:
        server.answers["/"] = leads_to(location)
        assert "leads to an address that is not HTTP" in failure(server.url("/")).message

    def test_of_a_server_that_is_not_there(self) -> None:
        assert "(Connection refused)" in failure("http://127.0.0.1:1/").message

    def test_of_a_host_that_does_not_exist(self) -> None:
        assert failure("http://no-such-host.invalid/").message.startswith(
            "radio:no-such-host.invalid/ cannot be read ("
        )

    @pytest.mark.parametrize(
        "data", [b"SSH-2.0-OpenSSH\r\n", b"\xff\xfb\x90\x64" * 100, b"ICY\r\n\r\n", b"HTTP/9 x\r\n\r\n"]
    )
    def test_of_an_answer_that_is_not_http(self, server: Server, data: bytes) -> None:
        server.answers["/"] = lambda connection: connection.send(data)
        assert "(its answer is not HTTP)" in failure(server.url("/")).message

    def test_of_a_server_that_hangs_up(self, server: Server) -> None:
        server.answers["/"] = lambda _: None
        assert "(it closed the connection without an answer)" in failure(server.url("/")).message

    def test_of_a_server_that_sends_nothing(self, server: Server) -> None:
        server.answers["/"] = plays(b"", AUDIO, holds=False)
        assert failure(server.url("/")).message == "radio:127.0.0.1/ cannot be read (it sends nothing)"

    def test_of_a_server_that_says_nothing(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wire, "TIMEOUT_S", 0.3)
        server.answers["/"] = Connection.hold
        assert "(no data for " in failure(server.url("/")).message

    def test_of_a_server_that_stops_after_its_headers(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wire, "TIMEOUT_S", 0.3)
        server.answers["/"] = plays(b"", AUDIO)
        assert "(no data for " in failure(server.url("/")).message

    def test_of_headers_that_trickle_in(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        def answer(connection: Connection) -> None:
            connection.send(b"HTTP/1.0 200 OK\r\n")
            while not connection.closing.wait(0.05):
                connection.send(b"X: y\r\n")

        monkeypatch.setattr(wire, "TIMEOUT_S", 0.5)
        server.answers["/"] = answer
        begun = time.monotonic()
        assert "(no data for " in failure(server.url("/")).message
        assert time.monotonic() - begun < 3.0
