"""All measures of the exported model in one page: held-out songs, the open real set, sounds without a pace."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from paces_live.analyze import MARGIN_S, WHOLE_S, song_paces
from paces_live.classifier import Classifier, load_classifier
from paces_live.engine import Engine, EngineConfig
from paces_live.events import Reading
from paces_live.features import log_mel
from paces_live.fold import build_cases
from paces_live.sources import ArraySource
from paces_live.tempogram import candidates, tempogram
from training.cases import megabatch
from training.cases.degrade import degrade
from training.cases.negatives import KINDS, negative
from training.corpus.songs import Song, load
from training.errors import TrainingError
from training.evaluation import cost, figures, openset, page
from training.evaluation.diagnosis import Group, Verdicts, grouped, time_to_verdict, weights, worst
from training.evaluation.evaluate import HEARD
from training.evaluation.metrics import Judged, SongResult
from training.evaluation.rivals import RATE, RIVALS, installed
from training.labels.truth import Truth, judge_all

Samples = NDArray[np.float32]
Condition = Literal["clean", "degraded"]

EXCERPT_S = 120.0
"""Of a long track, so many seconds after the margin are heard, by the model and by the programs beside it."""
WINDOWS = 6
"""Full windows of a song whose candidates are judged singly."""
LIVE_S = 60.0
"""Seconds from the start of a song in which the verdict has to come, and stay."""
TARGET = 165.0
PIECE_S = 120.0
"""Length of one sound without a pace."""
SOUNDS = 4242
"""Number that sets these sounds apart from those of the megabatch."""
ENOUGH, WORST = 150, 12
"""Cases that a family must have before it is called bad, and how many are called so."""


@dataclass(frozen=True, slots=True)
class Item:
    """A song to be heard in one condition.

    Attributes
    ----------
    audio : Path
    group : str
        Groove family, or the kind of source.
    index : int
        Seeds what is drawn at random.
    rivals : tuple of str
        Names of the other programs that hear it too.
    """

    id: str
    audio: Path
    group: str
    meter: str
    tempo: float
    truth: Truth
    index: int
    condition: Condition
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found in an item.

    Attributes
    ----------
    item : Item
    found : dict
        Paces by model, most probable first; the model measured is the first one.
    verdicts : dict
        Single verdicts on the candidates of full windows, by model.
    verdict_s : float or None
        Time to verdict.
    tempi : dict
        The one tempo that each rival tells.
    took_s : dict
        Processor time of each rival, seconds for a second of audio.
    """

    item: Item
    found: dict[str, tuple[float, ...]]
    verdicts: dict[str, Verdicts]
    verdict_s: float | None
    tempi: dict[str, float]
    took_s: dict[str, float]

    def judged(self, model: str | None = None) -> Judged:
        """Return the result of one of the models, the one measured by default."""
        found = self.found[model or next(iter(self.found))]
        return Judged(self.item.id, self.item.group, self.item.tempo, SongResult(self.item.truth, found))


@dataclass(frozen=True, slots=True)
class Flags:
    """What was flagged in sounds of one kind, that have no pace.

    Attributes
    ----------
    seconds : float
        Audio heard.
    flags : int
        How often a flag at the target went up.
    flagged_s, shown_s : float
        Seconds with the flag up, and with any pace shown.
    """

    kind: str
    seconds: float
    flags: int
    flagged_s: float
    shown_s: float


@dataclass(frozen=True, slots=True)
class Needs:
    """What needs more data; the test split has no say in it.

    Attributes
    ----------
    families : dict
        The worst of the training split.
    meters, lacking : dict
        The meters, and the families, that are worst in the validation split.
    more : dict
        Shares of songs to make, by family, all of the training split.
    """

    families: dict[str, Group]
    meters: dict[str, Group]
    lacking: dict[str, Group]
    more: dict[str, float]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that the page tells.

    Attributes
    ----------
    model : Path
    identity : str
        Hash of the model.
    models : tuple of str
        Names of the model measured and of those beside it.
    singles : dict
        Verdicts of the megabatch by split.
    heard : dict
        Songs by data set.
    sounds : list of Flags
    cost : dict
    needs : Needs
    missing : list of str
        What could not be measured, and why.
    """

    model: Path
    identity: str
    models: tuple[str, ...]
    singles: dict[str, Verdicts]
    heard: dict[str, list[Heard]]
    sounds: list[Flags]
    cost: dict[str, float]
    needs: Needs
    missing: list[str] = field(default_factory=list)


SETS: tuple[tuple[str, Condition], ...] = (
    ("held-out generated", "degraded"),
    ("open real set, clean", "clean"),
    ("open real set, degraded", "degraded"),
)


def report(
    work: Path,
    model: Path,
    folder: Path,
    *,
    csv: Path | None = None,
    beside: Mapping[str, Path] | None = None,
    hours: float = 1.0,
    limit: int | None = None,
    seed: int = 1,
    workers: int = 2,
    suffix: str = "svg",
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> Findings:
    """Measure the exported `model` and write the page, its figures and the list of what needs more data.

    Parameters
    ----------
    work : Path
        Holds ``corpus``, ``megabatch`` and, if rendered, ``openset``.
    folder : Path
        Gets ``README.md``, the figures and ``more.json``.
    csv : Path, optional
        The list of the open real set.
    beside : mapping, optional
        Other exported models by name.
    hours : float
        Of each kind of sound without a pace.
    limit : int, optional
        Hear so many songs of each set only, for a quick look.
    suffix : str
        ``svg`` or ``png``.
    """
    models = {"paces-live": model} | dict(beside or {})
    for name, path in models.items():
        if (rate := load_classifier(path).features.sample_rate) != RATE:
            raise TrainingError(f"{name} hears at {rate} Hz, the report is made at {RATE}")
    songs = load(work / "corpus")
    items, missing = _items(songs, work, csv, limit)
    folder.mkdir(parents=True, exist_ok=True)
    sounds = _sounds(songs, hours)
    total, done = len(items) + len(sounds), 0
    heard: dict[str, list[Heard]] = {}
    pieces: list[Flags] = []
    with ProcessPoolExecutor(workers) as pool:
        listening = pool.map(_hear, (item for _, item in items), *_repeat(len(items), models, seed))
        flagging = pool.map(_flag, sounds, *_repeat(len(sounds), model, seed))
        for (name, _), one in zip(items, listening, strict=True):
            heard.setdefault(name, []).append(one)
            done += 1
            on_done(done, total)
        for piece in flagging:
            pieces.append(piece)
            done += 1
            on_done(done, total)
    classifier = load_classifier(model)
    singles = {split: judge_shards(work / "megabatch", split, songs, classifier) for split in megabatch.SPLITS}
    findings = Findings(
        model=model,
        identity=classifier.model,
        models=tuple(models),
        singles=singles,
        heard=heard,
        sounds=total_flags(pieces),
        cost=cost.measure(model),
        needs=needs(singles["train"], singles["validation"], songs),
        missing=missing,
    )
    write(findings, folder, suffix)
    return findings


def write(findings: Findings, folder: Path, suffix: str = "svg") -> None:
    """Write the page, its figures and ``more.json`` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = figures.draw(findings, folder, suffix)
    (folder / "README.md").write_text(page.markdown(findings, drawn), "utf-8")
    record = {
        "families": {name: round(share, 5) for name, share in findings.needs.more.items()},
        "meters": {name: round(group.error_rate, 5) for name, group in findings.needs.meters.items()},
    }
    (folder / "more.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def judge_shards(folder: Path, split: str, songs: Sequence[Song], classifier: Classifier) -> Verdicts:
    """Return the verdicts on all cases of a split, read shard by shard."""
    shards = megabatch.shards(folder, split)
    return Verdicts.joined([_judge_shard(shard, part, songs, classifier) for shard, part in shards])


def judge_windows(
    samples: Samples, item: Item, classifier: Classifier, rng: np.random.Generator, *, windows: int = WINDOWS
) -> Verdicts:
    """Return the verdicts on the candidates of random full windows, proposed as the megabatch does."""
    config = classifier.features
    frames = log_mel(samples, config)
    parts = []
    for _ in range(windows):
        start = int(rng.integers(0, max(0, len(frames) - config.window_frames) + 1))
        window = frames[start : start + config.window_frames]
        gram = tempogram(window, config)
        target = float(rng.uniform(120.0, 200.0)) if rng.random() < 0.5 else None
        off_peak = np.exp(rng.uniform(np.log(config.spm_min), np.log(config.spm_max), 1))
        proposed = np.concatenate([candidates(gram, config, count=16, target=target), off_peak])
        cases = build_cases(window, gram, proposed, config)
        label = judge_all(cases.spm, item.truth)
        probability = classifier.probabilities(cases)
        kept = label >= 0
        count = int(kept.sum())
        parts.append(
            Verdicts(
                spm=cases.spm[kept],
                label=label[kept],
                probability=probability[kept].astype(np.float64),
                tempo=np.full(count, item.tempo),
                family=np.full(count, item.group),
                meter=np.full(count, item.meter),
            )
        )
    return Verdicts.joined(parts)


def count_flags(kind: str, readings: Iterable[Reading], seconds: float) -> Flags:
    """Count how often the flag goes up in readings a second apart; a stretch is no flag."""
    flags, flagged, shown, before = 0, 0, 0, False
    for reading in readings:
        up = reading.match is not None and reading.match.grade != "stretch"
        flags += up and not before
        flagged += up
        shown += bool(reading.paces)
        before = up
    return Flags(kind, seconds, flags, float(flagged), float(shown))


def total_flags(pieces: Sequence[Flags]) -> list[Flags]:
    """Return the sums over the pieces of each kind, in their order."""
    return [
        Flags(
            kind,
            sum(piece.seconds for piece in pieces if piece.kind == kind),
            sum(piece.flags for piece in pieces if piece.kind == kind),
            sum(piece.flagged_s for piece in pieces if piece.kind == kind),
            sum(piece.shown_s for piece in pieces if piece.kind == kind),
        )
        for kind in dict.fromkeys(piece.kind for piece in pieces)
    ]


def needs(train: Verdicts, validation: Verdicts, songs: Sequence[Song]) -> Needs:
    """Say which families and meters need more data, from the verdicts on the training and the validation split."""

    def bad(keys: NDArray[np.str_], wrong: NDArray[np.bool_]) -> dict[str, Group]:
        music = keys != "none"
        return worst(grouped(keys[music], wrong[music]), enough=ENOUGH, count=WORST)

    families = bad(train.family, train.wrong)
    meters = bad(validation.meter, validation.wrong)
    members: dict[str, list[str]] = {}
    for song in songs:
        if song.split == "train" and song.family not in members.setdefault(song.meter, []):
            members[song.meter].append(song.family)
    return Needs(families, meters, bad(validation.family, validation.wrong), weights(families, meters, members))


def inner(samples: Samples, rate: int) -> Samples:
    """Return the part of a song that is judged: without its beginning and end, unless it is short."""
    margin = round(MARGIN_S * rate)
    return samples if len(samples) < WHOLE_S * rate else samples[margin:-margin]


def _items(
    songs: Sequence[Song], work: Path, csv: Path | None, limit: int | None
) -> tuple[list[tuple[str, Item]], list[str]]:
    """Return the songs to be heard, each with the name of its set, and what is missing."""
    there, missing = installed(), []
    if absent := [name for name in RIVALS if name not in there]:
        missing.append(f"not installed, so not measured beside: {', '.join(absent)}")
    (generated, condition), *real = SETS
    items = [
        (
            generated,
            Item(song.id, song.audio, song.family, song.meter, song.tempo, song.truth, index, condition, there),
        )
        for index, song in enumerate(songs)
        if song.split == "test"
    ][:limit]
    if csv is None:
        return items, [*missing, "the open real set: no list of it was given (`--csv`)"]
    tracks = [track for track in openset.read(csv) if track.constant]
    rendered = [track for track in tracks if (work / "openset" / f"{track.id}.flac").exists()]
    if absent := [track.id for track in tracks if track not in rendered]:
        missing.append(f"tracks of the open real set that are not rendered: {', '.join(absent)}")
    for name, condition in real:
        for index, track in enumerate(rendered[:limit]):
            audio = work / "openset" / f"{track.id}.flac"
            meter = openset.METERS.get(track.meter, "unknown")
            known = Item(track.id, audio, track.family, meter, track.tempo, openset.truth_of(track), index, condition)
            items.append((name, known if condition == "degraded" else replace(known, rivals=there)))
    return items, missing


def _hear(item: Item, models: Mapping[str, Path], seed: int) -> Heard:
    samples = _read(item.audio)
    if item.condition == "degraded":
        samples = degrade(samples, RATE, np.random.default_rng([seed, item.index, HEARD]))
    found, verdicts = {}, {}
    for name, path in models.items():
        classifier = _classifier(path)
        source = ArraySource(samples, RATE, classifier.features.sample_rate)
        paces = song_paces(source, len(samples) / RATE, classifier, EngineConfig())
        found[name] = tuple(pace.spm for pace in paces)
        rng = np.random.default_rng([seed, item.index, HEARD, WINDOWS])
        verdicts[name] = judge_windows(samples, item, classifier, rng)
    classifier = _classifier(next(iter(models.values())))
    source = ArraySource(samples[: round(LIVE_S * RATE)], RATE, classifier.features.sample_rate)
    readings = [
        (event.t, tuple(pace.spm for pace in event.paces))
        for event in Engine(classifier, EngineConfig(target=TARGET)).events(source)
        if isinstance(event, Reading)
    ]
    part, tempi, took = inner(samples, RATE), {}, {}
    for name in item.rivals:
        before = time.process_time()
        tempi[name] = RIVALS[name][1](part)
        took[name] = (time.process_time() - before) * RATE / len(part)
    return Heard(item, found, verdicts, time_to_verdict(readings, item.truth), tempi, took)


@dataclass(frozen=True, slots=True)
class _Sound:
    """A sound without a pace to be made; `music` is what rubato is made of."""

    kind: str
    number: int
    music: Path | None


def _sounds(songs: Sequence[Song], hours: float) -> list[_Sound]:
    held_out = [song.audio for song in songs if song.split == "test"]
    count = round(hours * 3600.0 / PIECE_S)
    sounds = [
        _Sound(kind, n, held_out[n % len(held_out)] if held_out else None) for kind in KINDS for n in range(count)
    ]
    return [sound for sound in sounds if sound.music or sound.kind != "rubato"]


def _flag(sound: _Sound, model: Path, seed: int) -> Flags:
    classifier = _classifier(model)
    rng = np.random.default_rng([seed, SOUNDS, KINDS.index(sound.kind), sound.number])
    music = _read(sound.music) if sound.music and sound.kind == "rubato" else np.zeros(RATE, np.float32)
    samples = degrade(negative(sound.kind, PIECE_S, RATE, rng, music=music), RATE, rng)
    source = ArraySource(samples, RATE, classifier.features.sample_rate)
    events = Engine(classifier, EngineConfig(target=TARGET)).events(source)
    return count_flags(sound.kind, (event for event in events if isinstance(event, Reading)), len(samples) / RATE)


def _judge_shard(shard: Path, part: megabatch.Part, songs: Sequence[Song], classifier: Classifier) -> Verdicts:
    with np.load(shard) as data:
        cases = megabatch.Megabatch(**{name: data[name] for name in megabatch.FIELDS})
    numbers = part.renumbered(cases.song)
    if len(numbers) and numbers.max() >= 2 * len(songs):
        raise TrainingError(f"{shard} has cases of songs that the corpus lacks; make the megabatch anew")
    # A sound without a pace has the number of the song that it stands for, plus the number of songs.
    music = numbers < len(songs)
    of = [songs[number % len(songs)] for number in numbers]
    return Verdicts(
        spm=cases.spm.astype(np.float64),
        label=cases.label,
        probability=classifier.probabilities(cases.cases()).astype(np.float64),
        tempo=np.where(music, [song.tempo for song in of], np.nan),
        family=np.where(music, [song.family for song in of], "none"),
        meter=np.where(music, [song.meter for song in of], "none"),
    )


def _read(path: Path) -> Samples:
    """Return a file as mono at `RATE`, cut so that what is judged of it is an excerpt of `EXCERPT_S`."""
    rate = soundfile.info(path).samplerate
    samples, rate = soundfile.read(
        path, frames=round((EXCERPT_S + 2 * MARGIN_S) * rate), dtype="float32", always_2d=True
    )
    mono = samples.mean(axis=1)
    return np.asarray(mono if rate == RATE else soxr.resample(mono, rate, RATE), np.float32)


@lru_cache(maxsize=8)
def _classifier(model: Path) -> Classifier:
    """Return a classifier of this worker process, loaded once."""
    return load_classifier(model)


def _repeat(count: int, *values: object) -> list[list[object]]:
    return [[value] * count for value in values]
