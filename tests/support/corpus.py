"""A small corpus, made without MMA and FluidSynth."""

import json
from pathlib import Path

import numpy as np
import soundfile

RATE = 22050


def make_corpus(folder: Path, songs: int, *, first: int = 0, seconds: float = 14.0) -> Path:
    """Write songs of clicks, in the splits in turn, each in its own family."""
    (folder / "audio").mkdir(parents=True)
    (folder / "songs").mkdir()
    for index in range(songs):
        rng = np.random.default_rng([first, index])
        tempo = float(rng.uniform(90.0, 170.0))
        samples = rng.normal(0.0, 0.01, int(seconds * RATE)).astype(np.float32)
        for beat in np.arange(0.0, seconds - 0.1, 60.0 / tempo):
            start = int(beat * RATE)
            samples[start : start + 800] += np.hanning(800).astype(np.float32) * rng.normal(0.0, 0.3, 800)
        soundfile.write(folder / "audio" / f"{index:05d}.flac", samples, RATE, subtype="PCM_16")
        song = {
            "id": f"{index:05d}",
            "seed": [first, index],
            "family": f"artist {first + index}",
            "grooves": [],
            "meter": "duple",
            "time_signature": "4/4",
            "tempo": tempo,
            "swung": False,
            "offbeats": 1.0,
            "compatible": [tempo, tempo / 2],
            "taste": [],
            "soundfont": "",
            "drums": True,
            "duration": seconds,
            "split": ("train", "validation", "test")[index % 3],
        }
        (folder / "songs" / f"{index:05d}.json").write_text(json.dumps(song), "utf-8")
    return folder
