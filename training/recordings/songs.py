"""The corpus of recordings: the excerpts of a list, in the form of the generated songs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from training import live
from training.corpus.songs import SCHEMA, CorpusUpdate, Song, audio_path, json_path, load, write_record
from training.corpus.synthesis import AUDIO_RATE
from training.errors import TrainingError
from training.recordings.labelling import excerpt
from training.recordings.listing import METER, Entry
from training.recordings.packages import fetch
from training.workers import OnDone, ignore_progress


def make(entries: Sequence[Entry], packages: Path, corpus: Path, *, on_done: OnDone = ignore_progress) -> CorpusUpdate:
    """Download the packages of a list, and make a corpus of its songs; finished songs are kept.

    Parameters
    ----------
    entries
        The list. The index of a song is its row.
    packages
        Folder for the songs of the packages.
    corpus
        Gets ``audio/NNNNN.flac``, mono, 22,050 Hz, and then ``songs/NNNNN.json``.
    on_done
        Called with the number of finished songs and their total.

    Raises
    ------
    TrainingError
        If `corpus` holds other songs. An error in one song stops nothing: the result names it.
    """
    _check(corpus, entries)
    for part in ("audio", "songs"):
        (corpus / part).mkdir(parents=True, exist_ok=True)
    failed: dict[str, str] = {}
    made = found = 0
    for index, entry in enumerate(entries):
        if json_path(corpus, index).exists():
            found += 1
        else:
            try:
                path = fetch(entry.package, packages) / entry.path
                _write(corpus, index, entry, samples_of(path, AUDIO_RATE))
                made += 1
            except TrainingError as error:
                failed[entry.name] = str(error)
        on_done(index + 1, len(entries))
    return CorpusUpdate(made, found, failed)


def samples_of(path: Path, rate: int) -> NDArray[np.float32]:
    """Return the excerpt of a song, mono, peak at most 1.

    Raises
    ------
    TrainingError
        If the file cannot be decoded, is too short, or silent.
    """
    whole = live.decode(path, rate)
    span = excerpt(len(whole) / rate)
    if span is None:
        raise TrainingError(f"{len(whole) / rate:.0f} s is too short")
    samples = whole[round(span[0] * rate) : round(span[1] * rate)]
    peak = float(np.abs(samples).max())
    if not peak:
        raise TrainingError("it is silent")
    return np.asarray(samples / np.float32(max(peak, 1.0)), np.float32)


def _check(corpus: Path, entries: Sequence[Entry]) -> None:
    for song in load(corpus):
        index = int(song.id)
        if index >= len(entries) or (song.tempo, song.family) != (entries[index].tempo, entries[index].family):
            raise TrainingError(f"{corpus} holds songs of another list: choose another folder, or delete it")


def _write(corpus: Path, index: int, entry: Entry, samples: NDArray[np.float32]) -> None:
    song = _song(corpus, index, entry, len(samples) / AUDIO_RATE)
    names = {"song": entry.name, "artist": entry.artist, "title": entry.title, "genre": ""}
    soundfile.write(song.audio, samples, AUDIO_RATE, subtype="PCM_16", format="FLAC")
    write_record(json_path(corpus, index), song.record() | {"schema": SCHEMA, **names})


def _song(corpus: Path, index: int, entry: Entry, seconds: float) -> Song:
    identity = f"{index:05d}"
    return Song(
        id=identity,
        audio=audio_path(corpus, identity),
        seed=(0, index),
        family=entry.family,
        grooves=(),
        meter=METER,
        time_signature="",
        tempo=entry.tempo,
        swung=False,
        offbeats=1.0,
        compatible=entry.compatible,
        ambiguous=entry.ambiguous,
        soundfont="",
        drums=False,
        duration=seconds,
        steady_s=seconds,
        split=entry.split,
    )
