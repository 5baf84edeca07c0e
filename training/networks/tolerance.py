"""How far from a pace a candidate may be to be called compatible: stored cases labelled anew, networks compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.table import Table as Lines

from paces_live.analysis.feature_config import FeatureConfig
from training.annotations.truth import TOLERANCE, Truth, judge_all
from training.corpus.songs import Song, load
from training.dataset.megabatch import exactness
from training.dataset.table import Division, Table
from training.networks.experiment import Description
from training.networks.train import MEASURES, measure
from training.networks.trials import Bench, Outcome


@dataclass(frozen=True, slots=True)
class Study:
    """Networks that learned labels of one tolerance, one a seed.

    Attributes
    ----------
    positive : float
        Share of the training cases that are compatible, of those that are no matter of taste.
    product, own : Outcome
        Judged by the product's tolerance, and by that of the labels learned.
    """

    tolerance: float
    positive: float
    product: Outcome
    own: Outcome


def study(
    description: Description,
    tolerances: Sequence[float],
    corpus: Path,
    batches: Path,
    folder: Path,
    config: FeatureConfig,
    *,
    seeds: int,
    epochs: int | None = None,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Study]:
    """Train `description` under each tolerance and judge the networks on the validation split.

    Only what is learned is labelled anew; which epoch's network is kept is decided by the product's tolerance. Finished
    trainings are looked up in the study of `folder`, which sweeps share; one that was interrupted goes on.
    """
    songs, stored = load(corpus), Division.read(batches, config)
    judged = relabelled(stored.validation, songs, TOLERANCE)
    bench = Bench(folder, config, total=len(tolerances) * seeds, epochs=epochs, on_done=on_done)
    results = []
    for tolerance in tolerances:
        cases = Division(relabelled(stored.train, songs, tolerance), judged)
        said = [bench.run(description, cases, seed) for seed in range(1, seeds + 1)]
        home = bench.home(description, cases)
        outcomes = [
            Outcome(description.name, {"tolerance": tolerance}, home, tuple(measure(label, one) for one in said))
            for label in (judged.label, relabelled(stored.validation, songs, tolerance).label)
        ]
        known = cases.train.label >= 0
        results.append(Study(tolerance, float(np.mean(cases.train.label[known])), *outcomes))
    return results


def relabelled(table: Table, songs: Sequence[Song], tolerance: float) -> Table:
    """Return the cases as they are labelled under `tolerance`; what has no pace stays without one."""
    label, exact = table.label.copy(), table.exact.copy()
    for index in np.unique(table.song[table.song < len(songs)]):
        here = table.song == index
        truth = songs[index].truth
        truth = Truth(truth.compatible, truth.taste, tolerance)
        label[here] = judge_all(table.spm[here], truth)
        exact[here] = exactness(table.spm[here], truth)
    return replace(table, label=label, exact=exact)


def lines(studies: Sequence[Study]) -> Lines:
    """Return the measures in per cent, mean and spread over the seeds, by the product's tolerance and by its own."""
    names = [name.replace("_", " ") for name in MEASURES]
    result = Lines(
        "learned", "compatible", *(f"{name} at {100 * TOLERANCE:g} %" for name in names), "accuracy at its own"
    )
    for each in studies:
        cells = (each.product.cell(name) for name in MEASURES)
        own = each.own.cell("accuracy")
        result.add_row(f"{100 * each.tolerance:g} %", f"{100 * each.positive:.1f}", *cells, own)
    return result
