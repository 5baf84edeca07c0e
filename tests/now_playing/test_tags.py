"""Tracks from the tags of files."""

from pathlib import Path

import numpy as np
import soundfile
from mutagen.id3 import TIT2, TPE1
from mutagen.wave import WAVE

from paces_live.now_playing.tags import file_track
from tests.support.players import tagged


def label_of(path: Path) -> str | None:
    track = file_track(path)
    return track.caption if track else None


def test_files_have_tags(tmp_path: Path) -> None:
    flac = tagged(tmp_path / "a.flac", artist="The Steps", title="One", album="Stairs")
    track = file_track(flac)
    assert track is not None
    assert (track.caption, track.album, track.location) == ("The Steps - One", "Stairs", str(flac))
    assert track.duration is not None
    assert track.duration > 0.0
    wav = tmp_path / "b.wav"
    soundfile.write(wav, np.zeros(100), 8000)
    assert label_of(wav) == "b"
    file = WAVE(wav)
    file.add_tags()
    file["TIT2"], file["TPE1"] = TIT2(text="Two"), TPE1(text=["The Steps", "Friends"])
    file.save()
    assert label_of(wav) == "The Steps, Friends - Two"


def test_a_file_whose_tags_cannot_be_read_has_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "Broken tune.flac"
    broken.write_bytes(b"fLaC\x00\x00")
    assert label_of(broken) == "Broken tune"
    assert label_of(tmp_path / "missing.ogg") == "missing"
