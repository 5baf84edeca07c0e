"""Replace the model that ships: the old and the new one on the same songs, then the files."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from paces_live.analysis.classifier import load_classifier
from training.corpus.songs import load, missing
from training.errors import TrainingError
from training.evaluate.run import songs
from training.evaluate.run.predictions import predict_shards
from training.workers import OnDone, ignore_progress

DECISIVE = "set_f1"
"""The measure of whole songs by which a model may not be worse: F1 of the pace sets, what runners see."""
CANDIDATES = "balanced_accuracy"
"""The measure of the cases of the megabatch."""


def compare(
    work: Path,
    models: Mapping[str, Path],
    split: str,
    *,
    seed: int,
    workers: int = 2,
    on_done: OnDone = ignore_progress,
) -> dict[str, dict[str, float]]:
    """Measure models on the same songs and the same cases of a split.

    Parameters
    ----------
    work
        Holds ``corpus`` and ``megabatch``.
    models
        By name.

    Returns
    -------
    dict
        The measures of whole songs of each model, and `CANDIDATES` of those whose feature path is that of the
        megabatch.

    Raises
    ------
    TrainingError
        If the split has no songs or no cases.
    """
    known = load(work / "corpus")
    items = songs.generated(known, split)
    if not items:
        raise TrainingError(missing(work / "corpus", split))
    evaluated = songs.evaluate_all(items, models, seed=seed, workers=workers, on_done=on_done)
    classifiers = {name: load_classifier(path) for name, path in models.items()}
    features = next(iter(classifiers.values())).features
    found = {}
    for name, classifier in classifiers.items():
        found[name] = songs.measures(evaluated, name)
        if classifier.features == features:
            predictions = predict_shards(work / "megabatch", split, known, classifier)
            found[name][CANDIDATES] = predictions.measures()[CANDIDATES]
    return found


def replace(shipped: Path, model: Path) -> None:
    """Put `model`, its manifest and its card in the place of `shipped`.

    Raises
    ------
    TrainingError
        If the model has no card.
    """
    pairs = [
        (model, shipped),
        (model.with_suffix(".json"), shipped.with_suffix(".json")),
        (model.parent / "README.md", shipped.parent / "README.md"),
    ]
    for source, _ in pairs:
        if not source.exists():
            raise TrainingError(f"{source} is missing: write it with python -m training evaluate")
    shipped.parent.mkdir(parents=True, exist_ok=True)
    # All files are complete before the first one takes its place.
    partial = {target: target.with_name(target.name + ".partial") for _, target in pairs}
    for source, target in pairs:
        shutil.copyfile(source, partial[target])
    for target, part in partial.items():
        part.replace(target)
