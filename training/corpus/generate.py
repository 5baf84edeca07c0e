"""A corpus of songs of known tempo, generated: a folder of audio and of what is true of each song."""

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import as_completed
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from training.annotations.truth import Meter
from training.corpus.families import SHARES, Family, families, splits
from training.corpus.score import compose
from training.corpus.songs import SCHEMA, audio_path, json_path, load
from training.corpus.synthesis import AUDIO_RATE, Synth, render, soundfonts
from training.errors import TrainingError
from training.workers import pool

SEED = 20_190_129


MORE = "more.json"
"""Of a corpus folder: which songs were asked for over the regular ones, and of which families."""


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What `generate` did: songs made, songs found done, and the error of each song that failed."""

    made: int
    found: int
    failed: dict[str, str] = field(default_factory=dict)


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
    on_done: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Generate the songs that the folder does not have yet.

    A song depends on the seed, its index, its family, and the installed MMA, FluidSynth and soundfonts, on nothing
    else.

    Parameters
    ----------
    folder
        Gets ``audio/NNNNN.flac`` and then ``songs/NNNNN.json``; a song with its JSON file is done.
    songs
        How many songs the corpus has.
    seed
        Seed of the corpus.
    workers
        Processes.
    seconds
        Length of each song; 60 to 80 if not given.
    weights
        Share of each family. If given, so many songs are made after those that are there, of these families only;
        the same call again goes on where it was interrupted. Families keep their split.
    on_done
        Called with the number of songs done and the number of songs.

    Raises
    ------
    TrainingError
        If MMA, FluidSynth or soundfonts are missing, a family of `weights` is unknown, or the folder holds songs of
        another seed or of other splits. An error in one song stops nothing: it is logged with its seed and counted in
        the outcome.
    """
    soundfonts()
    everything = families()
    split_of = splits(everything, seed)
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    (folder / "songs").mkdir(parents=True, exist_ok=True)
    for song in load(folder):
        # Else the families of held-out songs would be trained on.
        if song.seed[0] != seed or split_of.get(song.family) != song.split:
            raise TrainingError(
                f"{folder} was begun with another seed, or by a version that splits the families otherwise: "
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
            if on_done:
                on_done(done, len(jobs))
    return Outcome(len(waiting) - len(failed), found, failed)


def schedule(everything: tuple[Family, ...], songs: int, seed: int) -> list[tuple[Family, int]]:
    """Choose the family of each song: meters in their shares, and within a meter every family in turn.

    Returns
    -------
    list of tuple
        Family of each song, and how many songs of it come before.
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
    """Choose the family of each song by name, so that each has its share at any time, as far as whole songs go."""
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
    """Return family and turn of each song to make, by index: the regular ones, or those asked for over them."""
    named = {family.name: family for family in everything}
    path = folder / MORE
    chunks: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    wanted = set(weights or ()).union(*(chunk["weights"] for chunk in chunks))
    if unknown := sorted(wanted - named.keys()):
        raise TrainingError(f"no such groove families: {', '.join(unknown)}")
    extra = [
        {chunk["first"] + n: (named[name], n) for n, name in enumerate(weighted(chunk["weights"], chunk["songs"]))}
        for chunk in chunks
    ]
    if weights is None:
        regular = dict(enumerate(schedule(everything, songs, seed)))
        return regular | {index: song for chunk in extra for index, song in chunk.items() if index < songs}
    if not weights:
        raise TrainingError("no family is asked for: the report found none that needs more data")
    if min(weights.values()) <= 0.0:
        raise TrainingError("every family that more songs are asked of needs a share above 0")
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
        If it holds none.
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
        **asdict(score.truth),
        "soundfont": synth.soundfont.name,
        "drums": score.drums,
        "duration": len(audio) / AUDIO_RATE,
        "split": job.split,
        "histogram": [round(weight, 4) for weight in score.histogram],
    }
    soundfile.write(audio_path(job.folder, identity), audio, AUDIO_RATE, subtype="PCM_16", format="FLAC")
    target = json_path(job.folder, job.index)
    unfinished = target.with_suffix(".part")
    unfinished.write_text(json.dumps(song, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(target)
