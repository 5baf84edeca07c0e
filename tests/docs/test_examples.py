"""The examples in the documents are real output of the program."""

import re
import subprocess
import sys

import pytest

from tests.docs.documents import GUIDES, ROOT, blocks, read
from tools.examples import renewed

VARIABLE = re.compile(r'"(load|runtime|model|version)": ("[^"]*"|[\d.]+)')
"""Fields that differ from one machine or release to the next."""


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def words(text: str) -> str:
    return re.sub(r"\d+(?:\.\d+)?", "0", text)


@pytest.mark.parametrize("document", GUIDES)
def test_the_examples_are_real_output(document: str) -> None:
    text = read(document)
    shown, real = (VARIABLE.sub("", one).splitlines() for one in (text, renewed(text)))
    assert [words(line) for line in shown] == [words(line) for line in real], "run make examples"
    for before, now in zip(shown, real, strict=True):
        assert numbers(before) == pytest.approx(numbers(now), rel=0.02, abs=0.02), "run make examples"


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(block, id=f"{document}-{number}")
        for document in GUIDES
        for number, block in enumerate(blocks(read(document), "python"))
    ],
)
def test_the_python_programs_run(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
