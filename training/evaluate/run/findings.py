"""Everything that the report needs, measured at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paces_live.analysis.classifier import load_classifier
from training.corpus.contents import Contents, contents, trained_on
from training.corpus.songs import Song, load
from training.corpus.songs import missing as missing_songs
from training.dataset import megabatch
from training.errors import TrainingError
from training.evaluate.metrics.candidates import Predictions
from training.evaluate.metrics.groups import Needs, needs
from training.evaluate.run import cost, real_music, songs
from training.evaluate.run.baselines import BASELINES, broken, installed
from training.evaluate.run.predictions import predict_shards
from training.evaluate.run.songs import NAME, Evaluated, Item, window_predictions
from training.evaluate.run.sounds import Flags, flag_all, sounds
from training.workers import OnDone, ignore_progress

HELD_OUT = "held-out songs"
REAL_CLEAN, REAL_DEGRADED = "real-music set, clean", "real-music set, degraded"
"""Names of the sets of songs."""
FULL_WINDOWS = f"{HELD_OUT}, full windows"


@dataclass(frozen=True, slots=True)
class Findings:
    """All measurements of a report.

    Attributes
    ----------
    model : Path
    identity : str
        Hash of the model.
    slope, offset : float
        Of the calibration by `export`.
    models : tuple of str
        Names of the measured model and of the others.
    predictions : dict
        Predictions of the measured model on the megabatch, by split.
    others : dict
        Predictions of the other models on the test split of the megabatch, by name.
    songs : dict
        Evaluated songs by set: `HELD_OUT`, `REAL_CLEAN`, `REAL_DEGRADED`.
    flags : list of Flags
        In negatives.
    cost : dict
        See `training.evaluate.run.cost.measure`.
    needs : Needs
    contents : Contents
        Of the corpus.
    own : bool
        Whether the model was trained on this corpus alone.
    missing : list of str
        Measurements that were not possible, with the reason.
    """

    model: Path
    identity: str
    slope: float
    offset: float
    models: tuple[str, ...]
    predictions: dict[str, Predictions]
    others: dict[str, Predictions]
    songs: dict[str, list[Evaluated]]
    flags: list[Flags]
    cost: dict[str, float]
    needs: Needs
    contents: Contents
    own: bool
    missing: list[str] = field(default_factory=list)

    @property
    def tests(self) -> dict[str, Predictions]:
        """Predictions of the measured model by set: test cases of the megabatch, full windows of real music."""
        windows = {name: window_predictions(found) for name, found in self.songs.items() if name != HELD_OUT}
        return {HELD_OUT: self.predictions["test"]} | windows

    def candidate_measures(self) -> dict[str, dict[str, float]]:
        """Return the measures of predictions by set, with those on full windows of held-out songs."""
        sets = {name: predictions.measures() for name, predictions in self.tests.items()}
        if found := self.songs.get(HELD_OUT):
            first, *others = sets
            windows = {FULL_WINDOWS: window_predictions(found).measures()}
            sets = {first: sets[first]} | windows | {name: sets[name] for name in others}
        return sets

    def baselines(self, found: Sequence[Evaluated]) -> tuple[str, ...]:
        """Return the names of the baselines that heard a set."""
        return tuple(dict.fromkeys(name for song in found for name in song.tempi))


def measure(
    work: Path,
    model: Path,
    *,
    csv: Path,
    others: Mapping[str, Path] | None = None,
    hours: float = 1.0,
    limit: int | None = None,
    seed: int = 1,
    workers: int = 2,
    on_done: OnDone = ignore_progress,
) -> Findings:
    """Measure the exported `model` on everything.

    Parameters
    ----------
    work : Path
        Holds ``corpus``, ``megabatch`` and, if rendered, the real-music set.
    csv : Path
        The list of the real-music set.
    others : mapping, optional
        Other exported models by name.
    hours : float
        Length of the negatives of each kind.
    limit : int, optional
        Largest number of songs of each set, for a quick look.
    """
    models = {NAME: model} | dict(others or {})
    known = load(work / "corpus")
    if not any(song.split == "test" for song in known):
        raise TrainingError(missing_songs(work / "corpus", "test"))
    sets, missing = _sets(known, work, csv, limit)
    pieces = sounds(known, hours)
    items = [item for chosen in sets.values() for item in chosen]
    total = len(items) + len(pieces)
    found = songs.evaluate_all(items, models, seed=seed, workers=workers, on_done=lambda done, _: on_done(done, total))
    flags = flag_all(
        pieces, model, seed=seed, workers=workers, on_done=lambda done, _: on_done(len(items) + done, total)
    )
    in_order = iter(found)
    evaluated = {name: [next(in_order) for _ in chosen] for name, chosen in sets.items()}
    classifier = load_classifier(model)
    predictions = {split: predict_shards(work / "megabatch", split, known, classifier) for split in megabatch.SPLITS}
    rest = {name: load_classifier(path) for name, path in models.items() if name != NAME}
    comparable = {name: other for name, other in rest.items() if other.features == classifier.features}
    missing += [
        f"{name} has another feature path, so it cannot judge the cases of the megabatch"
        for name in rest
        if name not in comparable
    ]
    return Findings(
        model=model,
        identity=classifier.model,
        slope=float(classifier.manifest.provenance.get("logit_slope", 1.0)),
        offset=float(classifier.manifest.provenance.get("logit_offset", 0.0)),
        models=tuple(models),
        predictions=predictions,
        others={name: predict_shards(work / "megabatch", "test", known, other) for name, other in comparable.items()},
        songs=evaluated,
        flags=flags,
        cost=cost.measure(model),
        needs=needs(predictions["train"], predictions["validation"], known),
        contents=contents(known),
        own=trained_on(known, classifier.manifest.provenance),
        missing=missing,
    )


def _sets(known: Sequence[Song], work: Path, csv: Path, limit: int | None) -> tuple[dict[str, list[Item]], list[str]]:
    """Return the songs to evaluate, by set, and a note on everything that is missing."""
    there, missing = installed(), []
    if absent := [name for name in BASELINES if name not in there]:
        missing.append(f"baselines that are not installed: {', '.join(absent)}")
    reasons = broken(there)
    there = tuple(name for name in there if name not in reasons)
    missing += [f"{name}, which is installed but fails here ({reason})" for name, reason in reasons.items()]
    sets = {HELD_OUT: songs.generated(known, "test", baselines=there)[:limit]}
    tracks, folder = real_music.read(csv), real_music.folder(work)
    sets[REAL_CLEAN] = songs.real(tracks, folder, "clean", there)[:limit]
    sets[REAL_DEGRADED] = songs.real(tracks, folder, "degraded", there)[:limit]
    rendered = {item.id for item in songs.real(tracks, folder, "clean")}
    if not rendered:
        missing.append("the real-music set: render it with `python -m training real-music`")
    elif absent := [track.id for track in tracks if track.constant and track.id not in rendered]:
        missing.append(f"tracks of the real-music set that are not rendered: {', '.join(absent)}")
    return {name: chosen for name, chosen in sets.items() if chosen}, missing
