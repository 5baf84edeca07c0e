"""Scans on a cluster: a node may be lost, and one of another version is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paces_live.errors import LibraryError
from paces_live.library.analyser import Analyser
from paces_live.library.cluster import ClusterWorkers, _check, work
from paces_live.library.scan_worker import error_in
from tests.support.library import MANIFEST, write

ROOT = Path(__file__).parents[2]
SONGS = 10


@pytest.mark.slow
def test_a_lost_node_loses_nothing_and_another_version_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="ray is not installed: pip install ray")
    names = [write(tmp_path / "music" / f"{number}.flac", 120.0 + number, 60.0).name for number in range(SONGS)]
    folders = [str(tmp_path / "music"), str(tmp_path / "library.db")]
    program = [sys.executable, "-m", "tests.support.scan_on_two_nodes", *folders]
    env = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert sorted(seen["found"]) == [[name, "analysed"] for name in sorted(names)]
    assert seen["most"] == 2, "the second node never had a file"
    assert "has another version of paces-live, or another model: install the same version" in seen["refused"]


def test_a_machine_with_another_model_says_so(tmp_path: Path) -> None:
    request = {"task": "identify", "path": str(write(tmp_path / "a.flac", 120.0))}
    assert work("", Analyser.of(MANIFEST), request)["content"].startswith("sound:")
    refused = error_in(work("", ("sha256:other", "1"), request))
    assert refused
    with pytest.raises(LibraryError, match="another version") as caught:
        _check(refused, request["path"])
    assert caught.value.code == "library.cluster"


def test_a_machine_that_does_not_see_the_music_ends_the_scan(tmp_path: Path) -> None:
    song = write(tmp_path / "a.flac", 120.0)
    missing = error_in(work("", Analyser.of(MANIFEST), {"task": "analyse", "path": str(tmp_path / "b.flac")}))
    assert missing
    _check(missing, str(tmp_path / "b.flac"))
    with pytest.raises(LibraryError, match="mount the folder under the same path on all machines"):
        _check(missing, str(song))


def test_a_missing_ray_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(LibraryError, match="-m pip install ray"):
        ClusterWorkers("auto", Analyser.of(MANIFEST))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nonsense"])
def test_a_cluster_that_does_not_answer_is_one_line_at_once(address: str) -> None:
    pytest.importorskip("ray", reason="ray is not installed: pip install ray")
    with pytest.raises(LibraryError, match=f"no Ray cluster answers at {address}") as caught:
        ClusterWorkers(address, Analyser.of(MANIFEST))
    assert caught.value.hint == "start one: ray start --head"
