"""Sweeps: compare experiments over several seeds, search over ranges of values, and combine the seeds."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from rich.table import Table

from paces_live.analysis.feature_config import FeatureConfig
from training.dataset.table import Splits
from training.errors import TrainingError
from training.networks.experiment import Experiment, Range
from training.networks.train import MEASURES, measure
from training.networks.trials import FAILED, OBJECTIVE, Result, TrialRunner
from training.workers import OnDone, ignore_progress

RESULTS = "sweep.json"


def sweep(
    experiments: list[Path],
    batches: Path,
    folder: Path,
    config: FeatureConfig,
    *,
    seeds: int,
    epochs: int | None = None,
    searched: int | None = None,
    on_done: OnDone = ignore_progress,
) -> list[Result]:
    """Train every experiment with the seeds 1 to `seeds` and return the results, best mean accuracy first.

    An Optuna study in `folder` keeps all trials: a finished one is not repeated, an interrupted one continues after its
    last whole epoch. A result counts only for the same cases, seed and number of epochs.

    Parameters
    ----------
    experiments
        TOML files. One with a table ``[search]`` stands for `searched` networks, which Optuna chooses from its ranges
        by the mean validation accuracy of the earlier ones.
    epochs
        Number of epochs instead of the experiments' own.
    searched
        Number of networks that each search tries in all.
    on_done
        Called with the number of finished trials and their total.

    Returns
    -------
    list of Result
        Also written to ``sweep.json`` in `folder`.

    Raises
    ------
    TrainingError
        If an experiment is invalid, two have the same name, or `searched` is given without a search or a search
        without `searched`.
    """
    read = [Experiment.read(path) for path in experiments]
    names = [experiment.name for experiment in read]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TrainingError(f"two experiments are called {twice[0]}: rename one")
    searches = [experiment.name for experiment in read if experiment.search]
    if searches and searched is None:
        raise TrainingError(f"{searches[0]} has a table [search]: give the number of networks to try with --trials")
    if searched is not None and not searches:
        raise TrainingError("no experiment has a table [search]: leave out --trials")
    total = seeds * sum(searched or 1 if experiment.search else 1 for experiment in read)
    runner = TrialRunner(folder, config, total=total, epochs=epochs, on_done=on_done)
    cases = Splits.read(batches, config)
    results: list[Result] = []
    for experiment in read:
        if experiment.search:
            results += _search(experiment, runner, cases, seeds, searched or 1)
        else:
            results.append(trials(experiment, runner, cases, seeds))
    results.sort(key=lambda result: result.mean(OBJECTIVE), reverse=True)
    text = json.dumps([asdict(result) for result in results], indent=1, default=str)
    (folder / RESULTS).write_text(text + "\n", "utf-8")
    return results


def combine(probabilities: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return the probabilities of several networks together, by each way of combining.

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


def best(results: list[Result]) -> Path:
    """Return the folder of the single network with the best `OBJECTIVE` on the validation split."""
    runs = {result.folder / f"seed-{number}": run for result in results for number, run in enumerate(result.runs, 1)}
    return max(runs, key=lambda folder: runs[folder][OBJECTIVE])


def table(results: list[Result]) -> Table:
    """Return a table of the measures in per cent: mean and spread over the seeds, and below the seeds combined."""
    lines = Table("experiment", "seeds", *(name.replace("_", " ") for name in MEASURES))
    for result in results:
        chosen = "".join(f"\n  {place} = {_short(value)}" for place, value in result.values.items())
        cells = (result.cell(name) for name in MEASURES)
        lines.add_row(result.name + chosen, str(len(result.runs)), *cells)
        for way, measures in result.combined.items():
            lines.add_row(f"  {way} of the seeds", "", *(f"{100 * measures[name]:.2f}" for name in MEASURES))
    return lines


def trials(
    experiment: Experiment, runner: TrialRunner, cases: Splits, seeds: int, values: dict[str, Any] | None = None
) -> Result:
    """Train `experiment` with all seeds that are not finished yet, and return the result."""
    probabilities = np.stack([runner.run(experiment, cases, seed) for seed in range(1, seeds + 1)])
    together = combine(probabilities) if seeds > 1 else {}
    label = cases.validation.label
    return Result(
        experiment.name,
        values or {},
        runner.home(experiment, cases),
        tuple(measure(label, probability) for probability in probabilities),
        {way: measure(label, probability) for way, probability in together.items()},
    )


def _search(experiment: Experiment, runner: TrialRunner, cases: Splits, seeds: int, count: int) -> list[Result]:
    """Return the results of `count` networks that Optuna chose from the ranges of `experiment`."""
    ranges = hashlib.sha256(repr(sorted(experiment.search.items())).encode()).hexdigest()[:8]
    name = f"{experiment.name}-{runner.key(experiment, cases)}-{ranges}-{seeds}"
    # A new seed for each continuation: the same one would propose the same values again.
    known = len(runner.study(name).trials)
    study = runner.study(name, optuna.samplers.TPESampler(seed=1 + known))
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=FAILED)
        study.enqueue_trial(trial.params)
    done = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))[:count]
    # All seeds of these are in the study of networks, so nothing is trained here.
    results = [trials(experiment.varied(trial.params), runner, cases, seeds, trial.params) for trial in done]
    for _ in range(count - len(done)):
        chosen = study.ask()
        values = {place: _suggested(chosen, place, within) for place, within in experiment.search.items()}
        results.append(trials(experiment.varied(values), runner, cases, seeds, values))
        study.tell(chosen, results[-1].mean(OBJECTIVE))
    return results


def _suggested(trial: optuna.Trial, place: str, within: Range) -> Any:
    if within.choices:
        return trial.suggest_categorical(place, within.choices)
    if isinstance(within.low, int) and isinstance(within.high, int):
        return trial.suggest_int(place, within.low, within.high, log=within.log)
    return trial.suggest_float(place, within.low, within.high, log=within.log)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
