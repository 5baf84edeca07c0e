"""A folder of labelled files: what the model finds in each, and why some could not be judged."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training import live
from training.annotations.labels import Label
from training.errors import TrainingError
from training.evaluate.metrics.ratios import RATIO_NAMES, ratio_name
from training.evaluate.metrics.songs import SongResult, outcome
from training.evaluate.run.songs import loaded
from training.workers import OnDone, ignore_progress, map_in_order

SHORTEST_S = 10.0
"""Length of the shortest file that is judged, seconds."""
COLUMNS = (
    *("file", "tempo_bpm", "meter", "seconds", "compatible", "ambiguous", "found", "wrong", "missed", "outcome"),
    "not_judged",
)
"""Columns of the CSV."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled file and what was found in it.

    Attributes
    ----------
    found
        Paces, most probable first, as ``paces-live analyze`` finds them.
    seconds
        Length of the audio.
    reason
        Why the file was not judged; empty if it was.
    """

    label: Label
    found: tuple[float, ...] = ()
    seconds: float = 0.0
    reason: str = ""

    @property
    def result(self) -> SongResult:
        """The paces of the label and those that were found."""
        return SongResult(self.label.truth, self.found)

    @property
    def outcome(self) -> str:
        """The outcome of the song, see `training.evaluate.metrics.songs.outcome`; empty if it was not judged."""
        return "" if self.reason else outcome(self.label.tempo, self.label.meter, self.result)


def judge_all(
    labels: Sequence[Label], audio: Path, model: Path, *, workers: int = 2, on_done: OnDone = ignore_progress
) -> list[Judged]:
    """Judge every labelled file in worker processes; a file that cannot be judged has a reason.

    Raises
    ------
    TrainingError
        If `audio` is no folder.
    """
    paths = find([label.file for label in labels], audio)
    found = [(label, path) for label, path in zip(labels, paths, strict=True) if isinstance(path, Path)]
    judged = iter(map_in_order(_judge, found, model, workers=workers, on_done=on_done) if found else ())
    return [
        next(judged) if isinstance(path, Path) else Judged(label, reason=path)
        for label, path in zip(labels, paths, strict=True)
    ]


def find(files: Iterable[str], audio: Path) -> list[Path | str]:
    """Return the path of each file, or the reason why there is none.

    A file is at its path below the folder. If the label has a name without a folder, it may be anywhere in it, and the
    name may lack the suffix.
    """
    if not audio.is_dir():
        raise TrainingError(f"{audio} is not a folder: give the one that holds the audio files with --audio")
    by_name: dict[str, list[Path]] = {}
    for path in sorted(audio.rglob("*")):
        if path.is_file():
            for name in {path.name, path.stem}:
                by_name.setdefault(name, []).append(path)
    return [_found(file, audio, by_name) for file in files]


def ratios(judged: Iterable[Judged]) -> list[tuple[str, int, int]]:
    """Return the number of wrong and of missed paces for each ratio to the tempo that has any."""
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for one in judged:
        if not one.reason:
            wrong.update(ratio_name(spm, one.label.tempo) for spm in one.result.wrong())
            missed.update(ratio_name(spm, one.label.tempo) for spm in one.result.missed())
    rest = sorted((wrong | missed).keys() - set(RATIO_NAMES), key=float)
    return [(name, wrong[name], missed[name]) for name in (*RATIO_NAMES, *rest) if wrong[name] or missed[name]]


def write(judged: Iterable[Judged], path: Path) -> None:
    """Write a CSV with a row for each file, in order."""
    try:
        _write(judged, path)
    except OSError as error:
        raise TrainingError(f"cannot write {path}: {error.strerror}: name another file with --out") from error


def _write(judged: Iterable[Judged], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for one in judged:
            label, result = one.label, one.result
            found = () if one.reason else (result.found, result.wrong(), result.missed())
            rows.writerow(
                (
                    *(label.file, f"{label.tempo:g}", label.meter, f"{one.seconds:.1f}" if one.seconds else ""),
                    *(_spm(paces) for paces in (label.truth.compatible, label.truth.ambiguous)),
                    *([_spm(paces) for paces in found] or ["", "", ""]),
                    *(one.outcome, one.reason),
                )
            )


def _spm(paces: Iterable[float]) -> str:
    return " ".join(f"{pace:.2f}" for pace in paces)


def _found(file: str, audio: Path, by_name: dict[str, list[Path]]) -> Path | str:
    if (audio / file).is_file():
        return audio / file
    # A path that is not there names no other file: two folders may have files of one name, such as 01.mp3.
    paths = by_name.get(file, [])
    if len(paths) > 1:
        return f"{len(paths)} files in {audio} have this name"
    return paths[0] if paths else f"not in {audio}"


def _judge(found: tuple[Label, Path], model: Path) -> Judged:
    label, path = found
    classifier = loaded(model)
    rate = classifier.features.sample_rate
    try:
        samples = live.decode(path, rate)
    except TrainingError as error:
        return Judged(label, reason=str(error))
    seconds = len(samples) / rate
    if seconds < SHORTEST_S:
        return Judged(label, seconds=seconds, reason=f"{seconds:.1f} s is too short: {SHORTEST_S:g} s are needed")
    return Judged(label, live.song_paces(samples, rate, classifier), seconds)
