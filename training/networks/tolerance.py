"""Study of the tolerance: label the stored cases by several tolerances, and compare networks trained on the labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.table import Table as Lines

from paces_live.analysis.feature_config import FeatureConfig
from training.annotations.truth import TOLERANCE, Truth, labels
from training.corpus.songs import Song, load
from training.dataset.megabatch import exactness
from training.dataset.table import Splits, Table
from training.networks.experiment import Experiment
from training.networks.train import MEASURES, measure
from training.networks.trials import Result, TrialRunner
from training.workers import OnDone, ignore_progress


@dataclass(frozen=True, slots=True)
class Study:
    """Networks trained on the labels of one tolerance, one per seed.

    Attributes
    ----------
    positive : float
        Share of compatible cases in the training split, without ambiguous ones.
    product, own : Result
        Judged by the tolerance of the product, and by that of the labels.
    """

    tolerance: float
    positive: float
    product: Result
    own: Result


def study(
    experiment: Experiment,
    tolerances: Sequence[float],
    corpus: Path,
    batches: Path,
    folder: Path,
    config: FeatureConfig,
    *,
    seeds: int,
    epochs: int | None = None,
    on_done: OnDone = ignore_progress,
) -> list[Study]:
    """Train `experiment` under each tolerance and judge the networks on the validation split.

    Only the training cases get other labels; the product's tolerance decides which epoch's network is kept. Finished
    trials are looked up in the study of `folder`, which sweeps share; an interrupted one continues.
    """
    songs, stored = load(corpus), Splits.read(batches, config)
    judged = relabelled(stored.validation, songs, TOLERANCE)
    runner = TrialRunner(folder, config, total=len(tolerances) * seeds, epochs=epochs, on_done=on_done)
    results = []
    for tolerance in tolerances:
        cases = Splits(relabelled(stored.train, songs, tolerance), judged)
        probabilities = [runner.run(experiment, cases, seed) for seed in range(1, seeds + 1)]
        home = runner.home(experiment, cases)
        judged_by = [
            Result(experiment.name, {"tolerance": tolerance}, home, tuple(measure(label, p) for p in probabilities))
            for label in (judged.label, relabelled(stored.validation, songs, tolerance).label)
        ]
        known = cases.train.label >= 0
        results.append(Study(tolerance, float(np.mean(cases.train.label[known])), *judged_by))
    return results


def relabelled(table: Table, songs: Sequence[Song], tolerance: float) -> Table:
    """Return the cases with the labels of `tolerance`; negatives stay negatives."""
    label, exact = table.label.copy(), table.exact.copy()
    for index in np.unique(table.song[table.song < len(songs)]):
        here = table.song == index
        truth = songs[index].truth
        truth = Truth(truth.compatible, truth.ambiguous, tolerance)
        at_mean_tempo = table.spm[here] / table.speed[here]
        label[here] = labels(at_mean_tempo, truth)
        exact[here] = exactness(at_mean_tempo, truth)
    return replace(table, label=label, exact=exact)


def lines(studies: Sequence[Study]) -> Lines:
    """Return a table of the measures in per cent, mean and spread, by the product's tolerance and by each one's own."""
    names = [name.replace("_", " ") for name in MEASURES]
    result = Lines(
        "tolerance", "compatible", *(f"{name} at {100 * TOLERANCE:g} %" for name in names), "accuracy at its own"
    )
    for each in studies:
        cells = (each.product.cell(name) for name in MEASURES)
        own = each.own.cell("accuracy")
        result.add_row(f"{100 * each.tolerance:g} %", f"{100 * each.positive:.1f}", *cells, own)
    return result
