"""Shards survive killed processes and lost machines, and do not depend on the machine."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.corpus import make_corpus
from training.dataset.cluster import map_shards
from training.errors import TrainingError

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "training", "megabatch", "--workers", "1", "--variants", "1")
KILL_A_NODE = """
import os, sys, time
from dataclasses import dataclass
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from paces_live.analysis.feature_config import FeatureConfig
from training.dataset import megabatch
from training.dataset.cluster import map_shards


@dataclass(frozen=True)
class Noted:
    # A job that writes on which node it began; on the node to be lost it runs until the node is lost.
    job: megabatch.ShardJob
    notes: Path
    lost: str

    @property
    def shard(self):
        return self.job.shard

    def write(self):
        import ray
        node = ray.get_runtime_context().get_node_id()
        with self.notes.open("a") as file:
            file.write(f"{node} {self.shard.parent.name}/{self.shard.name}\\n")
        time.sleep(20.0 if node == self.lost else 0.5)
        self.job.write()


if __name__ == "__main__":
    corpus, folder = Path(sys.argv[1]), Path(sys.argv[2])
    megabatch.SHARD_SONGS = 1
    jobs = megabatch.shard_jobs(corpus, folder, FeatureConfig(), seed=1, variants=1, windows=3)
    notes = folder / "notes.txt"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 80 * 2**20})
    lost = cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    killed = False
    for shard in map_shards([Noted(job, notes, lost.node_id) for job in jobs], cluster=cluster.address):
        begun = [line.split()[0] for line in notes.read_text().splitlines()] if notes.exists() else []
        if not killed and lost.node_id in begun:
            cluster.remove_node(lost, allow_graceful=False)
            killed = True
    assert killed, "the second node had no job"
    print(f"{len(jobs)} shards, begun {len(notes.read_text().splitlines())} times")
    cluster.shutdown()
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.npz"))}


def run(*command: str | Path) -> str:
    environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*map(str, command)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("work") / "corpus", 9)


def test_a_killed_megabatch_continues_to_the_same_shards(corpus: Path, tmp_path: Path) -> None:
    for work in (tmp_path / "killed", tmp_path / "calm"):
        work.mkdir()
        (work / "corpus").symlink_to(corpus)
    killed, calm = tmp_path / "killed", tmp_path / "calm"
    with subprocess.Popen(
        [*COMMAND, "--windows", "12", "--work", str(killed)], cwd=ROOT, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 60.0
        while not contents(killed) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    time.sleep(1.0)
    kept = {path: path.stat().st_mtime_ns for path in killed.rglob("*.npz")}
    assert 1 <= len(kept) < 3
    for work in (killed, calm):
        run(*COMMAND, "--windows", "12", "--work", work)
    assert len(contents(calm)) == 3
    assert contents(killed) == contents(calm)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert not list(killed.rglob("*.partial"))


def test_a_lost_node_changes_nothing(corpus: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("ray is not installed: pip install ray")
    script = tmp_path / "kill_a_node.py"
    script.write_text(KILL_A_NODE, "utf-8")
    # Ray may print other lines too.
    counts = re.search(r"(\d+) shards, begun (\d+) times", run(sys.executable, script, corpus, tmp_path / "cluster"))
    assert counts
    jobs, begun = map(int, counts.groups())
    assert begun > jobs, "no job began twice: the node was not lost during a job"
    one = (
        "import sys; from pathlib import Path; from paces_live.analysis.feature_config import FeatureConfig;"
        "from training.dataset import megabatch; megabatch.SHARD_SONGS = 1;"
        "megabatch.build(Path(sys.argv[1]), Path(sys.argv[2]), FeatureConfig(), seed=1, variants=1, windows=3)"
    )
    run(sys.executable, "-c", one, corpus, tmp_path / "one")
    assert len(contents(tmp_path / "one")) == jobs
    assert contents(tmp_path / "cluster") == contents(tmp_path / "one")


def test_a_missing_ray_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(TrainingError, match="-m pip install ray"):
        list(map_shards([], cluster="auto"))
