"""Experiments of networks, and what becomes of them; the latter in processes of their own, see networks.py."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from training.errors import TrainingError
from training.networks.experiment import EXPERIMENTS, SHIPPED, Experiment

ROOT = Path(__file__).parents[2]
RECORD: dict[str, Any] = {
    "about": "",
    "fold": [{"kind": "convolution", "filters": 4, "size": [1, 3]}, {"kind": "flatten"}],
    "head": [{"kind": "dropout", "rate": 0.5}],
    "training": {"epochs": 3},
}


@pytest.mark.parametrize(
    "checks",
    [
        "shipped three_d preprocessed exported scaled",
        "trained told swept",
        "crossvalidated",
        "tolerated",
        "distilled",
        "quantized",
    ],
)
def test_networks(checks: str, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        str(ROOT / "tests" / "training" / "networks.py"),
        str(tmp_path),
        *checks.split(),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_description_is_valid_and_says_what_it_is(path: Path) -> None:
    assert len(Experiment.read(path).about.split()) > 8


@pytest.mark.parametrize("name", ["genre", "log_constant", "no_context", "pcen", "per_band_flux", "wider"])
def test_an_experiment_differs_from_the_network_that_ships_in_one_thing(name: str) -> None:
    """Else what comes out would say nothing of that thing."""
    shipped, other = (Experiment.read(EXPERIMENTS / f"{each}.toml") for each in ("shipped", name))
    assert other.training == shipped.training
    changed = {
        part
        for part in ("use_context", "use_genre", "context", "fold", "head")
        if getattr(other, part) != getattr(shipped, part)
    }
    allowed = {"genre": {"use_genre"}, "no_context": {"use_context", "context"}, "wider": {"fold", "head"}}
    assert changed == allowed.get(name, {"fold"})
    if changed == {"fold"}:
        assert other.fold[1:] == shipped.fold


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fould": []}, "unknown key 'fould'; did you mean 'fold'?"),
        ({"fold": [{"kind": "convolusion"}]}, "fold.0: unknown kind 'convolusion'; did you mean 'convolution'?"),
        ({"fold": [{"kind": "dropout", "rat": 0.1}]}, "unknown key 'rat'; did you mean 'rate'?"),
        ({"fold": [{"kind": "dropout"}]}, "fold.0 (dropout): rate is missing"),
        ({"fold": [{"kind": "dense", "units": "many"}]}, "units must be of type int, not 'many'"),
        ({"fold": [{"kind": "convolution", "filters": 4, "size": [3]}]}, "two numbers"),
        ({"training": {"epochs": 3, "optimizer": "adan"}}, "unknown value 'adan'; did you mean 'adam'?"),
        ({"training": {"epochs": 3, "average_from": 0.5}}, "average_from must be of type int"),
        ({"context": [{"kind": "relu"}], "use_context": False}, "use_context is false"),
        ({"training": {"epochs": 0}}, "epochs must be at least 1"),
        ({"training": {"epochs": 3, "batch": -1}}, "batch must be at least 1"),
        ({"training": {"epochs": 3, "learning_rate": 0.0}}, "learning_rate must be above 0"),
        ({"training": {"epochs": 3, "taste": 3.0}}, "taste is a share, from 0 to 1"),
        ({"use_genre": True}, "use_genre needs a dense layer as the first of context"),
        ({"search": {"fold.7.filters": [1, 2]}}, "there is no such place"),
        ({"search": {"training.learning_rat": [0.1]}}, "did you mean 'learning_rate'?"),
    ],
)
def test_mistakes_are_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingError) as error:
        Experiment.parse(RECORD | change, "mine")
    assert message in str(error.value)


def test_a_missing_file_names_the_nearest() -> None:
    with pytest.raises(TrainingError, match="did you mean 'shipped'"):
        Experiment.read(EXPERIMENTS / "shiped.toml")


def test_the_digest_tells_experiments_apart_not_their_names() -> None:
    one, same = Experiment.parse(RECORD, "one"), Experiment.parse(RECORD | {"about": "another text"}, "two")
    assert one.digest == same.digest
    assert one.digest != one.varied({"fold.0.filters": 5}).digest
    dense = [{"kind": "dense", "units": 2}]
    knowing, told = (Experiment.parse(RECORD | {"context": dense, "use_genre": use}, "one") for use in (False, True))
    assert knowing.digest != told.digest
    assert one.digest != one.varied({"training.learning_rate": 0.5}).digest


def test_what_ships_sees_the_context() -> None:
    assert Experiment.read(SHIPPED).use_context
