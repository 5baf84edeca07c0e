"""A corpus of songs that people labelled."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from paces_live.errors import PacesError
from paces_live.sources import FileSource
from training.annotations.annotators import How, Labels, combine, near, together
from training.annotations.names import key
from training.annotations.truth import TOLERANCE, Truth
from training.corpus.recordings import Recording, assign, match, recording
from training.corpus.songs import SCHEMA, Song
from training.corpus.synthesis import AUDIO_RATE
from training.errors import TrainingError

SEGMENT_S = 25.0
"""The first and the last segment of a song, intro and ending, are not heard; at least one more must be left."""


@dataclass(frozen=True)
class Imported:
    """What `import_songs` did: songs written, songs found done, and why each of the others was not."""

    made: int
    found: int
    failed: dict[str, str]


def import_songs(
    labels: Sequence[Labels],
    audio: Path,
    corpus: Path,
    *,
    how: How = "majority",
    tolerance: float = TOLERANCE,
    seed: int = 1,
    edge: float = SEGMENT_S,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> Imported:
    """Turn labelled audio into a corpus, which the other steps take as they take the generated one.

    What is there already is kept, with its split; more songs can be added later.

    Parameters
    ----------
    labels
        One or more labelers.
    audio
        Folder of WAV, FLAC, OGG or MP3 files, see `match`.
    corpus
        Gets ``audio/NNNNN.flac``, mono, 22,050 Hz, and then ``songs/NNNNN.json``.
    how, tolerance
        See `combine`. The tolerance is written down with each song, and its candidates are judged by it.
    seed
        Of the order in which artists are given to splits.
    edge
        Seconds at the beginning and at the end of each song that are left out.
    on_done
        Told the number of songs done and their total.

    Raises
    ------
    TrainingError
        If `corpus` holds generated songs, or songs made from other labels or parameters. A song that cannot be
        imported stops nothing; it is named in the outcome.
    """
    truths = combine(labels, how, tolerance)
    failed: dict[str, str] = {}
    recordings = []
    for song, path in match(labels, audio).files.items():
        if song not in truths:
            failed[song] = "no pace that enough people name"
            continue
        try:
            recordings.append(recording(song, path))
        except TrainingError as error:
            failed[song] = str(error)
    there = _imported(corpus)
    split_of = assign(recordings, seed, taken=there.values())
    first_named = together(labels)
    for part in ("audio", "songs"):
        (corpus / part).mkdir(parents=True, exist_ok=True)
    made = found = 0
    following = max((int(data["id"]) for data in there.values()), default=-1) + 1
    for done, piece in enumerate(recordings, 1):
        truth = truths[piece.song]
        made_with = {**asdict(truth), "edge": edge}
        known = there.get(key(piece.song))
        if known is not None:
            if json.loads(json.dumps(made_with)) != {key: known[key] for key in made_with}:
                raise TrainingError(
                    f"{corpus} has {piece.song!r} with other paces or parameters; choose another folder"
                )
            found += 1
        elif piece.song not in split_of:
            failed[piece.song] = "its artist is in one split and its title in another"
        else:
            try:
                samples = _heard(piece.path, edge)
                tempo = _foremost(first_named[piece.song], truth)
                entry = _song(corpus, following, seed, piece, truth, tempo, len(samples), split_of[piece.song])
                _write(corpus, entry, samples, piece, edge)
                following, made = following + 1, made + 1
            except (TrainingError, PacesError) as error:
                failed[piece.song] = str(error)
        on_done(done, len(recordings))
    return Imported(made, found, failed)


def _imported(corpus: Path) -> dict[str, dict[str, Any]]:
    """Return what is written down of the songs that were imported already, by the key of their name."""
    there: dict[str, dict[str, Any]] = {}
    for path in sorted((corpus / "songs").glob("*.json")):
        data = json.loads(path.read_text("utf-8"))
        if "song" not in data:
            raise TrainingError(f"{corpus} holds generated songs; choose another folder")
        there[key(data["song"])] = data
    return there


def _heard(path: Path, edge: float) -> NDArray[np.float32]:
    """Read the file through the live path's source, without its first and last seconds."""
    blocks = [block.samples for block in FileSource(path, AUDIO_RATE, fast=True).blocks()]
    whole = np.concatenate(blocks) if blocks else np.empty(0, np.float32)
    cut = round(edge * AUDIO_RATE)
    samples = whole[cut : max(len(whole) - cut, cut)]
    if len(samples) < SEGMENT_S * AUDIO_RATE:
        raise TrainingError(f"{len(whole) / AUDIO_RATE:.0f} s: too short without {edge:g} s at each end")
    peak = float(np.abs(samples).max())
    if not peak:
        raise TrainingError("it is silent")
    return np.asarray(samples / np.float32(max(peak, 1.0)), np.float32)


def _foremost(sets: list[tuple[float, ...]], truth: Truth) -> float:
    """Return the pace of the truth that most people named first, of several the one named first by the earliest."""
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
        audio=corpus / "audio" / f"{identity}.flac",
        seed=(seed, index),
        family=piece.artist or piece.title,
        grooves=(),
        meter="unknown",
        time_signature="",
        tempo=tempo,
        swung=False,
        offbeats=1.0,
        compatible=truth.compatible,
        taste=truth.taste,
        soundfont="",
        drums=False,
        duration=length / AUDIO_RATE,
        steady_s=length / AUDIO_RATE,
        split=split,
        tolerance=truth.tolerance,
    )


def _write(corpus: Path, song: Song, samples: NDArray[np.float32], piece: Recording, edge: float) -> None:
    data = asdict(song) | {
        "schema": SCHEMA,
        "song": piece.song,
        "artist": piece.artist,
        "title": piece.title,
        "genre": piece.genre,
        "edge": edge,
    }
    del data["audio"]
    soundfile.write(song.audio, samples, AUDIO_RATE, subtype="PCM_16", format="FLAC")
    target = corpus / "songs" / f"{song.id}.json"
    unfinished = target.with_suffix(".part")
    unfinished.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(target)
