"""What the model and the other programs find in the pieces of the benchmark."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from training import live
from training.benchmark.pieces import NO_BEAT
from training.benchmark.rendering import Rendered
from training.evaluate.metrics.songs import SongResult
from training.evaluate.run.baselines import RATE
from training.evaluate.run.latency import TARGETS, Start, starts
from training.evaluate.run.programs import Program
from training.evaluate.run.songs import NAME, Evaluated, Item, evaluate_all, loaded, read
from training.evaluate.run.sounds import Flags, count_flags
from training.workers import OnDone, ignore_progress, map_in_order


@dataclass(frozen=True, slots=True)
class Judged:
    """A piece with everything that was found in it.

    Attributes
    ----------
    evaluated
        What the model and the baselines found in the whole piece.
    start
        Readings of a live session; None without a beat.
    flags
        Flags that a live session raised at each of `TARGETS`, without a beat; none with one.
    """

    rendered: Rendered
    evaluated: Evaluated
    start: Start | None
    flags: tuple[Flags, ...] = ()

    def result(self, program: str = NAME) -> SongResult:
        """Return the truth and what a program found."""
        return self.evaluated.result(program)


def judge(
    rendered: Sequence[Rendered],
    model: Path,
    tempi: Mapping[str, Sequence[float]],
    *,
    workers: int = 2,
    on_done: OnDone = ignore_progress,
) -> list[Judged]:
    """Judge the pieces with the exported model, in worker processes.

    Parameters
    ----------
    tempi
        The tempo that each baseline found in each piece.
    """
    items = [item(one) for one in rendered]
    beats = [one for one in items if one.group != NO_BEAT]
    silent = [one for one in items if one.group == NO_BEAT]
    total, done = len(items) + len(beats) + len(silent), 0

    def from_here() -> OnDone:
        before = done
        return lambda number, _: on_done(before + number, total)

    evaluated = evaluate_all(items, {NAME: model}, seed=0, workers=workers, on_done=from_here())
    done += len(items)
    begun = starts(beats, model, seed=0, workers=workers, on_done=from_here())
    done += len(beats)
    flagged = map_in_order(_flags, silent, model, workers=workers, on_done=from_here())
    start_of = {one.id: start for one, start in zip(beats, begun, strict=True)}
    flags_of = {one.id: flags for one, flags in zip(silent, flagged, strict=True)}
    for place, one in enumerate(evaluated):
        one.tempi.update({name: found[place] for name, found in tempi.items()})
    return [
        Judged(piece, found, start_of.get(piece.piece.id), flags_of.get(piece.piece.id, ()))
        for piece, found in zip(rendered, evaluated, strict=True)
    ]


def item(one: Rendered) -> Item:
    """Return a piece as an item of the evaluation; its audio has its condition already."""
    piece = one.piece
    return Item(piece.id, one.audio, piece.part, one.meter, one.tempo, one.truth, 0, "clean", curve=one.curve)


def _flags(one: Item, model: Path) -> tuple[Flags, ...]:
    samples = read(one.audio)
    heard = live.listen(samples, RATE, loaded(model))
    shown = [paces for _, paces in heard.readings]
    return tuple(count_flags(one.id, shown, len(samples) / RATE, target) for target in TARGETS)


@dataclass
class Remembered:
    """What the baselines found before, in a file; they are slow, and the pieces stay the same.

    Attributes
    ----------
    path
        JSON file: by program and version, by audio file and its time, the tempo.
    """

    path: Path
    known: dict[str, dict[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the file, if there is one."""
        if self.path.exists():
            self.known = json.loads(self.path.read_text("utf-8"))

    def tempi(
        self,
        program: Program,
        rendered: Iterable[Rendered],
        *,
        workers: int = 1,
        on_done: OnDone = ignore_progress,
    ) -> list[float]:
        """Return the tempo of each piece by a program; only pieces that it has not heard are played to it.

        Raises
        ------
        TrainingError
            If the program fails.
        """
        found = self.known.setdefault(f"{program.name} {program.version()}", {})
        keys = {one.audio: f"{one.audio.name} {one.audio.stat().st_mtime_ns}" for one in rendered}
        fresh = [audio for audio, key in keys.items() if key not in found]
        heard = iter(range(len(keys) - len(fresh) + 1, len(keys) + 1))

        def remember(audio: Path, bpm: float) -> None:
            found[keys[audio]] = bpm
            on_done(next(heard), len(keys))

        try:
            program.tempi(fresh, workers=workers, on_tempo=remember)
        finally:  # what is known stays known, even if it was interrupted
            self.path.write_text(json.dumps(self.known, indent=1), "utf-8")
        return [found[key] for key in keys.values()]
