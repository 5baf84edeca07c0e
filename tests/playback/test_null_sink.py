"""The player on a real null sink: the analysed sound is the sound that its monitor heard."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.signals import lag_of
from tests.support.soundserver import RATE, SoundServer, portaudio, sound_server

__all__ = ["portaudio", "sound_server"]

PLAYER = """
import sys
import numpy as np
from pathlib import Path
from typing import Any
from paces_live.playback.player import Player
from paces_live.playback.queue import Queue
from paces_live.collection.items import Item
from tests.support.soundserver import RATE
saved, *files = map(Path, sys.argv[1:])
player = Player(Queue(Item(file, file.stem) for file in files), RATE)
blocks = list(player.blocks())
ends = np.cumsum([len(block.samples) for block in blocks])
np.savez(saved, samples=np.concatenate([block.samples for block in blocks]), ends=ends,
         songs=[end for end, block in zip(ends, blocks) if block.ends], dropped=sum(block.dropped for block in blocks))
"""


@pytest.mark.usefixtures("portaudio")
def test_the_analysed_sound_is_the_heard_sound(sound_server: SoundServer, tmp_path: Path) -> None:
    """Two files of different rate and channels; each stretch of blocks lies at the same offset in the recording."""
    rng = np.random.default_rng(5)
    files = [tmp_path / "stereo.flac", tmp_path / "mono.wav"]
    stereo = rng.uniform(-0.3, 0.3, (round(2.5 * RATE), 2))
    stereo[: RATE // 2] = 0.0  # a monitor may miss the moment in which its sink begins to play
    soundfile.write(files[0], stereo, RATE)
    soundfile.write(files[1], rng.uniform(-0.3, 0.3, RATE), RATE // 2)
    capture = sound_server.capture("monitor", sample_rate=RATE, seconds=16.0)
    capture.wait_started()
    saved = tmp_path / "blocks.npz"
    command = [sys.executable, "-c", PLAYER, str(saved), *map(str, files)]
    subprocess.run(command, env=sound_server.env, check=True, timeout=60)
    heard = capture.result().samples
    with np.load(saved) as blocks:
        samples, ends = blocks["samples"], blocks["ends"]
        assert blocks["songs"].tolist() == [round(2.5 * RATE)]
        dropped = int(blocks["dropped"])
    assert dropped <= RATE // 2
    assert len(samples) == pytest.approx(4.5 * RATE, abs=2)
    later = [
        (start, samples[start:end]) for start, end in itertools.pairwise(ends) if start > RATE // 2 and end - start > 64
    ]
    places = [round(lag_of(part, heard)) for _, part in later]
    # All of it was heard, in this order. A busy machine may starve the card: holes come in, and what follows is later.
    shifts = np.diff([place - start for place, (start, _) in zip(places, later, strict=True)])
    assert (shifts >= 0).all()
    assert dropped or (shifts == 0).all()
    same = [
        np.allclose(heard[place : place + len(part)], part, atol=1e-4)
        for place, (_, part) in zip(places, later, strict=True)
    ]
    assert np.mean(same) > (0.8 if dropped else 0.999)
