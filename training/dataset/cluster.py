"""Make shards in worker processes, or on many machines through Ray, with the same result bit for bit."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from paces_live.errors import pip_install
from training.errors import TrainingError
from training.workers import pool

LOSSES = 20
"""Number of lost machines after which a job is given up."""


class Job(Protocol):
    """A shard to make; it travels to a worker, so it holds paths, not audio."""

    @property
    def shard(self) -> Path:
        """The file to make."""

    def write(self) -> None:
        """Make the file, which appears whole or not at all; return at once if it exists."""


def map_shards(jobs: Sequence[Job], *, cluster: str | None = None, workers: int = 2) -> Iterator[Path]:
    """Make the shards of `jobs`; yield each as soon as it is finished.

    Parameters
    ----------
    jobs
        Their paths must be absolute. On a cluster, all machines must see the folder under the same path.
    cluster
        None for worker processes of this machine, ``auto`` for the Ray cluster of this machine, or the address of a
        cluster: ``ray://HOST:PORT``, or ``HOST:PORT`` of the head of this machine's cluster.
    workers
        Number of processes on one machine. On a cluster each processor gets a job.

    Raises
    ------
    TrainingError
        If Ray is missing, no cluster answers, a worker process was killed, or a machine does not share the folder.
    """
    if cluster is None:
        return _on_this_machine(jobs, workers)
    return _on_cluster(jobs, cluster)


def _on_this_machine(jobs: Sequence[Job], workers: int) -> Iterator[Path]:
    if not jobs:
        return
    processes = pool(min(workers, len(jobs)))
    try:
        running = {processes.submit(_write, job): job for job in jobs}
        for future in as_completed(running):
            future.result()
            yield running[future].shard
    except BrokenProcessPool as error:
        raise TrainingError("a worker process was killed: run the same command again to continue") from error
    finally:
        processes.shutdown(cancel_futures=True)


def _on_cluster(jobs: Sequence[Job], address: str) -> Iterator[Path]:
    ray = _ray()
    try:
        # Send the code too: machines with other code would make other shards.
        ray.init(address, runtime_env={"py_modules": _packages()}, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ValueError) as error:
        raise TrainingError(f"no Ray cluster at {address}: start one with ray start --head") from error
    try:
        remote = ray.remote(num_cpus=1, max_retries=LOSSES)(_write)
        running: dict[Any, Job] = {remote.remote(job): job for job in jobs}
        while running:
            (done,), _ = ray.wait(list(running), num_returns=1)
            job = running.pop(done)
            try:
                ray.get(done)
            except ray.exceptions.RayTaskError as error:
                raise TrainingError(f"{job.shard}: {error.cause}") from error
            except ray.exceptions.RayError as error:
                raise TrainingError(
                    f"could not make {job.shard}: {error}: run the same command again to continue"
                ) from error
            if not job.shard.exists():
                raise TrainingError(
                    f"{job.shard} was made on a machine that does not share its folder: use shared storage"
                )
            yield job.shard
    finally:
        ray.shutdown()


def _write(job: Job) -> None:
    job.write()


def _ray() -> ModuleType:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise TrainingError(f"Ray is missing: run {pip_install('ray')}") from error
    module: ModuleType = ray
    return module


def _packages() -> list[ModuleType]:
    import paces_live
    import training

    return [paces_live, training]
