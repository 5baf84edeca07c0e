"""The program as a server, in a process of its own, so that a test can kill it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPO = Path(__file__).parents[2]


class ServingProcess:
    """``paces-live serve`` on 127.0.0.1.

    Parameters
    ----------
    *options : str
    port : int
        0 is any free one.
    """

    def __init__(self, *options: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "paces_live", "serve", "--port", str(port), "--no-history", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPO)
        assert self._process.stdout
        # It listens before it prints its address.
        self.address = self._process.stdout.readline().strip().rstrip("/")
        assert self.address.startswith("http://127.0.0.1:"), self.address

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def end(self, signum: int = signal.SIGKILL) -> None:
        """Send a signal, and wait for the end."""
        os.kill(self._process.pid, signum)
        self._process.wait(10.0)
        assert self._process.stdout
        self._process.stdout.close()


@contextmanager
def serving_process(*options: str) -> Iterator[ServingProcess]:
    """Start a server, and kill it in the end."""
    process = ServingProcess(*options)
    try:
        yield process
    finally:
        process.end()
