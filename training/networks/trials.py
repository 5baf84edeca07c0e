"""Where networks are trained side by side: each training once, looked up in a study when it is asked for again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray

from paces_live.analysis.feature_config import FeatureConfig
from training.dataset.table import Division
from training.networks.experiment import Description
from training.networks.train import PROBABILITIES, measure, train

TRIALS = "trials.db"
OBJECTIVE = "accuracy"
"""What a study maximizes, on validation cases."""
FAILED = optuna.trial.TrialState.FAIL


@dataclass(frozen=True, slots=True)
class Outcome:
    """A description's networks, one a seed or one a part of the cases.

    Attributes
    ----------
    name : str
    values : dict
        What a search chose, by place, or what else sets these networks apart.
    folder : Path
        Where their runs are, as `training.networks.train.train` leaves them.
    runs : tuple of dict
        Validation measures of each network.
    combined : dict of dict
        Validation measures of all networks together, by the way of combining; see `training.networks.sweep.combine`.
    """

    name: str
    values: dict[str, Any]
    folder: Path
    runs: tuple[dict[str, float], ...]
    combined: dict[str, dict[str, float]] = field(default_factory=dict)

    def mean(self, measure: str) -> float:
        """Return the mean over the networks."""
        return float(np.mean([run[measure] for run in self.runs]))

    def spread(self, measure: str) -> float:
        """Return the sample standard deviation over the networks; 0 for a single one."""
        return float(np.std([run[measure] for run in self.runs], ddof=1)) if len(self.runs) > 1 else 0.0

    def cell(self, measure: str) -> str:
        """Return mean and spread in per cent."""
        return f"{100 * self.mean(measure):.2f} ± {100 * self.spread(measure):.2f}"


class Bench:
    """Trains networks in a folder and keeps count; a training that is finished is not done again.

    Parameters
    ----------
    total
        Trainings that there will be.
    epochs
        Instead of the number that each description gives.
    on_done : callable
        Told the number of trainings done and their total.
    """

    def __init__(
        self,
        folder: Path,
        config: FeatureConfig,
        *,
        total: int,
        epochs: int | None = None,
        on_done: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        self._folder, self._config, self._epochs = folder, config, epochs
        self._on_done, self._done, self._total = on_done, 0, total
        folder.mkdir(parents=True, exist_ok=True)
        self._study = self.study("networks")
        on_done(0, total)

    def study(self, name: str, sampler: optuna.samplers.BaseSampler | None = None) -> optuna.Study:
        """Return the study `name`, created if need be."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = f"sqlite:///{self._folder / TRIALS}"
        return optuna.create_study(
            study_name=name, storage=storage, sampler=sampler, direction="maximize", load_if_exists=True
        )

    def key(self, description: Description, cases: Division) -> str:
        """Return what the results of a description depend on, beside the seed."""
        epochs = self._epochs or description.training.epochs
        return f"{description.digest}-{cases.fingerprint}-{self._config.fingerprint[:8]}-{epochs}"

    def home(self, description: Description, cases: Division) -> Path:
        """Return the folder of the runs of a description on these cases."""
        return self._folder / f"{description.name}-{self.key(description, cases)}"

    def run(self, description: Description, cases: Division, seed: int) -> NDArray[np.float32]:
        """Train `description` if that is not done, and return its probabilities of all validation cases.

        One that was interrupted goes on after its last whole epoch.
        """
        key, folder = self.key(description, cases), self.home(description, cases) / f"seed-{seed}"
        if not (self._finished(key, seed) and (folder / PROBABILITIES).exists()):
            trial = self._study.ask()
            for name, value in {"network": description.name, "key": key, "seed": seed}.items():
                trial.set_user_attr(name, value)
            train(cases, folder, description, self._config, seed=seed, epochs=self._epochs)
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
