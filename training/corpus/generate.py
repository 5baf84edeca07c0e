"""Generate a corpus: a folder of audio, with the known tempo, meter and paces of each song."""

import json
import logging
from collections.abc import Mapping
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from training.annotations.truth import Meter
from training.corpus.families import SHARES, Family, families, splits
from training.corpus.score import compose
from training.corpus.songs import SCHEMA, CorpusUpdate, audio_path, json_path, load, truth_record, write_record
from training.corpus.synthesis import AUDIO_RATE, Synth, render, soundfonts
from training.corpus.timing import CONSTANT
from training.errors import TrainingError
from training.workers import OnDone, ignore_progress, pool

SEED = 20_190_129
"""Seed of the corpus of the model that ships."""

MORE = "more.json"
"""File in a corpus folder that lists the additional songs, and their families."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Job:
    folder: Path
    index: int
    seed: int
    family: Family
    turn: int
    split: str
    seconds: float | None


def generate(
    folder: Path,
    *,
    songs: int,
    seed: int = SEED,
    workers: int = 2,
    seconds: float | None = None,
    weights: Mapping[str, float] | None = None,
    on_done: OnDone = ignore_progress,
) -> CorpusUpdate:
    """Generate the songs that are missing in a folder.

    A song depends only on the seed, its index, its family, and the installed MMA, FluidSynth and soundfonts.

    Parameters
    ----------
    folder
        Gets ``audio/NNNNN.flac`` and then ``songs/NNNNN.json``; a song with a JSON file is finished.
    songs
        Number of songs of the corpus.
    seed
        Seed of the corpus.
    workers
        Number of processes.
    seconds
        Length of each song; drawn from 60 to 80 by default.
    weights
        Share of each family. If given, `songs` is the number of additional songs, all of these families. After an
        interruption the same call continues. Families keep their split.
    on_done
        Called with the number of finished songs and the number of songs.

    Raises
    ------
    TrainingError
        If MMA, FluidSynth or soundfonts are missing, a family of `weights` is unknown, or the folder holds songs of
        another seed or of other splits. An error in one song stops nothing: it is logged with its seed and counted.
    """
    soundfonts()
    everything = families()
    split_of = splits(everything, seed)
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    (folder / "songs").mkdir(parents=True, exist_ok=True)
    for song in load(folder):
        if song.annotated:
            raise TrainingError(f"{folder} holds annotated songs: choose another folder with --work")
        # Otherwise families of held-out songs would end up in the training split.
        if song.seed[0] != seed or split_of.get(song.family) != song.split:
            raise TrainingError(
                f"{folder} holds songs of another seed, or of a version with other splits: "
                "choose another folder with --work, or delete it"
            )
    jobs = [
        _Job(folder, index, seed, family, turn, split_of[family.name], seconds)
        for index, (family, turn) in _plan(folder, everything, songs, seed, weights).items()
    ]
    waiting = [job for job in jobs if not json_path(folder, job.index).exists()]
    found = done = len(jobs) - len(waiting)
    failed: dict[str, str] = {}
    with pool(workers) as processes:
        futures = {processes.submit(_make, job): job for job in waiting}
        for future in as_completed(futures):
            job = futures.pop(future)
            done += 1
            error = future.exception()
            if error is not None:
                failed[f"{job.index:05d}"] = f"{type(error).__name__}: {error}"
                _log.error("song %05d (seed %d, %s): %s", job.index, seed, job.family.name, error)
            on_done(done, len(jobs))
    return CorpusUpdate(len(waiting) - len(failed), found, failed)


def schedule(everything: tuple[Family, ...], songs: int, seed: int) -> list[tuple[Family, int]]:
    """Choose the family of each song: meters by their shares, and all families of a meter in turn.

    Returns
    -------
    list of tuple
        Family of each song, and the number of earlier songs of that family.
    """
    rng = np.random.default_rng([seed, 0x5EED])
    queues: dict[Meter, list[Family]] = {}
    for meter in SHARES:
        members = [family for family in everything if family.meter == meter]
        queues[meter] = [members[i] for i in rng.permutation(len(members))]
    given: dict[Meter, int] = dict.fromkeys(SHARES, 0)
    chosen: list[tuple[Family, int]] = []
    for index in range(songs):
        meter = max(SHARES, key=lambda m: SHARES[m] * (index + 1) - given[m])
        queue = queues[meter]
        turn, place = divmod(given[meter], len(queue))
        chosen.append((queue[place], turn))
        given[meter] += 1
    return chosen


def weighted(weights: Mapping[str, float], songs: int) -> list[str]:
    """Choose the family of each song by name, so that the families have their shares after any number of songs.

    Examples
    --------
    >>> weighted({"own/a": 0.75, "own/b": 0.25}, 4)
    ['own/a', 'own/a', 'own/b', 'own/a']
    """
    total = sum(weights.values())
    given = dict.fromkeys(weights, 0)
    chosen: list[str] = []
    for index in range(songs):
        name = max(weights, key=lambda family: weights[family] / total * (index + 1) - given[family])
        chosen.append(name)
        given[name] += 1
    return chosen


def _plan(
    folder: Path, everything: tuple[Family, ...], songs: int, seed: int, weights: Mapping[str, float] | None
) -> dict[int, tuple[Family, int]]:
    """Return family and turn of each song to make, by index: the regular songs, or the additional ones."""
    named = {family.name: family for family in everything}
    path = folder / MORE
    chunks: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    wanted = set(weights or ()).union(*(chunk["weights"] for chunk in chunks))
    if unknown := sorted(wanted - named.keys()):
        raise TrainingError(f"unknown groove families: {', '.join(unknown)}")
    extra = [
        {chunk["first"] + n: (named[name], n) for n, name in enumerate(weighted(chunk["weights"], chunk["songs"]))}
        for chunk in chunks
    ]
    if weights is None:
        regular = dict(enumerate(schedule(everything, songs, seed)))
        return regular | {index: song for chunk in extra for index, song in chunk.items() if index < songs}
    if not weights:
        raise TrainingError("the list names no family: the report found none that needs more songs")
    if min(weights.values()) <= 0.0:
        raise TrainingError("every family on the list needs a share above 0")
    asked = {"songs": songs, "weights": dict(weights)}
    same = bool(chunks) and chunks[-1] == {"first": chunks[-1]["first"], **asked}
    if same and not all(json_path(folder, index).exists() for index in extra[-1]):
        return extra[-1]
    made = [int(file.stem) + 1 for file in (folder / "songs").glob("*.json")]
    first = max([*made, *(chunk["first"] + chunk["songs"] for chunk in chunks)], default=0)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps([*chunks, {"first": first, **asked}], indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
    return {first + n: (named[name], n) for n, name in enumerate(weighted(weights, songs))}


def shares(path: Path) -> dict[str, float]:
    """Read the shares of families from the file that the report writes.

    Raises
    ------
    TrainingError
        If the file holds no shares.
    """
    try:
        families = json.loads(path.read_text(encoding="utf-8"))["families"]
        return {str(name): float(share) for name, share in families.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f'{path} does not hold {{"families": {{NAME: SHARE, ...}}}}') from error


@cache
def _installed_soundfonts() -> tuple[Path, ...]:
    return soundfonts()


def _make(job: _Job) -> None:
    rng = np.random.default_rng([job.seed, job.index])
    score = compose(job.family, rng, job.seconds, job.turn)
    fonts = _installed_soundfonts()
    synth = Synth(
        soundfont=fonts[int(rng.integers(len(fonts)))],
        reverb=bool(rng.random() < 0.6),
        chorus=bool(rng.random() < 0.5),
        gain=0.35,
    )
    audio = render(score.midi, synth)
    audio *= 10 ** (rng.uniform(-12, -1) / 20) / np.abs(audio).max()
    identity = f"{job.index:05d}"
    song: dict[str, Any] = {
        "schema": SCHEMA,
        "id": identity,
        "seed": [job.seed, job.index],
        "family": score.family,
        "grooves": score.grooves,
        "meter": score.meter,
        "time_signature": score.time_signature,
        "tempo": score.tempo,
        "swung": score.feel == "swung",
        "offbeats": round(score.offbeats, 4),
        "steady_s": round(score.steady_s, 3),
        **truth_record(score.truth),
        "soundfont": synth.soundfont.name,
        "drums": score.drums,
        "duration": len(audio) / AUDIO_RATE,
        "split": job.split,
        "curve": score.curve.knots(score.tempo) if score.curve is not CONSTANT else (),
        "histogram": [round(weight, 4) for weight in score.histogram],
    }
    soundfile.write(audio_path(job.folder, identity), audio, AUDIO_RATE, subtype="PCM_16", format="FLAC")
    write_record(json_path(job.folder, job.index), song)
