"""Cross-validation: the songs of training and validation in folds, each judged by a network that learned of the others.

A fold's cases are one megabatch: a view of the shards that are there, by song. Nothing is cut anew.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table as Lines

from paces_live.analysis.feature_config import FeatureConfig
from training.corpus.songs import Song, load
from training.dataset.chunks import groups
from training.dataset.megabatch import check
from training.dataset.table import Division, Table
from training.errors import TrainingError
from training.networks.experiment import Description
from training.networks.train import MEASURES, measure
from training.networks.trials import Bench, Outcome


def crossvalidate(
    description: Description,
    corpus: Path,
    batches: Path,
    folder: Path,
    config: FeatureConfig,
    *,
    folds: int,
    seed: int = 1,
    epochs: int | None = None,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> Outcome:
    """Train `description` once for each fold, on all others, and judge it on that fold; the test split has no part.

    Finished trainings are looked up in the study of `folder`; one that was interrupted goes on.

    Raises
    ------
    TrainingError
        There are fewer groups of songs than folds.
    """
    songs = load(corpus)
    fold_of = deal(songs, folds)
    check(batches, config)
    table = Table.read(batches, "train", "validation")
    # What has no pace goes where the song is that it stands beside: some of it is made of that song.
    fold = fold_of[table.song % len(songs)]
    if (fold < 0).any():
        raise TrainingError(f"the songs in {corpus} are not those that {batches} was made of; make it anew")
    bench = Bench(folder, config, total=folds, epochs=epochs, on_done=on_done)
    runs = []
    for number in range(folds):
        cases = Division(table.take(fold != number), table.take(fold == number))
        runs.append(measure(cases.validation.label, bench.run(description, cases, seed)))
    return Outcome(description.name, {"folds": folds}, folder, tuple(runs))


def deal(songs: Sequence[Song], folds: int) -> NDArray[np.int_]:
    """Return the fold of each song; -1 for those of the test split.

    Songs of a family group or an artist stay together. The largest groups are dealt first, each to the fold that has
    fewest songs of its scarcest meter, then fewest songs.
    """
    known = [index for index, song in enumerate(songs) if song.split != "test"]
    group_of = groups(list(songs))
    members: dict[str, list[int]] = {}
    for index in known:
        members.setdefault(group_of[songs[index].family], []).append(index)
    if len(members) < folds:
        raise TrainingError(f"{len(members)} groups of songs cannot make {folds} folds; make more songs or fewer folds")
    total = Counter(songs[index].meter for index in known)
    filled: Counter[tuple[int, str]] = Counter()
    size = [0] * folds
    fold = np.full(len(songs), -1)
    for name in sorted(members, key=lambda name: (-len(members[name]), name)):
        meters = Counter(songs[index].meter for index in members[name])
        scarcest = min(meters, key=lambda meter: (total[meter], meter))
        # A fold without any song comes first: each must have some.
        chosen = min(range(folds), key=lambda f: (size[f] > 0, filled[f, scarcest], size[f], f))
        for meter, count in meters.items():
            filled[chosen, meter] += count
        size[chosen] += len(members[name])
        fold[members[name]] = chosen
    return fold


def lines(outcome: Outcome) -> Lines:
    """Return the measures of each fold in per cent, and below them mean and spread."""
    result = Lines("fold", *(name.replace("_", " ") for name in MEASURES), title=outcome.name)
    for number, run in enumerate(outcome.runs, 1):
        result.add_row(str(number), *(f"{100 * run[name]:.2f}" for name in MEASURES))
    result.add_section()
    result.add_row("mean ± spread", *(outcome.cell(name) for name in MEASURES))
    return result
