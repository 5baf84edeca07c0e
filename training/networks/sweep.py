"""Networks side by side: every description with several seeds, or a search over ranges; then the seeds combined."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from rich.table import Table

from paces_live.config import FeatureConfig
from training.cases import megabatch
from training.errors import TrainingError
from training.evaluation.metrics import candidate_measures
from training.networks.description import Description, Range
from training.networks.train import MEASURES, PROBABILITIES, train

TRIALS, RESULTS = "trials.db", "sweep.json"
OBJECTIVE = "accuracy"
"""What a search maximizes: the mean over the seeds, on validation cases."""
FAILED = optuna.trial.TrialState.FAIL


@dataclass(frozen=True, slots=True)
class Outcome:
    """A description's networks, one a seed.

    Attributes
    ----------
    name : str
    values : dict
        What a search chose, by place; empty for a description as it stands.
    folder : Path
        A run for each seed, ``seed-1`` and so on, as `training.networks.train.train` leaves them.
    seeds : tuple of dict
        Validation measures of the network of each seed.
    combined : dict of dict
        Validation measures of all seeds' networks together, by the way of combining; see `combine`.
    """

    name: str
    values: dict[str, Any]
    folder: Path
    seeds: tuple[dict[str, float], ...]
    combined: dict[str, dict[str, float]] = field(default_factory=dict)

    def mean(self, measure: str) -> float:
        """Return the mean over the seeds."""
        return float(np.mean([run[measure] for run in self.seeds]))

    def spread(self, measure: str) -> float:
        """Return the sample standard deviation over the seeds; 0 for a single one."""
        return float(np.std([run[measure] for run in self.seeds], ddof=1)) if len(self.seeds) > 1 else 0.0


def sweep(
    descriptions: list[Path],
    batches: Path,
    folder: Path,
    config: FeatureConfig,
    *,
    seeds: int,
    epochs: int | None = None,
    trials: int | None = None,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Outcome]:
    """Train every description with the seeds 1 to `seeds` and return the outcomes, best mean accuracy first.

    All trials are kept in an Optuna study in `folder`: one that is finished is not run again, one that was interrupted
    goes on after its last whole epoch. Results hold for the same cases, seed and number of epochs only.

    Parameters
    ----------
    descriptions
        TOML files. One with a table ``[search]`` stands for `trials` networks, which Optuna chooses from its ranges by
        the mean validation accuracy of those before.
    epochs
        Instead of the number that each description gives.
    trials
        Networks that each search tries in all.
    on_done : callable
        Told the number of trainings done and their total.

    Returns
    -------
    list of Outcome
        Also written to ``sweep.json`` in `folder`.

    Raises
    ------
    TrainingError
        A description is wrong, two have the same name, or `trials` is given without a search, or a search without it.
    """
    read = [Description.read(path) for path in descriptions]
    names = [description.name for description in read]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TrainingError(f"two descriptions are called {twice[0]}; rename one")
    searched = [description.name for description in read if description.search]
    if searched and trials is None:
        raise TrainingError(f"{searched[0]} has a table [search]: say how many networks to try, with --trials")
    if trials is not None and not searched:
        raise TrainingError("--trials is for a search, and none of the descriptions has a table [search]")
    folder.mkdir(parents=True, exist_ok=True)
    bench = _Bench(batches, folder, config, seeds, epochs, on_done)
    bench.total = seeds * sum(trials or 1 if description.search else 1 for description in read)
    outcomes: list[Outcome] = []
    for description in read:
        if description.search:
            outcomes += _search(description, bench, trials or 1)
        else:
            outcomes.append(bench.outcome(description))
    outcomes.sort(key=lambda outcome: outcome.mean(OBJECTIVE), reverse=True)
    text = json.dumps([asdict(outcome) for outcome in outcomes], indent=1, default=str)
    (folder / RESULTS).write_text(text + "\n", "utf-8")
    return outcomes


def combine(probabilities: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return the verdicts of several networks together, by each way of combining.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (networks, n)

    Returns
    -------
    dict of ndarray of float32, shape (n,)
        The mean; the mean of the log odds, as a probability; the median.
    """
    clipped = np.clip(probabilities.astype(np.float64), 1e-6, 1.0 - 1e-6)
    odds = np.log(clipped / (1.0 - clipped)).mean(axis=0)
    combined = {
        "mean": probabilities.mean(axis=0),
        "logit mean": 1.0 / (1.0 + np.exp(-odds)),
        "median": np.median(probabilities, axis=0),
    }
    return {way: values.astype(np.float32) for way, values in combined.items()}


def table(outcomes: list[Outcome]) -> Table:
    """Return the measures in per cent: mean and spread over the seeds, and below them the seeds combined."""
    result = Table("network", "seeds", *(name.replace("_", " ") for name in MEASURES))
    for outcome in outcomes:
        chosen = "".join(f"\n  {place} = {_short(value)}" for place, value in outcome.values.items())
        cells = (f"{100 * outcome.mean(name):.2f} ± {100 * outcome.spread(name):.2f}" for name in MEASURES)
        result.add_row(outcome.name + chosen, str(len(outcome.seeds)), *cells)
        for way, measures in outcome.combined.items():
            result.add_row(f"  {way} of the seeds", "", *(f"{100 * measures[name]:.2f}" for name in MEASURES))
    return result


class _Bench:
    """Where networks are trained: finished trainings are looked up in the study, and counted."""

    def __init__(
        self,
        batches: Path,
        folder: Path,
        config: FeatureConfig,
        seeds: int,
        epochs: int | None,
        on_done: Callable[[int, int], None],
    ) -> None:
        self.seeds = seeds
        self.total = 0
        self._batches, self._folder, self._config, self._epochs = batches, folder, config, epochs
        self._on_done, self._done = on_done, 0
        self._label = megabatch.read(batches, "validation").label
        self._cases = _fingerprint(batches, config)
        self._study = self.study("networks")

    def study(self, name: str, sampler: optuna.samplers.BaseSampler | None = None) -> optuna.Study:
        """Return the study `name`, created if need be."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = f"sqlite:///{self._folder / TRIALS}"
        return optuna.create_study(
            study_name=name, storage=storage, sampler=sampler, direction="maximize", load_if_exists=True
        )

    def key(self, description: Description) -> str:
        """Return what the results of a description depend on, beside the seed."""
        return f"{description.digest}-{self._cases}-{self._epochs or description.training.epochs}"

    def outcome(self, description: Description, values: dict[str, Any] | None = None) -> Outcome:
        """Train `description` with all seeds that are not done, and return what became of it."""
        home = self._folder / f"{description.name}-{self.key(description)}"
        runs = []
        for seed in range(1, self.seeds + 1):
            self._on_done(self._done, self.total)
            runs.append(self._run(description, home / f"seed-{seed}", seed))
            self._done += 1
            self._on_done(self._done, self.total)
        combined = {}
        if self.seeds > 1:
            together = combine(np.stack([np.load(home / f"seed-{n + 1}" / PROBABILITIES) for n in range(self.seeds)]))
            combined = {way: self._measures(probability) for way, probability in together.items()}
        return Outcome(description.name, values or {}, home, tuple(runs), combined)

    def _run(self, description: Description, run: Path, seed: int) -> dict[str, float]:
        key = self.key(description)
        probabilities = run / PROBABILITIES
        for trial in _mine(self._study, key=key, seed=seed):
            if trial.state == optuna.trial.TrialState.COMPLETE and probabilities.exists():
                return self._measures(np.load(probabilities))
            if not trial.state.is_finished():
                self._study.tell(trial.number, state=FAILED)
        trial = self._study.ask()
        for name, value in {"network": description.name, "key": key, "seed": seed}.items():
            trial.set_user_attr(name, value)
        train(self._batches, run, description, self._config, seed=seed, epochs=self._epochs)
        measures = self._measures(np.load(probabilities))
        for name, value in measures.items():
            trial.set_user_attr(name, value)
        self._study.tell(trial, measures[OBJECTIVE])
        return measures

    def _measures(self, probability: NDArray[np.float32]) -> dict[str, float]:
        measures = candidate_measures(self._label, probability)
        return {name: measures[name] for name in MEASURES}


def _search(description: Description, bench: _Bench, trials: int) -> list[Outcome]:
    """Return the outcomes of `trials` networks that Optuna chose from the ranges of `description`."""
    ranges = hashlib.sha256(repr(sorted(description.search.items())).encode()).hexdigest()[:8]
    name = f"{description.name}-{bench.key(description)}-{ranges}-{bench.seeds}"
    # A seed of its own for each continuation: the same one would propose what was tried already.
    known = len(bench.study(name).trials)
    study = bench.study(name, optuna.samplers.TPESampler(seed=1 + known))
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=FAILED)
        study.enqueue_trial(trial.params)
    done = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))[:trials]
    # Every seed of these is in the study of networks: nothing is trained for them.
    outcomes = [bench.outcome(description.varied(trial.params), trial.params) for trial in done]
    for _ in range(trials - len(done)):
        chosen = study.ask()
        values = {place: _suggested(chosen, place, within) for place, within in description.search.items()}
        outcome = bench.outcome(description.varied(values), values)
        study.tell(chosen, outcome.mean(OBJECTIVE))
        outcomes.append(outcome)
    return outcomes


def _suggested(trial: optuna.Trial, place: str, within: Range) -> Any:
    if within.choices:
        return trial.suggest_categorical(place, within.choices)
    if isinstance(within.low, int) and isinstance(within.high, int):
        return trial.suggest_int(place, within.low, within.high, log=within.log)
    return trial.suggest_float(place, within.low, within.high, log=within.log)


def _mine(study: optuna.Study, **attributes: Any) -> Iterator[Any]:
    for trial in study.get_trials(deepcopy=False):
        if all(trial.user_attrs.get(name) == value for name, value in attributes.items()):
            yield trial


def _fingerprint(batches: Path, config: FeatureConfig) -> str:
    """Return a hash that tells megabatches apart, by what they were made with and the sizes of their shards."""
    parts = [config.fingerprint]
    for split in ("train", "validation"):
        parts += [f"{split}/{shard.name} {shard.stat().st_size}" for shard, _ in megabatch.shards(batches, split)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
