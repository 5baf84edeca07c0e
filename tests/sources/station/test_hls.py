"""HTTP live streaming: which lists are of HLS, and the sound of their segments."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mutagen.id3 import ID3, PRIV, TIT2

from paces_live.sources.station.hls import is_hls, variants
from tests.sources.station.test_http import failure
from tests.support.encoded import encode
from tests.support.stations import Answer, Connection, Server, frequency, gives, guarded, hear, serving, sound, tone

HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n"
END = "#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nseg.mp3\n", True),
        ("#EXTM3U\r\n#EXT-X-VERSION:3\r\n#EXT-X-STREAM-INF:BANDWIDTH=1\r\na.m3u8", True),
        ("  #EXTM3U\n  #EXT-X-MEDIA-SEQUENCE:1\n", True),
        ("#EXTM3U\n#EXTINF:10,\na1.ts?token=x\n#EXTINF:10,\na2.TS\n", True),
        ("#EXTM3U\n#EXTINF:-1,Radio\nhttp://radio.example/live.mp3\n", False),
        ("#EXTM3U\n#EXTINF:200,A - One\na.aac\n#EXTINF:200,A - Two\nb.ts\n", False),
        ("#EXTM3U\n#EXT-X-SUB-URL:x\n#EXTVLCOPT:x\n#EXTINF:-1,Radio\nhttp://radio.example/live\n", False),
        ("#EXTM3U\n#EXTINF:-1,One\nhttp://a.example/1.ts\n#EXTINF:-1,Two\nhttp://a.example/2.ts\n", False),
        ("#EXTM3U\n#EXTINF:0,One\na.ts\n#EXTINF:0.0,Two\nb.ts\n", False),
        ("#EXTM3U\n#EXTINF:0.5,\na.ts\n", True),
        ("a.ts\nb.ts", False),
        ("[playlist]\nFile1=a.ts", False),
    ],
)
def test_a_list_is_of_hls_by_its_tags_or_its_segments(text: str, expected: bool) -> None:
    assert is_hls(text) is expected


def test_variants_of_sound_alone_come_first_then_those_that_need_least() -> None:
    text = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="other.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="y",DEFAULT=YES,URI="sound.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="z",URI="words.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="avc1.42e00a,mp4a.40.2",RESOLUTION=320x180
low-video.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=50000,CODECS="avc1.42e00a"
silent.m3u8
#EXT-X-STREAM-INF:CODECS="mp4a.40.2",BANDWIDTH=128000

# A comment
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.5"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.42e00a,mp4a.40.2",AUDIO="a"
video.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="pictures.m3u8"
"""
    assert variants(text) == ["low.m3u8", "high.m3u8", "sound.m3u8", "low-video.m3u8", "silent.m3u8"]


@pytest.mark.parametrize("part", ["\n", " ", "A", "#EXTINF:1,\n", '#EXT-X-STREAM-INF:A="', "#EXTM3U\n\t", "A=", 'A="'])
def test_a_list_of_any_content_is_read_at_once(part: str) -> None:
    text = (f"#EXTM3U\n#EXT-X-STREAM-INF:{part}" + part * (400_000 // len(part)))[:400_000]
    begun = time.monotonic()
    is_hls(text)
    variants(text)
    assert time.monotonic() - begun < 3.0


def segments(server: Server, frequencies: tuple[float, ...], make: Callable[[float], bytes]) -> str:
    """Serve a segment of a second for each frequency; return their lines in a list."""
    for number, each in enumerate(frequencies):
        server.answers[f"/{number}.seg"] = gives(make(each), "application/octet-stream")
    return "".join(f"#EXTINF:1.0,\n{number}.seg\n" for number in range(len(frequencies)))


def mp3_segment(frequency: float) -> bytes:
    return sound(frequency, 1.0)


def heard_frequencies(samples: np.ndarray, count: int) -> list[float]:
    return [frequency(part) for part in np.array_split(samples, count)]


@pytest.mark.parametrize(
    "make",
    [
        mp3_segment,
        lambda each: encode(tone(each, 1.0), "adts", "aac"),
        lambda each: encode(tone(each, 1.0), "mpegts", "aac"),
    ],
    ids=["mp3", "aac", "ts"],
)
def test_a_list_that_ends_is_heard_from_its_beginning(server: Server, make: Callable[[float], bytes]) -> None:
    frequencies = (400.0, 500.0, 600.0, 700.0, 800.0)
    server.answers["/list"] = gives(HEAD + segments(server, frequencies, make) + END)
    heard = hear(server.url("/list"), 60.0)
    assert heard.seconds == pytest.approx(5.0, abs=0.5)
    assert heard_frequencies(heard.samples, 5) == pytest.approx(frequencies, abs=3)
    assert heard.messages == []


def test_segments_of_fragmented_mp4(server: Server) -> None:
    header, *fragments = encode(tone(440.0, 3.0), "mp4", "aac", fragmented=True).split(b"moof")
    data = [b"moof".join([b"", part]) for part in fragments]
    # The length of a box is in the four bytes before its name.
    whole = [
        header[:-4],
        *(header_end + part for header_end, part in zip([header[-4:], *(d[-4:] for d in data)], data, strict=False)),
    ]
    whole[1:] = [part[:-4] if number < len(data) - 1 else part for number, part in enumerate(whole[1:])]
    for number, part in enumerate(whole):
        server.answers[f"/{number}.m4s"] = gives(part)
    listed = "".join(f"#EXTINF:1,\n{number}.m4s\n" for number in range(1, len(whole)))
    server.answers["/list"] = gives(f'{HEAD}#EXT-X-MAP:URI="0.m4s"\n{listed}{END}')
    heard = hear(server.url("/list"), 60.0)
    assert heard.seconds == pytest.approx(3.0, abs=0.1)
    assert frequency(heard.samples) == pytest.approx(440, abs=2)


def test_parts_of_one_file(server: Server) -> None:
    parts = [sound(400.0, 1.0), sound(600.0, 1.0)]

    def answer(connection: Connection) -> None:
        whole = b"".join(parts)
        asked = connection.request.headers.get("range", f"bytes=0-{len(whole) - 1}")
        first, last = map(int, asked.removeprefix("bytes=").split("-"))
        headers = (f"Content-Length: {last + 1 - first}", f"Content-Range: bytes {first}-{last}/{len(whole)}")
        connection.head(*headers, status="HTTP/1.1 206 Partial Content")
        connection.send(whole[first : last + 1])

    server.answers["/all.mp3"] = answer
    listed = "".join(f"#EXTINF:1,\n#EXT-X-BYTERANGE:{len(part)}\nall.mp3\n" for part in parts)
    server.answers["/list"] = gives(HEAD + listed + END)
    assert heard_frequencies(hear(server.url("/list"), 60.0).samples, 2) == pytest.approx([400, 600], abs=3)


def test_the_variant_that_needs_least_is_heard(server: Server) -> None:
    master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=128000\ngone\n#EXT-X-STREAM-INF:BANDWIDTH=64000\na/low\n"
    server.answers |= {"/list": gives(master), "/a/low": gives(f"{HEAD}#EXTINF:1,\nseg.mp3\n{END}")}
    server.answers["/a/seg.mp3"] = gives(sound(400.0))
    assert frequency(hear(server.url("/list"), 60.0).samples) == pytest.approx(400, abs=2)
    assert server.paths == ["/list", "/a/low", "/a/seg.mp3", "/a/low", "/a/seg.mp3"]


def live(pause: float, *, last: int) -> Answer:
    """Return an answer that moves on by a segment after each pause, seconds, up to `last`."""
    begun = time.monotonic()

    def answer(connection: Connection) -> None:
        first = min(int((time.monotonic() - begun) / pause), last - 4)
        listed = "".join(f"#EXTINF:{pause},\n{number}.seg\n" for number in range(first, first + 4))
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:{pause}\n#EXT-X-MEDIA-SEQUENCE:{first}\n{listed}"
        gives(text)(connection)

    return answer


def test_a_live_list_is_heard_from_near_its_end_and_goes_on(server: Server) -> None:
    frequencies = tuple(400.0 + 50 * number for number in range(8))
    segments(server, frequencies, mp3_segment)
    server.answers["/list"] = live(0.2, last=8)
    heard = hear(server.url("/list"), 6.0)
    assert heard_frequencies(heard.samples[: 6 * 22_050], 6)[1:5] == pytest.approx(frequencies[2:6], abs=5)
    asked = [path for path in server.paths if path != "/list"]
    # The newest one is asked for first, to see whether the server has it.
    assert asked == ["/3.seg", *(f"/{number}.seg" for number in range(1, len(asked)))]


def test_a_live_list_without_news_is_a_loss(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.sources.station.wire.TIMEOUT_S", 0.5)
    server.answers["/list"] = gives(HEAD.replace(":1", ":0.1") + segments(server, (400.0,), mp3_segment))
    heard = hear(server.url("/list"), 1.5)
    assert heard.messages == ["radio is gone, trying again in 0.05 s"]


def test_the_first_title_is_not_told_for_ever(server: Server) -> None:
    tag, file = ID3(), io.BytesIO()
    tag.add(PRIV(owner="com.apple.streaming.transportStreamTimestamp", data=bytes(8)))
    tag.add(TIT2(text="One"))
    tag.save(file)
    server.answers["/0.seg"] = gives(file.getvalue() + sound(400.0))
    server.answers["/list"] = gives(f"{HEAD}#EXTINF:3,\n0.seg\n{END}")
    heard = hear(server.url("/list"), 60.0)
    assert heard.captions == [None]
    assert heard.seconds == pytest.approx(3.0, abs=0.3)


def test_a_segment_that_is_missing_is_passed_over(server: Server) -> None:
    server.answers["/list"] = gives(HEAD + segments(server, (400.0, 500.0, 600.0), mp3_segment) + END)
    del server.answers["/1.seg"]
    assert heard_frequencies(hear(server.url("/list"), 60.0).samples, 2) == pytest.approx([400, 600], abs=3)


def test_a_stream_without_its_segments_is_one_line(server: Server) -> None:
    server.answers["/list"] = gives("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nseg.mp3\n")
    begun = time.monotonic()
    assert failure(server.url("/list")).message == "radio:127.0.0.1/list cannot be read (HTTP 404, Not Found)"
    assert time.monotonic() - begun < 5.0


def test_an_encrypted_stream_is_heard(server: Server) -> None:
    # One block of AES, FIPS 197, appendix B, cannot be sound; FFmpeg asks for the key, and that is what counts.
    server.answers |= {"/0.seg": gives(bytes(range(256)) * 64), "/key": gives(bytes(16))}
    server.answers["/list"] = gives(f'{HEAD}#EXT-X-KEY:METHOD=AES-128,URI="key"\n#EXTINF:1,\n0.seg\n{END}')
    failure(server.url("/list"))
    assert "/key" in server.paths


def test_the_password_reaches_the_segments_of_its_server_only(server: Server) -> None:
    server.answers["/0.seg"] = guarded(gives(sound(400.0)))
    server.answers["/list"] = guarded(gives(f"{HEAD}#EXTINF:3,\n0.seg\n{END}"))
    assert hear(server.url("/list", "me:safe"), 60.0).seconds > 2.9
    with serving() as elsewhere:
        elsewhere.answers["/1.seg"] = gives(sound(400.0))
        server.answers["/list"] = guarded(gives(f"{HEAD}#EXTINF:3,\n{elsewhere.url('/1.seg')}\n{END}"))
        assert hear(server.url("/list", "me:safe"), 60.0).seconds > 2.9
        assert "authorization" not in elsewhere.requests[0].headers


def test_a_list_does_not_open_files_of_this_machine(server: Server, tmp_path: Path) -> None:
    (tmp_path / "own.mp3").write_bytes(sound(400.0))
    server.answers["/list"] = gives(f"{HEAD}#EXTINF:3,\nfile://{tmp_path}/own.mp3\n{END}")
    failure(server.url("/list"))
