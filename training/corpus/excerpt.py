"""The demo excerpt of the live package, made from songs of the corpus."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile

from paces_live.demo import DemoSong
from training.corpus.songs import load, missing
from training.corpus.timing import mean_speed
from training.errors import TrainingError

SONG_S, GAP_S, FADE_S = 43.0, 5.0, 0.5
"""Seconds of each song, of the silence between songs, and of each fade."""
LEVEL = 0.5
"""Peak of each song; full scale is 1."""


def excerpt(corpus: Path, titles: Mapping[str, str], folder: Path, *, start: float = 8.0) -> list[DemoSong]:
    """Write ``demo.ogg`` and ``demo.json`` into `folder`: a part of each song, with silence between.

    `titles` has the id of each song, in order, and what the demo calls it.

    The songs must be of the test split: the model that plays the demo must not have learned from them.
    """
    songs = {song.id: song for song in load(corpus) if song.split == "test"}
    if not songs:
        raise TrainingError(missing(corpus, "test"))
    parts, described, position = [], [], 0.0
    for number, (name, title) in enumerate(titles.items()):
        if name not in songs:
            raise TrainingError(
                f"{name} is not a song of the test split: choose from {', '.join(list(songs)[:5])}, ..."
            )
        song = songs[name]
        samples, rate = soundfile.read(song.audio, dtype="float32")
        part = samples[int(start * rate) : int((start + SONG_S) * rate)]
        fade = np.minimum(1.0, np.arange(len(part)) / (FADE_S * rate)).astype(np.float32)
        part = part * fade * fade[::-1] * np.float32(LEVEL / np.abs(part).max())
        if number:
            parts.append(np.zeros(int(GAP_S * rate), np.float32))
            position += GAP_S
        parts.append(part)
        end = position + len(part) / rate
        speed = mean_speed(song.curve, start, start + SONG_S)
        described.append(
            DemoSong(title, position, end, song.tempo * speed, song.meter, song.truth.scaled(speed).compatible)
        )
        position = end
    folder.mkdir(parents=True, exist_ok=True)
    joined = np.concatenate(parts)
    with soundfile.SoundFile(folder / "demo.ogg", "w", rate, 1, format="OGG", subtype="VORBIS") as file:
        # In blocks, because libsndfile's Vorbis writer has its buffers on the stack.
        for first in range(0, len(joined), 4096):
            file.write(joined[first : first + 4096])
    (folder / "demo.json").write_text(json.dumps([asdict(song) for song in described], indent=1) + "\n", "utf-8")
    return described
