"""The page on cost, and the baselines as the programs that it measures."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks import page, systems, variant
from benchmarks.installed import sizes
from benchmarks.process import run
from tests.support.signals import RATE, rock
from training.evaluate.run.baselines import LIBROSA

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_follows_from_its_figures(tmp_path: Path) -> None:
    found = json.loads((DOCS / "cost.json").read_text("utf-8"))
    page.write(found, tmp_path)
    for name in ("cost.md", "cost.json"):
        assert (tmp_path / name).read_text("utf-8") == (DOCS / name).read_text("utf-8")
    assert (tmp_path / "cost.svg").stat().st_size > 10_000


def test_a_baseline_runs_as_a_program_that_prints_an_estimate_each_second(tmp_path: Path) -> None:
    if not systems.installed(sys.executable, LIBROSA):
        pytest.skip("librosa is not installed")
    clicks = np.zeros(4 * 44_100, np.float32)
    clicks[:: 44_100 // 2] = 0.5
    soundfile.write(tmp_path / "clicks.wav", clicks, 44_100)
    done = run(LIBROSA, systems.baseline(sys.executable, LIBROSA, str(tmp_path / "clicks.wav")))
    assert len(done.lines) == 3
    assert all(float(line) > 0.0 for line in done.lines)
    assert done.cpu_s > 0.0
    assert done.memory_mb > 0.0


def test_the_installed_size_includes_requirements() -> None:
    found = sizes("soundfile")
    assert {"soundfile", "numpy", "cffi"} <= set(found)
    assert found["numpy"] > 1_000_000


def test_every_stage_of_a_session_is_timed(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "rock.wav", rock(150.0, 12.0), RATE)
    done = run(
        "session", [sys.executable, "-m", "benchmarks.variant", str(tmp_path / "rock.wav"), "--seconds=12", "--stages"]
    )
    record = json.loads(done.lines[-1])
    assert variant.STAGES.keys() <= record["stages"].keys()
    assert 0.0 < sum(record["stages"].values()) < record["cpu_s"]
