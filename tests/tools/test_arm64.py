"""The checks on arm64: comparison, lock and estimate. The emulation needs root and a network: make test-arm64."""

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paces_live.analysis.classifier import rounding
from tools.arm64.__main__ import GOLDEN, REPOSITORY, diagnosis
from tools.arm64.compare import compare
from tools.arm64.cost import BOARDS, Count, table
from tools.arm64.lock import BOOKWORM, LIVE, TRIXIE, Target, download, requirements

LOCK = LIVE.read_text("utf-8")
X86 = Target("3.11", "x86_64", 36)
ARMV7 = Target("3.11", "armv7l", 36)
HEALTH = {"level_dbfs": -21.3, "dropped_s": 0.0, "load": 0.004}


def paces(*pairs: tuple[float, float]) -> list[dict[str, float]]:
    return [{"spm": spm, "probability": probability} for spm, probability in pairs]


def reading(t: float) -> dict[str, Any]:
    verdict = {"state": "settled", "paces": paces((123.4, 0.98), (61.7, 0.94)), "rejected": paces((110.2, 0.03))}
    return {"type": "reading", "t": t, "song": 1, "match": None, "health": HEALTH} | verdict


def lines(**changes: Any) -> list[str]:
    """Return the JSON lines of a song, with `changes` to its last reading."""
    readings = [reading(float(t)) for t in range(10, 50)]
    readings[-1] |= changes
    song_paces = [pace | {"share": 1.0} for pace in readings[0]["paces"]]
    song = {"type": "song", "song": 1, "start": 0.0, "end": 50.0, "paces": song_paces, "match": None}
    return [json.dumps(event) for event in ({"type": "start"}, *readings, song, {"type": "end", "t": 50.0})]


def test_a_run_equals_itself_at_any_load() -> None:
    comparison = compare(lines(), lines(health=HEALTH | {"load": 0.9}))
    assert comparison.equal
    assert (comparison.spm, comparison.probability, comparison.otherwise) == (0.0, 0.0, 0)
    assert comparison.readings == 40


def test_rounding_is_allowed_and_reported() -> None:
    comparison = compare(lines(), lines(paces=paces((61.7, 0.95), (123.45, 0.97))))
    assert comparison.equal
    assert comparison.spm == pytest.approx(0.05 / 123.4)
    assert comparison.probability == pytest.approx(0.01)
    assert comparison.rounding == pytest.approx(0.01 / rounding(np.array([0.98]))[0])


def test_rounding_explains_more_where_the_sigmoid_is_steep() -> None:
    steep, flat = (float(allowed) for allowed in rounding(np.array([0.5, 0.98])))
    assert steep > 2.0 * flat
    for probability, allowed in ((0.5, steep), (0.98, flat)):
        run = lines(paces=paces((123.4, probability)))
        assert compare(run, lines(paces=paces((123.4, probability - 0.95 * allowed)))).equal
        assert not compare(run, lines(paces=paces((123.4, probability - 1.05 * allowed)))).equal


@pytest.mark.parametrize(
    "changes",
    [
        {"paces": paces((124.0, 0.98), (61.7, 0.94))},
        {"paces": paces((123.4, 0.95), (61.7, 0.94))},
        {"rejected": paces((110.2, 0.06))},
        {"rejected": paces((109.2, 0.03))},
        {"state": "provisional"},
        {"t": 40.0},
        {"song": 2},
        {"match": {"spm": 123.4, "error": 0.02, "grade": "lock"}},
        {"health": HEALTH | {"level_dbfs": -20.0}},
        {"health": HEALTH | {"dropped_s": 0.1}},
    ],
)
def test_a_difference_beyond_rounding_is_not_equal(changes: dict[str, Any]) -> None:
    comparison = compare(lines(), lines(**changes))
    assert not comparison.equal
    assert str(comparison).startswith("NOT EQUAL")


def test_a_pace_may_cross_the_threshold_one_reading_later_but_not_always() -> None:
    once = compare(lines(), lines(paces=paces((123.4, 0.98))))
    assert (once.equal, once.otherwise) == (True, 1)
    rejected = compare(lines(), lines(rejected=[]))
    assert (rejected.equal, rejected.otherwise) == (True, 1)
    bare = [json.dumps(json.loads(line) | {"paces": []}) if '"reading"' in line else line for line in lines()]
    assert not compare(lines(), bare).equal


def test_missing_events_are_not_equal() -> None:
    assert not compare(lines(), lines()[:-1]).equal
    assert not compare([], []).equal


@pytest.mark.parametrize("target", [BOOKWORM, TRIXIE, X86])
def test_the_lock_has_every_package_for_every_64_bit_system(target: Target) -> None:
    found = requirements(LOCK, target)
    assert {"ai-edge-litert", "numpy", "soxr", "av", "sounddevice", "textual", "typer"} <= found.keys()
    assert all("--hash=sha256:" in text and ";" not in text for text in found.values())
    assert found.keys() == requirements(LOCK, X86).keys()


def test_the_version_of_numpy_depends_on_the_python() -> None:
    older, newer = (requirements(LOCK, target)["numpy"].split()[0] for target in (BOOKWORM, TRIXIE))
    assert older != newer


def test_32_bit_systems_get_no_package_without_a_wheel_and_libsndfile_for_files() -> None:
    found = requirements(LOCK, ARMV7)
    assert not {"ai-edge-litert", "av"} & found.keys()
    assert "soundfile" in found
    assert "soundfile" not in requirements(LOCK, BOOKWORM)


def test_requirements_can_be_chosen_by_name() -> None:
    assert requirements(LOCK, BOOKWORM, only=("soxr",)).keys() == {"soxr"}


def test_two_lines_for_one_package_are_an_error() -> None:
    with pytest.raises(ValueError, match="a is locked twice"):
        requirements("a==1 \\\n    --hash=sha256:0\na==2 \\\n    --hash=sha256:1\n", BOOKWORM)


def test_platforms_reach_back_to_the_oldest_wheels() -> None:
    assert BOOKWORM.platforms[0] == "manylinux_2_36_aarch64"
    assert BOOKWORM.platforms[-2:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64")


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a wheel for Trixie on arm64, in a folder that pip uses instead of an index."""
    path = tmp_path / "index" / "thing-1.0-cp313-cp313-manylinux_2_28_aarch64.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    return path


def locked(wheel: Path) -> dict[str, str]:
    return {"thing": f"thing==1.0 \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"}


def test_a_locked_wheel_is_downloaded_for_its_system(wheel: Path, tmp_path: Path) -> None:
    download(locked(wheel), TRIXIE, tmp_path / "wheels")
    assert (tmp_path / "wheels" / wheel.name).read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize("target", [BOOKWORM, X86, Target("3.13", "aarch64", 27)])
def test_a_missing_wheel_is_an_error(wheel: Path, tmp_path: Path, target: Target) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        download(locked(wheel), target, tmp_path / "wheels")


def test_a_wheel_with_another_hash_is_an_error(wheel: Path, tmp_path: Path) -> None:
    lock = locked(wheel)
    wheel.write_bytes(wheel.read_bytes() + b"another")
    with pytest.raises(subprocess.CalledProcessError):
        download(lock, TRIXIE, tmp_path / "wheels")


DOCTOR = """  ok  Python: Python 3.11.2, numpy 2.4.6, aarch64, 64 bits
  ok  model: a runtime judges the self-test as it should (largest difference 0.0100)
  ok  files: libsndfile reads WAV
  ok  PortAudio: PortAudio V19
FAIL  microphone: no microphone was found
"""


def test_checks_that_cannot_pass_in_the_root_may_fail() -> None:
    assert diagnosis(DOCTOR).startswith("ok: ")
    assert diagnosis(DOCTOR).endswith("(largest difference 0.0100)")


@pytest.mark.parametrize("name", ["Python", "model", "files", "PortAudio"])
def test_a_failure_of_any_other_check_is_reported(name: str) -> None:
    assert diagnosis(DOCTOR.replace(f"  ok  {name}", f"FAIL  {name}")).startswith(f"NOT OK: {name}: ")


def test_the_table_has_a_row_for_every_board() -> None:
    written = table({board.cpu: Count(1000.0, 1800.0) for board in BOARDS})
    rows = written.splitlines()[2:]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == [board.name for board in BOARDS]
    assert "| 1.2 to 2.5 s | 3.8 to 7.5 % |" in rows[0]


def test_the_files_for_the_golden_vectors_exist() -> None:
    assert [name for name in GOLDEN if not (REPOSITORY / name).is_file()] == []
