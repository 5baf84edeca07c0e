"""Cross-validation: the songs of the training and validation splits in folds, each judged by a network of the others.

The cases of a fold are a selection from the existing shards, by song; nothing is cut again.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table as Lines

from paces_live.analysis.feature_config import FeatureConfig
from training.corpus.songs import Song, load, missing
from training.dataset.chunks import groups
from training.dataset.megabatch import check
from training.dataset.table import Splits, Table
from training.errors import TrainingError
from training.networks.experiment import Experiment
from training.networks.train import MEASURES, measure
from training.networks.trials import Result, TrialRunner
from training.workers import OnDone, ignore_progress


def crossvalidate(
    experiment: Experiment,
    corpus: Path,
    batches: Path,
    folder: Path,
    config: FeatureConfig,
    *,
    folds: int,
    seed: int = 1,
    epochs: int | None = None,
    on_done: OnDone = ignore_progress,
) -> Result:
    """Train `experiment` once for each fold, on all other folds, and judge it on that fold, without the test split.

    Finished trials are looked up in the study of `folder`; an interrupted one continues.

    Raises
    ------
    TrainingError
        If there are no songs, or fewer groups of them than folds.
    """
    songs = load(corpus)
    if not songs:
        raise TrainingError(missing(corpus))
    fold_of = deal(songs, folds)
    check(batches, config)
    table = Table.read(batches, "train", "validation")
    # A negative goes to the fold of its song, because some negatives are made of their song.
    fold = fold_of[table.song % len(songs)]
    if (fold < 0).any():
        raise TrainingError(
            f"{batches} was made of other songs than those in {corpus}: delete it and run python -m training megabatch"
        )
    runner = TrialRunner(folder, config, total=folds, epochs=epochs, on_done=on_done)
    runs = []
    for number in range(folds):
        cases = Splits(table.take(fold != number), table.take(fold == number))
        runs.append(measure(cases.validation.label, runner.run(experiment, cases, seed)))
    return Result(experiment.name, {"folds": folds}, folder, tuple(runs))


def deal(songs: Sequence[Song], folds: int) -> NDArray[np.int_]:
    """Return the fold of each song, -1 for songs of the test split.

    Songs of a family group or an artist stay together. The largest groups are dealt first, each to the fold with the
    fewest songs of its scarcest meter, then with the fewest songs.
    """
    known = [index for index, song in enumerate(songs) if song.split != "test"]
    group_of = groups(list(songs))
    members: dict[str, list[int]] = {}
    for index in known:
        members.setdefault(group_of[songs[index].family], []).append(index)
    if len(members) < folds:
        raise TrainingError(f"{len(members)} groups of songs cannot fill {folds} folds: make more songs or fewer folds")
    total = Counter(songs[index].meter for index in known)
    filled: Counter[tuple[int, str]] = Counter()
    size = [0] * folds
    fold = np.full(len(songs), -1)
    for name in sorted(members, key=lambda name: (-len(members[name]), name)):
        meters = Counter(songs[index].meter for index in members[name])
        scarcest = min(meters, key=lambda meter: (total[meter], meter))
        # A fold without songs comes first: every fold must have some.
        chosen = min(range(folds), key=lambda f: (size[f] > 0, filled[f, scarcest], size[f], f))
        for meter, count in meters.items():
            filled[chosen, meter] += count
        size[chosen] += len(members[name])
        fold[members[name]] = chosen
    return fold


def lines(found: Result) -> Lines:
    """Return a table of the measures of each fold in per cent, with mean and spread below."""
    result = Lines("fold", *(name.replace("_", " ") for name in MEASURES), title=found.name)
    for number, run in enumerate(found.runs, 1):
        result.add_row(str(number), *(f"{100 * run[name]:.2f}" for name in MEASURES))
    result.add_section()
    result.add_row("mean ± spread", *(found.cell(name) for name in MEASURES))
    return result
