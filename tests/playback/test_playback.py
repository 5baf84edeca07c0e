"""Playing for real, to a null sink: what was analysed is what its monitor heard."""

import itertools
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from paces_live.demo import excerpt
from tests.sources.test_capture import lag_of
from tests.support.soundserver import RATE, SoundServer, portaudio, sound_server

__all__ = ["portaudio", "sound_server"]

PLAYER = """
import sys
import numpy as np
from pathlib import Path
from typing import Any
from paces_live.playback.player import Player
from paces_live.playback.queue import Playlist, Track
from tests.support.soundserver import RATE
saved, *files = map(Path, sys.argv[1:])
player = Player(Playlist(Track(file, file.stem) for file in files), RATE)
blocks = list(player.blocks())
ends = np.cumsum([len(block.samples) for block in blocks])
np.savez(saved, samples=np.concatenate([block.samples for block in blocks]), ends=ends,
         songs=[end for end, block in zip(ends, blocks) if block.ends], dropped=sum(block.dropped for block in blocks))
"""


@pytest.mark.usefixtures("portaudio")
def test_what_was_analysed_is_what_was_heard(sound_server: SoundServer, tmp_path: Path) -> None:
    """Two files of different rate and channels; each stretch of blocks lies at the same offset in the recording."""
    rng = np.random.default_rng(5)
    files = [tmp_path / "stereo.flac", tmp_path / "mono.wav"]
    stereo = rng.uniform(-0.3, 0.3, (round(2.5 * RATE), 2))
    stereo[: RATE // 2] = 0.0  # a monitor may miss the moment in which its sink begins to play
    soundfile.write(files[0], stereo, RATE)
    soundfile.write(files[1], rng.uniform(-0.3, 0.3, RATE), RATE // 2)
    capture = sound_server.capture("playback", sample_rate=RATE, seconds=16.0)
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


@pytest.mark.usefixtures("portaudio")
def test_play_tells_what_is_heard_and_ends_with_ctrl_c(sound_server: SoundServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paces_live", "play", "--json", str(tmp_path / "gone.mp3"), str(excerpt())]
    with subprocess.Popen(command, env=sound_server.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        events: list[dict[str, Any]] = []
        while not events or events[-1].get("t", 0.0) < 6.0:
            events.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        events += map(json.loads, process.stdout)
    assert process.returncode == 1  # for the file that is not there
    assert [event["type"] for event in events[:2]] == ["error", "start"]
    assert events[1]["input"] == "play:default"
    assert {event["title"] for event in events if event["type"] == "reading" and event["t"] > 1.0} == {"demo"}
    song, end = events[-2:]
    assert (song["type"], song["title"], end["type"]) == ("song", "demo", "end")
    assert end["t"] < 9.0


@pytest.mark.usefixtures("portaudio")
def test_the_music_waits_for_a_card_that_was_unplugged(sound_server: SoundServer) -> None:
    command = [sys.executable, "-m", "paces_live", "play", "--json", "--no-history", str(excerpt())]
    with subprocess.Popen(command, env=sound_server.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout

        def read_until(note: str | None, t: float = 0.0) -> float:
            """Read on to a reading with this note, at `t` or later; return its time."""
            while True:
                event = json.loads(process.stdout.readline())  # type: ignore[union-attr]
                if event["type"] == "reading" and event["health"]["note"] == note and event["t"] >= t:
                    return float(event["t"])

        read_until(None, 2.0)
        sound_server.unplug()
        gone = read_until("sound card is gone, trying again in 2 s")
        sound_server.plug("music")
        back = read_until(None)
        assert back - gone < 2.0, "the time without a card is none of the music"
        read_until(None, back + 1.0)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 0
