"""The examples in the docstrings of pure functions run."""

import doctest
import importlib

import pytest

MODULES = (
    *(f"annotations.{name}" for name in ("annotators", "genres", "names", "truth")),
    *(f"corpus.{name}" for name in ("families", "generate", "recordings")),
    "dataset.megabatch",
    *(
        f"evaluate.metrics.{name}"
        for name in ("candidates", "groups", "interval", "profile", "ratios", "reliability", "songs", "times")
    ),
    *(f"evaluate.report.{name}" for name in ("figures", "markdown", "wording")),
    "evaluate.run.sounds",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"training.{name}"))
    assert result.attempted
    assert not result.failed
