"""Many machines as the workers of a scan, through Ray: paths travel to them, and paces come back.

Each machine has paces-live installed, and sees the music under the same path. The library stays on one machine.
"""

import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, Self, TypeVar

from paces_live.errors import LibraryError, PacesError, pip_install, reason
from paces_live.library.analyser import Analyser
from paces_live.library.scan_worker import error_in, reply_to
from paces_live.text import shown_path

J = TypeVar("J")
LOSSES = 3
"""How often Ray gives a file to another machine after one was lost, before we try it once more."""
KNOCK_S = 5.0
"""Time that a cluster has to take a connection, seconds."""
COUNTED_S = 5.0
"""Time between two looks at how many processors the cluster has, seconds: machines come and go."""


class ClusterWorkers(Generic[J]):
    """The processors of a cluster, in place of `paces_live.library.workers.Workers`.

    Parameters
    ----------
    address : str
        ``auto`` for the Ray cluster of this machine, or the address of a cluster: ``ray://HOST:PORT``, or
        ``HOST:PORT`` of the head of this machine's cluster.
    analyser : Analyser
        What each machine must have.
    model : Path, optional
        See `paces_live.analysis.classifier.load_classifier`; the same path on each machine.

    Raises
    ------
    LibraryError
        Ray is missing, or no cluster answers. `wait` raises it if a machine has another version or model, or does not
        see the files.
    """

    def __init__(self, address: str, analyser: Analyser, model: Path | None = None) -> None:
        self._ray = _ray()
        self._model = str(model.absolute()) if model else ""
        self._analyser = tuple(analyser)
        self._busy: dict[Any, tuple[J, str]] = {}
        self._count, self._counted = 1, float("-inf")
        try:
            _knock(address)
            self._ray.init(address, log_to_driver=False, logging_level="ERROR")
        except (OSError, ValueError, RuntimeError) as error:
            raise LibraryError(
                f"no Ray cluster answers at {address} ({reason(error)})",
                hint="start one: ray start --head",
                code="library.cluster",
            ) from error
        self._work = self._ray.remote(num_cpus=1, max_retries=LOSSES)(work)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def busy(self) -> int:
        """How many files are on the way."""
        return len(self._busy)

    @property
    def has_free(self) -> bool:
        """Whether a processor has nothing to do."""
        now = time.monotonic()
        if now - self._counted > COUNTED_S:
            self._counted = now
            self._count = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        return len(self._busy) < self._count

    def give(self, job: J, request: dict[str, str]) -> None:
        """Give a request to a machine; `wait` returns `job` with the reply."""
        self._busy[self._work.remote(self._model, self._analyser, request)] = (job, request["path"])

    def wait(self) -> list[tuple[J, dict[str, Any] | None]]:
        """Wait until there is a reply, and return it; None stands for a process that has ended."""
        [done], _ = self._ray.wait(list(self._busy), num_returns=1)
        job, path = self._busy.pop(done)
        try:
            reply: dict[str, Any] = self._ray.get(done)
        except self._ray.exceptions.RayTaskError as error:
            raise _refused(f"a machine of the cluster fails ({reason(error.cause)})") from error
        except self._ray.exceptions.RayError:
            return [(job, None)]
        _check(error_in(reply), path)
        return [(job, reply)]

    def close(self) -> None:
        """Take back what is on the way; the cluster goes on."""
        for reference in self._busy:
            with suppress(self._ray.exceptions.RayError):
                self._ray.cancel(reference, force=True)
        self._busy.clear()
        self._ray.shutdown()


def work(model: str, expected: Sequence[str], request: dict[str, str]) -> dict[str, Any]:
    """Reply to a request on a machine of the cluster, if it has the model and the version that it must have."""
    from paces_live.analysis.classifier import default_model
    from paces_live.analysis.manifest import Manifest

    found = Analyser.of(Manifest.read(Path(model) if model else default_model()))
    if tuple(expected) != found:
        error = _refused(f"{socket.gethostname()} has another version of paces-live, or another model")
        return {"error": {"message": error.message, "hint": error.hint, "code": error.code}}
    return reply_to(request, model)


def _check(error: PacesError | None, path: str) -> None:
    """Raise the errors that every file would meet."""
    if error and error.code == "library.cluster":
        raise LibraryError(error.message, hint=error.hint, code=error.code)
    if error and error.code == "source.not_found" and Path(path).exists():
        raise LibraryError(
            f"{shown_path(path)}: a machine of the cluster does not see this file",
            hint="mount the folder under the same path on all machines",
            code="library.cluster",
        )


def _refused(message: str) -> LibraryError:
    return LibraryError(message, hint="install the same version on all machines", code="library.cluster")


def _knock(address: str) -> None:
    """Raise `OSError` or `ValueError` if nobody is at an address: Ray itself would try for two minutes."""
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), KNOCK_S).close()


def _ray() -> ModuleType:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise LibraryError(
            "the package that speaks to a cluster is missing", hint=pip_install("ray"), code="library.package_missing"
        ) from error
    module: ModuleType = ray
    return module
