"""A station from the first connection to the end: losses, changes on the way, and closing at any moment."""

import os
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from paces_live.errors import SourceError
from paces_live.events import Track
from paces_live.sources import RadioSource
from paces_live.sources.station import source, wire
from tests.sources.station.test_http import failure
from tests.support.encoded import encode, mp3
from tests.support.sources import open_source
from tests.support.stations import AUDIO, RATE, Connection, Server, frequency, hear, plays, sound, tone


def test_a_station_has_its_sound_and_a_name_without_its_key(server: Server) -> None:
    server.answers["/live"] = plays(sound(), AUDIO)
    address = server.url("/live?key=secret", "me:safe")
    assert open_source(address, sample_rate=RATE).name == "radio:127.0.0.1/live"
    heard = hear(address)
    middle = heard.samples[RATE : 2 * RATE]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.06)
    assert frequency(heard.samples) == pytest.approx(441, abs=1)
    assert heard.messages == []


def test_a_lost_station_is_connected_again_and_the_loss_counted(server: Server) -> None:
    server.answers["/"] = plays(sound(), AUDIO, holds=False)
    blocks = RadioSource(server.url("/"), RATE).blocks()
    count, messages = 0, set()
    for block in blocks:
        if block.condition:
            messages.add((block.condition.status, block.condition.message))
        if block.dropped:
            break
        count += len(block.samples)
    blocks.close()
    assert count == pytest.approx(3 * RATE, abs=0.2 * RATE)
    assert messages == {("reconnecting", "radio is gone, trying again in 0.05 s")}
    assert len(server.requests) == 2


def test_a_station_that_stops_in_the_middle_is_connected_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TIMEOUT_S", 0.3)
    server.answers["/"] = plays(sound(), AUDIO)
    assert hear(server.url("/"), 4.0).messages == ["radio is gone, trying again in 0.05 s"]


def test_a_station_without_sound_is_gone_whatever_it_sends(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def trickle(connection: Connection) -> None:
        connection.head(AUDIO)
        while not connection.closing.wait(0.05):
            connection.send(b"\xff")

    monkeypatch.setattr(source, "SILENT_S", 0.6)
    server.answers["/"] = trickle
    with pytest.raises(SourceError, match=r"radio:127.0.0.1/ gives no sound: check that it is on air"):
        hear(server.url("/"))


def no_answer(connection: Connection) -> None:
    connection.hold()


def slow_headers(connection: Connection) -> None:
    while not connection.closing.wait(0.05):
        connection.send(b"H")


@pytest.mark.parametrize("answer", [no_answer, slow_headers, plays(b"", AUDIO), plays(sound(), AUDIO)])
def test_a_source_closes_at_once_whatever_its_server_does(server: Server, answer: Callable[[Connection], None]) -> None:
    server.answers["/"] = answer
    blocks = RadioSource(server.url("/"), RATE).blocks()
    next(blocks)
    begun = time.monotonic()
    blocks.close()
    assert time.monotonic() - begun < 1.0
    until = time.monotonic() + 3.0
    while any(thread.name == "radio" for thread in threading.enumerate()):
        assert time.monotonic() < until, "the reading thread goes on"
        time.sleep(0.02)


def test_a_host_that_does_not_answer_can_be_left_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()

    def never(*_: object, **__: object) -> None:
        is_over.wait(10.0)
        raise OSError("no route")

    monkeypatch.setattr("socket.getaddrinfo", never)
    blocks = RadioSource("http://radio.example/", RATE).blocks()
    next(blocks)
    begun = time.monotonic()
    assert not len(next(blocks).samples)
    blocks.close()
    assert time.monotonic() - begun < 1.8
    is_over.set()


def test_whatever_happens_in_the_reading_thread_ends_the_source(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr("paces_live.sources.station.lists.text_of", fail)
    server.answers["/"] = plays(sound(), AUDIO)
    assert "(a mistake)" in failure(server.url("/")).message


def test_without_a_decoder_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "has_decoder", lambda: False)
    with pytest.raises(SourceError, match=r"radio:radio.example/ needs PyAV, which this system does not have") as error:
        hear("http://radio.example/")
    assert error.value.code == "source.decoder_missing"


def test_a_stream_that_is_joined_in_the_middle(server: Server) -> None:
    server.answers["/"] = plays(sound(441.0, 4.0)[20_077:], AUDIO)
    assert frequency(hear(server.url("/")).samples) == pytest.approx(441, abs=1)


def test_damage_is_passed_over_in_the_same_connection(server: Server) -> None:
    data = sound(441.0, 6.0)
    server.answers["/"] = plays(data[:40_000] + data[40_333:], AUDIO)
    heard = hear(server.url("/"), 5.0)
    assert heard.messages == []
    assert len(server.requests) == 1
    assert frequency(heard.samples[3 * RATE :]) == pytest.approx(441, abs=1)


def test_damaged_samples_are_counted(server: Server) -> None:
    data = sound(441.0, 6.0)
    server.answers["/"] = plays(data[:40_000] + data[40_333:], AUDIO)
    blocks = RadioSource(server.url("/"), RATE).blocks()
    count = damaged = 0
    while count < 5 * RATE:
        block = next(blocks)
        count, damaged = count + len(block.samples), damaged + block.damaged
    blocks.close()
    assert 0 < damaged < 0.2 * RATE


def test_the_rate_and_the_channels_may_change_on_the_way(server: Server) -> None:
    stereo = np.stack([tone(600.0, 2.0, 48_000)] * 2, axis=1)
    server.answers["/"] = plays(sound(400.0, 2.0) + mp3(stereo, 48_000), AUDIO)
    heard = hear(server.url("/"), 3.7)
    assert frequency(heard.samples[: 2 * RATE]) == pytest.approx(400, abs=2)
    assert frequency(heard.samples[2 * RATE :]) == pytest.approx(600, abs=2)


def test_the_links_of_an_ogg_stream_have_their_titles(server: Server) -> None:
    links = [
        encode(tone(400.0, 2.0), "ogg", "flac", tags={"title": "One", "artist": "A"}),
        encode(tone(500.0, 2.0, 48_000), "ogg", "libopus", rate=48_000, tags={"TITLE": "A &amp; B - Two"}),
        encode(tone(600.0, 2.0), "ogg", "flac", tags={"title": "-"}),
    ]
    server.answers["/"] = plays(b"".join(links), "Content-Type: application/ogg", holds=False)
    heard = hear(server.url("/"), 5.7)
    assert heard.captions == ["A - One", "A & B - Two", None]
    parts = [frequency(heard.samples[2 * n * RATE : 2 * (n + 1) * RATE]) for n in range(3)]
    assert parts == pytest.approx([400, 500, 600], abs=2)


def test_the_tags_of_a_stream_share_a_code_page() -> None:
    tags = {"title": os.fsdecode("红豆".encode("gbk")), "artist": os.fsdecode("王菲".encode("gbk"))}
    assert source._tagged(tags) == Track(title="红豆", artist="王菲")


def test_other_formats_as_they_are_streamed(server: Server) -> None:
    for container, codec in (
        ("adts", "aac"),
        ("mpegts", "aac"),
        ("flac", "flac"),
        ("matroska", "libopus"),
    ):
        rate = 48_000 if codec == "libopus" else 44_100
        server.answers["/"] = plays(encode(tone(441.0, 3.0, rate), container, codec, rate=rate), AUDIO, holds=False)
        assert frequency(hear(server.url("/"), 2.0).samples) == pytest.approx(441, abs=1), container


def test_the_sound_of_a_video_is_heard(server: Server) -> None:
    server.answers["/"] = plays(
        encode(tone(441.0, 3.0), "mpegts", "aac", video=True), "Content-Type: video/mp2t", holds=False
    )
    assert frequency(hear(server.url("/"), 2.0).samples) == pytest.approx(441, abs=1)


def test_bytes_that_are_no_sound_are_one_line(server: Server) -> None:
    noise = np.random.default_rng(7).integers(0, 256, 60_000, np.uint8).tobytes()
    server.answers["/"] = plays(b"\0" + noise, AUDIO, holds=False)
    assert failure(server.url("/")).message.startswith("radio:127.0.0.1/")
