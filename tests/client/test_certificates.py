"""TLS: a certificate is trusted only if its authority is."""

import ssl
from pathlib import Path

import pytest

from paces_live.client import Server
from paces_live.errors import ServerError, UsageError
from paces_live.events import End
from tests.support.certificates import Authority
from tests.support.fakes import START
from tests.support.scripted_server import HEAD, ScriptedServer, held, sent, snapshot

ENDED = sent(HEAD, snapshot(start=START, state="ended"), then=held)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.new(tmp_path_factory.mktemp("authority"))


def refusal(address: str, ca: Path | None = None) -> ServerError:
    with pytest.raises(ServerError) as caught:
        list(Server(address, ca=ca).events())
    assert caught.value.code == "server.tls"
    return caught.value


def test_a_certificate_of_a_trusted_authority_is_accepted(authority: Authority) -> None:
    with ScriptedServer(ENDED, tls=authority.server("127.0.0.1")) as one:
        events = Server(one.address, ca=authority.file).events()
        assert [next(events), next(events)] == [START, End(0.0)]
        events.close()


def test_a_certificate_may_be_in_der_as_phones_want_it(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(ssl.PEM_cert_to_DER_cert(authority.file.read_text("ascii")))
    with ScriptedServer(ENDED, tls=authority.server("127.0.0.1")) as one:
        events = Server(one.address, ca=tmp_path / "ca.crt").events()
        assert next(events) == START
        events.close()


def test_another_certificate_is_refused_and_the_way_out_is_named(authority: Authority, tmp_path: Path) -> None:
    with ScriptedServer(ENDED, tls=authority.server("127.0.0.1")) as one:
        for error in (refusal(one.address), refusal(one.address, Authority.new(tmp_path).file)):
            assert "its certificate is not trusted" in error.message
            assert "--ca FILE" in error.hint
            assert "/ca.crt" in error.hint
    assert one.requests == [], "nothing was sent, no token either"


def test_a_certificate_of_another_address_is_refused(authority: Authority) -> None:
    with ScriptedServer(ENDED, tls=authority.server("127.0.0.2")) as one:
        error = refusal(one.address, authority.file)
    assert "127.0.0.1" in error.message
    assert "a name or an address that it has" in error.hint


def test_a_server_without_tls_is_named_so() -> None:
    with ScriptedServer(ENDED) as one:
        error = refusal(one.address.replace("http:", "https:"))
        assert error.hint == f"use {one.address}"


def test_http_where_tls_is_spoken_says_so(authority: Authority) -> None:
    with ScriptedServer(ENDED, tls=authority.server("127.0.0.1")) as one, pytest.raises(ServerError) as caught:
        list(Server(one.address.replace("https:", "http:")).events())
    assert caught.value.hint == "with --tls, its address begins with https"


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file") as caught:
        Server("https://pi", ca=tmp_path / "nowhere")
    assert caught.value.code == "usage.ca"
    for content in (b"", b"hello", b"-----BEGIN CERTIFICATE-----\nhello\n", b"-----BEGIN\xff"):
        (tmp_path / "ca.crt").write_bytes(content)
        with pytest.raises(UsageError, match="is not a certificate"):
            Server("https://pi", ca=tmp_path / "ca.crt")
