"""Files of formats that FFmpeg alone reads, as sources and as music to play."""

from pathlib import Path

import numpy as np
import pytest

from paces_live.playback.feeder import decoded
from paces_live.sources import FileSource
from tests.support.containers import encoded
from tests.support.stations import RATE, tone

pytest.importorskip("av", reason="this system has no PyAV")

SECONDS = 3.0


@pytest.mark.parametrize(("container", "suffix", "codec"), [("mp4", "m4a", "aac"), ("webm", "webm", "libopus")])
def test_a_file_of_ffmpeg_has_its_sound_and_its_length(tmp_path: Path, container: str, suffix: str, codec: str) -> None:
    path = tmp_path / f"song.{suffix}"
    path.write_bytes(encoded(tone(seconds=SECONDS, rate=48_000), container, codec, rate=48_000))
    heard = np.concatenate([block.samples for block in FileSource(path, RATE, fast=True).blocks()])
    assert len(heard) == pytest.approx(SECONDS * RATE, abs=0.05 * RATE)
    played = np.concatenate(list(decoded(path, 48_000, 2)))
    assert len(played) == pytest.approx(SECONDS * 48_000, abs=0.05 * 48_000)
    np.testing.assert_array_equal(played[:, 0], played[:, 1])
    for middle in (heard[RATE : 2 * RATE], played[48_000 : 2 * 48_000]):
        assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.02)
