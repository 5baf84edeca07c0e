"""Conversion to MP3: what players get, and what becomes of damage."""

from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

from paces_live.errors import ExportError, SourceError
from paces_live.export.mp3 import convert, converted_size, is_mp3
from paces_live.now_playing.tags import file_track
from paces_live.sources.file import read_audio
from tests.support.encoded import encoded


@pytest.mark.parametrize(
    ("rate", "channels", "new_rate", "new_channels"),
    [
        (44_100, 2, 44_100, 2),
        (48_000, 1, 48_000, 1),
        (96_000, 6, 44_100, 2),
        (8_000, 1, 44_100, 1),
        (44_100, 10, 44_100, 2),
    ],
)
def test_every_player_takes_it(rate: int, channels: int, new_rate: int, new_channels: int, tmp_path: Path) -> None:
    source, target = tmp_path / "song.wav", tmp_path / "song.mp3"
    tone = 0.3 * np.sin(2.0 * np.pi * 440.0 * np.arange(2 * rate) / rate)
    soundfile.write(source, np.stack([tone] * channels, axis=1), rate)
    assert convert(source, target, {}) == 0.0
    info = mutagen.File(target).info
    assert (type(info).__name__, info.sample_rate, info.channels) == ("MPEGInfo", new_rate, new_channels)
    assert (round(info.bitrate, -3), info.layer) == (192_000, 3)
    pieces = list(read_audio(target))
    sound = np.concatenate([piece.frames for piece in pieces])
    assert len(sound) / new_rate == pytest.approx(2.0, abs=0.001)
    crossings = np.count_nonzero(np.diff(np.signbit(sound[:, 0])))
    assert crossings / 2.0 / 2.0 == pytest.approx(440.0, rel=0.01), "the tone is the same"
    assert target.stat().st_size <= converted_size(2.0)
    assert converted_size(2.0) - target.stat().st_size < 10_000


def test_the_tags_stay_in_any_script(tmp_path: Path) -> None:
    target = tmp_path / "song.mp3"
    (tmp_path / "song.flac").write_bytes(encoded("flac", 0.5))
    convert(tmp_path / "song.flac", target, {"title": "红豆", "artist": "王菲", "album": "Café"})
    track = file_track(target)
    assert track
    assert (track.title, track.artist, track.album) == ("红豆", "王菲", "Café")
    assert mutagen.File(target).tags.version == (2, 3, 0)


def test_the_rate_may_change_within_a_file(tmp_path: Path) -> None:
    source, target = tmp_path / "song.ogg", tmp_path / "song.mp3"
    source.write_bytes(encoded("opus", 1.0) + encoded("oga", 1.0, rate=44_100, channels=2))
    convert(source, target, {})
    assert sum(len(one.frames) / one.rate for one in read_audio(target)) == pytest.approx(2.0, abs=0.05)


def test_damage_is_silence_and_is_counted(tmp_path: Path) -> None:
    source, target = tmp_path / "song.mp2", tmp_path / "song.mp3"
    whole = encoded("flac", 4.0)
    source.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) // 8) + whole[len(whole) * 5 // 8 :])
    damaged = convert(source, target, {})
    assert 0.2 < damaged < 1.0
    assert sum(len(one.frames) / one.rate for one in read_audio(target)) == pytest.approx(4.0, abs=0.1)


def test_what_is_no_music_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "song.ogg").write_text("not music")
    with pytest.raises(SourceError, match="is not audio"):
        convert(tmp_path / "song.ogg", tmp_path / "song.mp3", {})
    (tmp_path / "song.flac").write_bytes(encoded("flac", 0.5))
    with pytest.raises(ExportError, match="cannot be converted: No such file or directory: make room in"):
        convert(tmp_path / "song.flac", tmp_path / "none" / "song.mp3", {})


def test_players_must_know_it_by_its_name_and_by_its_content(tmp_path: Path) -> None:
    files = {
        "a.mp3": encoded("mp3", 0.5),
        "b.MP3": bytes(100) + encoded("mp3", 0.5),
        "c.mp3": encoded("wav", 0.5),
        "d.mpga": encoded("mp3", 0.5),
        "e.flac": encoded("flac", 0.5),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert [name for name in files if is_mp3(tmp_path / name)] == ["a.mp3", "b.MP3"]
