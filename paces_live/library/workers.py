"""Worker processes that take one request at a time each, and are started when they are needed."""

import json
import selectors
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from paces_live.library.process import start

J = TypeVar("J")
_MODULE = "paces_live.library.scan_worker"


class WorkerPool(Protocol[J]):
    """What takes requests one at a time each: processes here, or machines elsewhere."""

    @property
    def busy(self) -> int:
        """How many requests are being worked on."""

    @property
    def has_free(self) -> bool:
        """Whether one more could be."""

    def give(self, job: J, request: dict[str, str]) -> None:
        """Give a request; `wait` returns `job` with the reply."""

    def wait(self) -> list[tuple[J, dict[str, Any] | None]]:
        """Wait until there is a reply, and return all that are there; None if who worked on it has ended."""


class Workers(Generic[J]):
    """A number of processes; `close` them, or use this in a ``with``.

    Parameters
    ----------
    count : int
        The most processes that run at once.
    model : Path, optional
        See `paces_live.analysis.classifier.load_classifier`.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> with Workers[int](2) as workers:
    ...     workers.give(7, {"task": "identify", "path": str(excerpt())})
    ...     [(job, reply)] = workers.wait()
    >>> job, reply["track"]["title"]
    (7, 'demo')
    """

    def __init__(self, count: int, model: Path | None = None) -> None:
        self._count = count
        self._model = model
        self._free: list[subprocess.Popen[bytes]] = []
        self._busy: dict[subprocess.Popen[bytes], J] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def busy(self) -> int:
        """How many work."""
        return len(self._busy)

    @property
    def has_free(self) -> bool:
        """Whether one more could work."""
        return len(self._busy) < self._count

    def give(self, job: J, request: dict[str, str]) -> None:
        """Give a request to a free process; `wait` returns `job` with the reply."""
        process = self._free.pop() if self._free else self._started()
        self._busy[process] = job
        # If it has ended, there will be no reply, which is how the caller gets to know it.
        with suppress(BrokenPipeError):
            assert process.stdin
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()

    def wait(self) -> list[tuple[J, dict[str, Any] | None]]:
        """Wait until there is a reply, and return all that are there; None stands for a process that has ended."""
        replies: list[tuple[J, dict[str, Any] | None]] = []
        for key, _ in self._selector.select():
            process: subprocess.Popen[bytes] = key.data
            assert process.stdout
            line = process.stdout.readline()
            job = self._busy.pop(process, None)
            if line.endswith(b"\n"):
                self._free.append(process)
            else:
                self._end(process)
            if job is not None:
                replies.append((job, json.loads(line) if line.endswith(b"\n") else None))
        return replies

    def close(self) -> None:
        """End all processes, whatever they do."""
        for process in (*self._free, *self._busy):
            self._end(process)
        self._busy.clear()
        self._selector.close()

    def _started(self) -> "subprocess.Popen[bytes]":
        process = start(_MODULE, self._model)
        assert process.stdout
        self._selector.register(process.stdout, selectors.EVENT_READ, process)
        return process

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        if process in self._free:
            self._free.remove(process)
        assert process.stdout
        self._selector.unregister(process.stdout)
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()
