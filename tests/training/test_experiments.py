"""Experiments: every file is valid, and mistakes give clear messages."""

from pathlib import Path
from typing import Any

import pytest

from training.errors import TrainingError
from training.networks.experiment import EXPERIMENTS, SHIPPED, Experiment

RECORD: dict[str, Any] = {
    "about": "",
    "fold": [{"kind": "convolution", "filters": 4, "size": [1, 3]}, {"kind": "flatten"}],
    "head": [{"kind": "dropout", "rate": 0.5}],
    "training": {"epochs": 3},
}


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_experiment_is_valid_and_described(path: Path) -> None:
    assert len(Experiment.read(path).about.split()) > 8


@pytest.mark.parametrize("name", ["genre", "log_constant", "no_context", "pcen", "per_band_flux", "wider"])
def test_an_experiment_differs_from_the_network_that_ships_in_one_thing(name: str) -> None:
    """Otherwise the comparison would say nothing about this one thing."""
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
        ({"training": {"epochs": 3, "ambiguous": 3.0}}, "ambiguous must be from 0 to 1"),
        ({"use_genre": True}, "use_genre needs a dense layer as the first layer of context"),
        ({"search": {"fold.7.filters": [1, 2]}}, "no such place in the experiment"),
        ({"search": {"training.learning_rat": [0.1]}}, "did you mean 'learning_rate'?"),
    ],
)
def test_a_mistake_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingError) as error:
        Experiment.parse(RECORD | change, "mine")
    assert message in str(error.value)


def test_a_missing_file_suggests_the_nearest() -> None:
    with pytest.raises(TrainingError, match="did you mean 'shipped'"):
        Experiment.read(EXPERIMENTS / "shiped.toml")


def test_the_digest_depends_on_the_experiment_not_on_its_name() -> None:
    one, same = Experiment.parse(RECORD, "one"), Experiment.parse(RECORD | {"about": "another text"}, "two")
    assert one.digest == same.digest
    assert one.digest != one.varied({"fold.0.filters": 5}).digest
    dense = [{"kind": "dense", "units": 2}]
    without, with_genre = (
        Experiment.parse(RECORD | {"context": dense, "use_genre": use}, "one") for use in (False, True)
    )
    assert without.digest != with_genre.digest
    assert one.digest != one.varied({"training.learning_rate": 0.5}).digest


def test_the_shipped_network_uses_the_context() -> None:
    assert Experiment.read(SHIPPED).use_context
