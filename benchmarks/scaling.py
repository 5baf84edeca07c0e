"""Measure what a runner's stream costs, and write what many of them cost: ``python -m benchmarks scaling``.

Sessions are pushed in one process, and runners send their sound in real time to ``paces-live serve`` and to a replica
on Ray Serve, by HAProxy and by Ray's own proxy. All figures are in ``scaling.json``; ``scaling.md`` follows from them.
"""

import argparse
import importlib.util
import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import scaling_page
from benchmarks.process import run
from benchmarks.streams import RATE, WIDTH, Usage, usage
from paces_live.analysis.feature_config import FeatureConfig

WARM_S = 28.0
"""Time until all windows are full, seconds."""
SPAN_S = 15.0
"""Time over which processor time is counted, seconds."""
WORKER = "server.worker"
"""What is in the command line of the processes that judge streams."""
GROUPS: Mapping[str, Callable[[str], bool]] = {
    "replica": lambda command: "ServeReplica" in command or WORKER in command,
    "proxy": lambda command: "haproxy" in command or "ProxyActor" in command or "HAProxyManager" in command,
}
"""Processes of Ray Serve that each stream keeps busy."""
PORTS_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""Ports that this system gives to the connections of a balancer."""


def main(arguments: Sequence[str]) -> None:
    """Parse the arguments, measure, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scaling", description=__doc__)
    parser.add_argument("--streams", type=int, default=40, help="runners at once")
    parser.add_argument("--folder", type=Path, default=Path("docs"), help="folder for scaling.md and scaling.json")
    options = parser.parse_args(arguments)
    first, last = map(int, PORTS_FILE.read_text("utf-8").split())
    found = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load": os.getloadavg()[0],
        "streams": options.streams,
        "seconds": SPAN_S,
        "rate": RATE,
        "width": WIDTH,
        "own_rate": FeatureConfig().sample_rate,
        "ports": last - first + 1,
        "compute": compute(options.streams),
        "serve": {f"{number}": served(number) for number in (1, options.streams)},
    }
    if importlib.util.find_spec("ray") is None:
        sys.exit("Ray is missing: pip install 'ray[serve]'")
    for name, haproxy in (("haproxy", "1"), ("ray_proxy", "0")):
        found[name] = replicated(options.streams, {"RAY_SERVE_ENABLE_HA_PROXY": haproxy})
    scaling_page.write(found, options.folder)
    print(f"written: {options.folder / 'scaling.md'}")  # noqa: T201


def compute(number: int) -> dict[str, float]:
    """Return the processor time for a second of a stream, and the memory of a stream, without sockets."""
    seconds = WARM_S + SPAN_S
    costs = []
    for streams in (1, number):
        _announce(f"{streams} sessions in one process")
        done = run("sessions", [sys.executable, "-m", "benchmarks.streams", f"{streams}", f"{seconds}"])
        costs.append(json.loads(done.lines[-1]))
    one, all_of_them = costs
    return {
        "cpu": all_of_them["cpu_s"] / number / seconds,
        "memory_mb": (all_of_them["memory_mb"] - one["memory_mb"]) / (number - 1),
    }


def served(number: int) -> dict[str, float]:
    """Return what a server uses for `number` streams: processor time a second, and memory."""
    _announce(f"{number} streams through serve")
    command = [sys.executable, "-m", "paces_live", "serve", "--input", "none", "--port", "0"]
    command += ["--max-streams", f"{number}", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip().rstrip("/").replace("http", "ws", 1)
        try:
            ((cpu, memory_mb),) = _used(
                address,
                number,
                lambda: [[server.pid, *(pid for pid, words in _descendants(server.pid) if WORKER in words)]],
            )
        finally:
            server.terminate()
    return {"cpu": cpu, "memory_mb": memory_mb}


def replicated(number: int, environment: Mapping[str, str]) -> dict[str, float]:
    """Return the processor time a second that `number` streams cost on Ray Serve, by group of processes."""
    _announce(f"{number} streams through Ray Serve, {dict(environment)}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | environment | {"RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, "-m", "benchmarks.replica", f"{port}"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as cluster:
        assert cluster.stdout is not None
        while "serving" not in (line := cluster.stdout.readline()):
            if not line:
                sys.exit("Ray Serve has not started")

        def groups() -> list[list[int]]:
            commands = dict(_descendants(cluster.pid))
            return [[pid for pid, words in commands.items() if belongs(words)] for belongs in GROUPS.values()]

        found = _used(f"ws://127.0.0.1:{port}", number, groups)
    return {name: cpu for name, (cpu, _) in zip(GROUPS, found, strict=True)}


def _used(address: str, number: int, groups: Callable[[], Sequence[Sequence[int]]]) -> list[tuple[float, float]]:
    """Return processor time a second and memory of groups of processes while runners send their sound."""
    with _runners(address, number):
        time.sleep(WARM_S)
        pids, begun = groups(), time.monotonic()
        before: list[Usage] = [usage(group) for group in pids]
        time.sleep(SPAN_S)
        seconds = time.monotonic() - begun
        after = [usage(group) for group in pids]
    return [((end.cpu_s - start.cpu_s) / seconds, end.memory_mb) for start, end in zip(before, after, strict=True)]


@contextmanager
def _runners(address: str, number: int) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.streams", address, f"{number}", f"{WARM_S + SPAN_S + 3.0}"]
    with subprocess.Popen(command) as runners:
        yield
    if runners.returncode:
        sys.exit("the runners lost their connections")


def _descendants(pid: int) -> Iterator[tuple[int, str]]:
    """Yield the ids of the processes that descend from one, each with its command line."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            parents[int(folder.name)] = int((folder / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
    family = {pid}
    while children := {child for child, parent in parents.items() if parent in family} - family:
        family |= children
    for child in family - {pid}:
        with suppress(OSError):
            yield child, Path(f"/proc/{child}/cmdline").read_text("utf-8", "replace")


def _announce(what: str) -> None:
    sys.stderr.write(f"running {what}\n")
