"""Make a corpus of songs that people annotated."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from training import live
from training.annotations.annotators import Annotations, How, combine, near, together
from training.annotations.names import key
from training.annotations.truth import TOLERANCE, Truth
from training.corpus.recordings import Recording, assign, match, recording
from training.corpus.songs import SCHEMA, CorpusUpdate, Song, audio_path, json_path, truth_record, write_record
from training.corpus.synthesis import AUDIO_RATE
from training.errors import TrainingError
from training.workers import OnDone, ignore_progress

SHORTEST_S = 10.0
"""Least length between the margins of a song, seconds."""


def import_songs(
    annotators: Sequence[Annotations],
    audio: Path,
    corpus: Path,
    *,
    how: How = "majority",
    tolerance: float = TOLERANCE,
    seed: int = 1,
    margin: float | None = None,
    on_done: OnDone = ignore_progress,
) -> CorpusUpdate:
    """Turn annotated audio into a corpus for the same commands as the generated one.

    Songs that are there stay as they are, in their split; more songs can be added later.

    Parameters
    ----------
    annotators
        One or more.
    audio
        Folder of WAV, FLAC, OGG or MP3 files; see `match`.
    corpus
        Gets ``audio/NNNNN.flac``, mono, 22,050 Hz, and then ``songs/NNNNN.json``.
    how, tolerance
        See `combine`. Each song keeps its tolerance, by which its candidates are labelled.
    seed
        Order in which artists are assigned to splits.
    margin
        Seconds at the beginning and at the end of each song that are left out. By default those that ``paces-live
        analyze`` leaves out: 25, or none of a song shorter than 75 s.
    on_done
        Called with the number of finished songs and their total.

    Raises
    ------
    TrainingError
        If `corpus` holds generated songs, or songs of other annotations or parameters. An error in one song stops
        nothing: the result names it.
    """
    truths = combine(annotators, how, tolerance)
    failed: dict[str, str] = {}
    recordings = []
    for song, path in match(annotators, audio).files.items():
        if song not in truths:
            failed[song] = "too few annotators agree on a pace"
            continue
        try:
            recordings.append(recording(song, path))
        except TrainingError as error:
            failed[song] = str(error)
    there = _imported(corpus)
    split_of = assign(recordings, seed, taken=there.values())
    pace_sets = together(annotators)
    for part in ("audio", "songs"):
        (corpus / part).mkdir(parents=True, exist_ok=True)
    made = found = 0
    following = max((int(data["id"]) for data in there.values()), default=-1) + 1
    for done, piece in enumerate(recordings, 1):
        truth = truths[piece.song]
        made_with = truth_record(truth)
        known = there.get(key(piece.song))
        if known is not None:
            same = json.loads(json.dumps(made_with)) == {name: known[name] for name in made_with}
            if not same or known["edge"] not in ((0.0, live.MARGIN_S) if margin is None else (margin,)):
                raise TrainingError(
                    f"{corpus} has {piece.song!r} with other paces or parameters: choose another folder"
                )
            found += 1
        elif piece.song not in split_of:
            failed[piece.song] = "its artist is in one split and its title in another"
        else:
            try:
                samples, left_out = _inner_part(piece.path, margin)
                tempo = _first_named(pace_sets[piece.song], truth)
                entry = _song(corpus, following, seed, piece, truth, tempo, len(samples), split_of[piece.song])
                _write(corpus, following, entry, samples, piece, left_out)
                following, made = following + 1, made + 1
            except TrainingError as error:
                failed[piece.song] = str(error)
        on_done(done, len(recordings))
    return CorpusUpdate(made, found, failed)


def _imported(corpus: Path) -> dict[str, dict[str, Any]]:
    """Return the JSON records of the songs that were imported earlier, by the key of their name."""
    there: dict[str, dict[str, Any]] = {}
    for path in sorted((corpus / "songs").glob("*.json")):
        data = json.loads(path.read_text("utf-8"))
        if "song" not in data:
            raise TrainingError(f"{corpus} holds generated songs: choose another folder")
        there[key(data["song"])] = data
    return there


def _inner_part(path: Path, margin: float | None) -> tuple[NDArray[np.float32], float]:
    """Return a file through the live decoder, without its margins, and their length in seconds."""
    whole = live.decode(path, AUDIO_RATE)
    seconds = len(whole) / AUDIO_RATE
    if margin is None:
        margin = live.MARGIN_S if seconds >= live.WHOLE_S else 0.0
    cut = round(margin * AUDIO_RATE)
    samples = whole[cut : max(len(whole) - cut, cut)]
    if len(samples) < SHORTEST_S * AUDIO_RATE:
        left_out = f": {margin:g} s at each end are left out, and {SHORTEST_S:g} s must remain" if margin else ""
        raise TrainingError(f"{seconds:.0f} s is too short{left_out or f', {SHORTEST_S:g} s are needed'}")
    peak = float(np.abs(samples).max())
    if not peak:
        raise TrainingError("it is silent")
    return np.asarray(samples / np.float32(max(peak, 1.0)), np.float32), margin


def _first_named(sets: list[tuple[float, ...]], truth: Truth) -> float:
    """Return the pace of the truth that most annotators named first; the earliest annotator decides ties."""
    votes: Counter[float] = Counter()
    for paces in sets:
        ranked = [pace for pace in truth.compatible if near(paces[0], (pace,), truth.tolerance)]
        votes.update(ranked[:1])
    return votes.most_common(1)[0][0] if votes else truth.compatible[0]


def _song(
    corpus: Path, index: int, seed: int, piece: Recording, truth: Truth, tempo: float, length: int, split: str
) -> Song:
    identity = f"{index:05d}"
    return Song(
        id=identity,
        audio=audio_path(corpus, identity),
        seed=(seed, index),
        family=piece.artist or piece.title,
        grooves=(),
        meter="unknown",
        time_signature="",
        tempo=tempo,
        swung=False,
        offbeats=1.0,
        compatible=truth.compatible,
        ambiguous=truth.ambiguous,
        soundfont="",
        drums=False,
        duration=length / AUDIO_RATE,
        steady_s=length / AUDIO_RATE,
        split=split,
        tolerance=truth.tolerance,
    )


def _write(corpus: Path, index: int, song: Song, samples: NDArray[np.float32], piece: Recording, edge: float) -> None:
    names = {"song": piece.song, "artist": piece.artist, "title": piece.title, "genre": piece.genre}
    soundfile.write(song.audio, samples, AUDIO_RATE, subtype="PCM_16", format="FLAC")
    write_record(json_path(corpus, index), song.record() | {"schema": SCHEMA, **names, "edge": edge})
