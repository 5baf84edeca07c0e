"""Run a program to its end, and return the resources that the operating system counted."""

import os
import pty
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SINGLE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""Environment for one thread: the comparison is about work, not about cores."""


@dataclass(frozen=True, slots=True)
class Run:
    """Resources of a run.

    Attributes
    ----------
    cpu_s : float
        Processor time, user and system.
    memory_mb : float
        Peak resident memory.
    started_s, first_s : float
        Time from the start of the process to its first line of output, and to its first estimate.
    lines : tuple of bytes
        Its output.
    """

    cpu_s: float
    memory_mb: float
    started_s: float
    first_s: float
    lines: tuple[bytes, ...]


def environment() -> dict[str, str]:
    """Return the environment of a measured program: one thread, and modules compiled once, as a user has them."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | SINGLE


def run(name: str, command: Sequence[str], stdin: Path = Path(os.devnull)) -> Run:
    """Run `command` to its end. Its first estimate is the first line that is not a start event.

    Linux counts the peak memory of a process from that of its parent: call this from a small process.
    """
    begun = time.monotonic()
    with stdin.open("rb") as file:
        process = subprocess.Popen(
            command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
        )
    assert process.stdout is not None
    started = first = 0.0
    lines = []
    for line in process.stdout:
        now = time.monotonic() - begun
        started = started or now
        if not first and b'"start"' not in line:
            first = now
        lines.append(line)
    _, status, usage = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{name} failed with status {process.returncode}")
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024.0, started, first, tuple(lines))


def run_on_terminal(name: str, command: Sequence[str], *, seconds: float, end: bytes) -> Run:
    """Run `command` on a terminal of its own, type `end` after `seconds`, and wait for its end."""
    begun = time.monotonic()
    pid, terminal = pty.fork()
    if not pid:
        os.execvpe(command[0], list(command), environment() | {"TERM": "xterm-256color"})  # noqa: S606
    typed, started = False, 0.0
    while True:
        try:
            chunk = os.read(terminal, 1 << 16)
        except OSError:
            break  # the other side is closed
        if not chunk:
            break
        now = time.monotonic() - begun
        started = started or now
        if not typed and now >= seconds:
            os.write(terminal, end)
            typed = True
    _, status, usage = os.wait4(pid, 0)
    os.close(terminal)
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{name} failed with status {os.waitstatus_to_exitcode(status)}")
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024.0, started, started, ())


def median(runs: Sequence[Run]) -> Run:
    """Return the median of each figure; the lines are those of the first run."""
    middle = {
        name: statistics.median(getattr(one, name) for one in runs)
        for name in ("cpu_s", "memory_mb", "started_s", "first_s")
    }
    return Run(**middle, lines=runs[0].lines)
