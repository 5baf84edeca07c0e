"""Networks side by side: every description with several seeds, or a search over ranges; then the seeds combined."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from rich.table import Table

from paces_live.analysis.feature_config import FeatureConfig
from training.dataset.table import Division
from training.errors import TrainingError
from training.networks.experiment import Description, Range
from training.networks.train import MEASURES, measure
from training.networks.trials import FAILED, OBJECTIVE, Bench, Outcome

RESULTS = "sweep.json"


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
    total = seeds * sum(trials or 1 if description.search else 1 for description in read)
    bench = Bench(folder, config, total=total, epochs=epochs, on_done=on_done)
    cases = Division.read(batches, config)
    outcomes: list[Outcome] = []
    for description in read:
        if description.search:
            outcomes += _search(description, bench, cases, seeds, trials or 1)
        else:
            outcomes.append(outcome(description, bench, cases, seeds))
    outcomes.sort(key=lambda each: each.mean(OBJECTIVE), reverse=True)
    text = json.dumps([asdict(each) for each in outcomes], indent=1, default=str)
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


def best(outcomes: list[Outcome]) -> Path:
    """Return the folder of the single network that is the best by `OBJECTIVE` on the validation split."""
    runs = {
        outcome.folder / f"seed-{number}": run for outcome in outcomes for number, run in enumerate(outcome.runs, 1)
    }
    return max(runs, key=lambda folder: runs[folder][OBJECTIVE])


def table(outcomes: list[Outcome]) -> Table:
    """Return the measures in per cent: mean and spread over the seeds, and below them the seeds combined."""
    result = Table("network", "seeds", *(name.replace("_", " ") for name in MEASURES))
    for each in outcomes:
        chosen = "".join(f"\n  {place} = {_short(value)}" for place, value in each.values.items())
        cells = (each.cell(name) for name in MEASURES)
        result.add_row(each.name + chosen, str(len(each.runs)), *cells)
        for way, measures in each.combined.items():
            result.add_row(f"  {way} of the seeds", "", *(f"{100 * measures[name]:.2f}" for name in MEASURES))
    return result


def outcome(
    description: Description, bench: Bench, cases: Division, seeds: int, values: dict[str, Any] | None = None
) -> Outcome:
    """Train `description` with all seeds that are not done, and return what became of it."""
    said = np.stack([bench.run(description, cases, seed) for seed in range(1, seeds + 1)])
    together = combine(said) if seeds > 1 else {}
    label = cases.validation.label
    return Outcome(
        description.name,
        values or {},
        bench.home(description, cases),
        tuple(measure(label, probability) for probability in said),
        {way: measure(label, probability) for way, probability in together.items()},
    )


def _search(description: Description, bench: Bench, cases: Division, seeds: int, trials: int) -> list[Outcome]:
    """Return the outcomes of `trials` networks that Optuna chose from the ranges of `description`."""
    ranges = hashlib.sha256(repr(sorted(description.search.items())).encode()).hexdigest()[:8]
    name = f"{description.name}-{bench.key(description, cases)}-{ranges}-{seeds}"
    # A seed of its own for each continuation: the same one would propose what was tried already.
    known = len(bench.study(name).trials)
    study = bench.study(name, optuna.samplers.TPESampler(seed=1 + known))
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=FAILED)
        study.enqueue_trial(trial.params)
    done = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))[:trials]
    # Every seed of these is in the study of networks: nothing is trained for them.
    outcomes = [outcome(description.varied(trial.params), bench, cases, seeds, trial.params) for trial in done]
    for _ in range(trials - len(done)):
        chosen = study.ask()
        values = {place: _suggested(chosen, place, within) for place, within in description.search.items()}
        outcomes.append(outcome(description.varied(values), bench, cases, seeds, values))
        study.tell(chosen, outcomes[-1].mean(OBJECTIVE))
    return outcomes


def _suggested(trial: optuna.Trial, place: str, within: Range) -> Any:
    if within.choices:
        return trial.suggest_categorical(place, within.choices)
    if isinstance(within.low, int) and isinstance(within.high, int):
        return trial.suggest_int(place, within.low, within.high, log=within.log)
    return trial.suggest_float(place, within.low, within.high, log=within.log)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
