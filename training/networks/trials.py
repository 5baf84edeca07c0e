"""Trials of experiments: each training is done once and then looked up in an Optuna study."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from training.dataset.table import Splits
from training.networks.experiment import Experiment
from training.networks.train import PROBABILITIES, measure, train
from training.workers import OnDone, ignore_progress

TRIALS = "trials.db"
OBJECTIVE = "accuracy"
"""Measure on validation cases that a study maximizes."""
FAILED = optuna.trial.TrialState.FAIL


@dataclass(frozen=True, slots=True)
class Result:
    """The trials of an experiment, one per seed or one per fold.

    Attributes
    ----------
    name : str
        Name of the experiment.
    values : dict
        Values that a search chose, by place, or another parameter that distinguishes these trials.
    folder : Path
        Folder of their runs, see `training.networks.train.train`.
    runs : tuple of dict
        Validation measures of each trial.
    combined : dict of dict
        Validation measures of all trials together, by the way of combining; see `training.networks.sweep.combine`.
    """

    name: str
    values: dict[str, Any]
    folder: Path
    runs: tuple[dict[str, float], ...]
    combined: dict[str, dict[str, float]] = field(default_factory=dict)

    def mean(self, measure: str) -> float:
        """Return the mean over the trials."""
        return float(np.mean([run[measure] for run in self.runs]))

    def spread(self, measure: str) -> float:
        """Return the sample standard deviation over the trials; 0 for a single one."""
        return float(np.std([run[measure] for run in self.runs], ddof=1)) if len(self.runs) > 1 else 0.0

    def cell(self, measure: str) -> str:
        """Return mean and spread in per cent."""
        return f"{100 * self.mean(measure):.2f} ± {100 * self.spread(measure):.2f}"


class TrialRunner:
    """Trains networks in a folder; a finished trial is not repeated.

    Parameters
    ----------
    total
        Number of trials to come.
    epochs
        Number of epochs instead of the experiments' own.
    on_done
        Called with the number of finished trials and their total.
    """

    def __init__(
        self,
        folder: Path,
        config: FeatureConfig,
        *,
        total: int,
        epochs: int | None = None,
        on_done: OnDone = ignore_progress,
    ) -> None:
        self._folder, self._config, self._epochs = folder, config, epochs
        self._on_done, self._done, self._total = on_done, 0, total
        folder.mkdir(parents=True, exist_ok=True)
        self._study = self.study("networks")
        on_done(0, total)

    def study(self, name: str, sampler: optuna.samplers.BaseSampler | None = None) -> optuna.Study:
        """Return the study `name`; create it if it does not exist."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = f"sqlite:///{self._folder / TRIALS}"
        return optuna.create_study(
            study_name=name, storage=storage, sampler=sampler, direction="maximize", load_if_exists=True
        )

    def key(self, experiment: Experiment, cases: Splits) -> str:
        """Return a key of everything that the results of an experiment depend on, except the seed."""
        epochs = self._epochs or experiment.training.epochs
        return f"{experiment.digest}-{cases.fingerprint}-{self._config.fingerprint[:8]}-{epochs}"

    def home(self, experiment: Experiment, cases: Splits) -> Path:
        """Return the folder of the runs of an experiment on these cases."""
        return self._folder / f"{experiment.name}-{self.key(experiment, cases)}"

    def run(self, experiment: Experiment, cases: Splits, seed: int) -> NDArray[np.float32]:
        """Train `experiment` if it is not trained yet, and return its probabilities of all validation cases.

        An interrupted training continues after its last whole epoch.
        """
        key, folder = self.key(experiment, cases), self.home(experiment, cases) / f"seed-{seed}"
        if not (self._finished(key, seed) and (folder / PROBABILITIES).exists()):
            trial = self._study.ask()
            for name, value in {"network": experiment.name, "key": key, "seed": seed}.items():
                trial.set_user_attr(name, value)
            train(cases, folder, experiment, self._config, seed=seed, epochs=self._epochs)
            measures = measure(cases.validation.label, np.load(folder / PROBABILITIES))
            for name, number in measures.items():
                trial.set_user_attr(name, number)
            self._study.tell(trial, measures[OBJECTIVE])
        self._done += 1
        self._on_done(self._done, self._total)
        probability: NDArray[np.float32] = np.load(folder / PROBABILITIES)
        return probability

    def _finished(self, key: str, seed: int) -> bool:
        for trial in _mine(self._study, key=key, seed=seed):
            if trial.state == optuna.trial.TrialState.COMPLETE:
                return True
            if not trial.state.is_finished():
                self._study.tell(trial.number, state=FAILED)
        return False


def _mine(study: optuna.Study, **attributes: Any) -> Iterator[Any]:
    for trial in study.get_trials(deepcopy=False):
        if all(trial.user_attrs.get(name) == value for name, value in attributes.items()):
            yield trial
