"""The feeder: files as frames for a sound card, and the thread that decodes them."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from paces_live.collection.items import Item
from paces_live.playback import feeder
from paces_live.playback.feeder import Feeder, decoded
from paces_live.playback.output import Feed
from paces_live.playback.queue import Queue
from paces_live.sources import FileSource
from tests.support.encoded import encode
from tests.support.stations import RATE, tone

SECONDS = 3.0


@pytest.mark.parametrize(("container", "suffix", "codec"), [("mp4", "m4a", "aac"), ("webm", "webm", "libopus")])
def test_a_file_of_ffmpeg_has_its_sound_and_its_length(tmp_path: Path, container: str, suffix: str, codec: str) -> None:
    path = tmp_path / f"song.{suffix}"
    path.write_bytes(encode(tone(seconds=SECONDS, rate=48_000), container, codec, rate=48_000))
    heard = np.concatenate([block.samples for block in FileSource(path, RATE, fast=True).blocks()])
    assert len(heard) == pytest.approx(SECONDS * RATE, abs=0.05 * RATE)
    played = np.concatenate(list(decoded(Item(path), 48_000, 2)))
    assert len(played) == pytest.approx(SECONDS * 48_000, abs=0.05 * 48_000)
    np.testing.assert_array_equal(played[:, 0], played[:, 1])
    for middle in (heard[RATE : 2 * RATE], played[48_000 : 2 * 48_000]):
        assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.02)


def test_a_disk_that_hangs_does_not_keep_the_program_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, answered = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> Iterator[None]:
        begun.set()
        answered.wait(30.0)
        yield from ()

    monkeypatch.setattr(feeder, "decoded", hang)
    monkeypatch.setattr(feeder, "END_S", 0.05)
    thread = Feeder(Queue([Item(tmp_path / "song.ogg")]))
    thread.start(Feed(RATE, 2))
    assert begun.wait(10.0)
    start = time.monotonic()
    thread.close()
    assert time.monotonic() - start < 5.0
    answered.set()
    assert thread._thread
    thread._thread.join(10.0)
    assert not thread._thread.is_alive()
