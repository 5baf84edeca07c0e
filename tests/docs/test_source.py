"""The source is readable: examples in docstrings are right, modules are short and have descriptive names."""

import doctest
import importlib
from pathlib import Path

import pytest

from tests.docs.documents import ROOT

PACKAGES = ("paces_live", "training", "benchmarks", "tools")
LONGEST = 300
"""Lines of a module of the live package: a few screens."""
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core"}
MODULES = [path.relative_to(ROOT) for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def with_examples() -> list[str]:
    """Return the modules that have examples; only these are imported, since some of the others import TensorFlow."""
    paths = [path for path in MODULES if ">>> " in (ROOT / path).read_text("utf-8")]
    return [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]


@pytest.mark.parametrize("name", with_examples())
def test_the_examples_in_docstrings_are_right(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] == "paces_live"], ids=str)
def test_a_module_fits_on_a_few_screens(path: Path) -> None:
    assert len((ROOT / path).read_text("utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_name_says_what_a_module_does(path: Path) -> None:
    assert not VAGUE & {*path.parts, path.stem}
