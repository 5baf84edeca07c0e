"""Measure a server: audio streams, listeners, memory, its start, and clients that come and go for an hour.

``python -m benchmarks serve`` starts ``paces-live serve`` and, in a process of its own, a crowd of clients on the same
machine. It writes docs/server-cost.md. The crowd takes a part of the two cores, which the page says.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.crowd import Crowd
from benchmarks.music import music
from paces_live.demo import excerpt

STREAMS, LISTENERS = 300, 2000
WARM_UP_S = 30.0
"""Time after which the windows of 25 s are full, seconds."""
MEASURED_S = 60.0
SOAK_MIN = 60.0
"""How long clients come and go, minutes."""
ROUND_S = 20.0
"""Time for which each of their crowds stays, seconds."""
GONE_S = 30.0
"""Time after which the streams of those who have left have ended, and their memory is free, seconds."""
FILLED = 0.2
"""Part of the time after which all pools are filled."""
CROWD = 20
"""Clients of each of those crowds."""
GOALS = (
    ("audio", "p99_s", "99th percentile with {streams} audio streams", "ms", 0.3, 1000.0),
    ("audio", "dropped_s", "audio that was dropped", "s", 0.0, 1.0),
    ("events", "p99_s", "99th percentile with {listeners} listeners to server-sent events", "ms", 0.3, 1000.0),
    ("memory", "stream_mb", "memory for each stream beyond the first", "MB", 4.0, 1.0),
    ("start", "first_byte_s", "from the start of the process to the first byte of an answer", "s", 1.0, 1.0),
    ("alone", "more", "more processor time than `listen`, without clients", "%", 0.2, 100.0),
    ("soak", "growth_mb_h", "growth of the memory while clients come and go", "MB an hour", None, 1.0),
)

COLUMNS = (
    *("", "readings", "median, ms", "p99, ms", "longest, ms", "server, cores", "clients, cores", "memory, MB"),
    "clients late, ms",
)


@dataclass
class Served:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int
    started_s: float


def family(pid: int) -> list[int]:
    """Return a server and its worker processes."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *(int(child) for path in tasks for child in path.read_text("ascii").split())]


def cpu_s(pid: int) -> float:
    """Return the processor time of a server so far, seconds."""
    ticks = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text("ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Return the memory of a server, megabytes; what its processes share is counted once."""
    return (
        sum(
            int(re.findall(r"^Pss:\s+(\d+)", Path(f"/proc/{one}/smaps_rollup").read_text("ascii"), re.MULTILINE)[0])
            for one in family(pid)
        )
        / 1024.0
    )


@contextlib.contextmanager
def served(*options: str) -> Iterator[Served]:
    """Start a server, and wait for its first answer."""
    begun = time.monotonic()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "paces_live", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True)
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                if client.recv(1):
                    break
            time.sleep(0.005)
        yield Served(process, port, time.monotonic() - begun)
    finally:
        process.terminate()
        process.wait()


def in_crowd(work: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Run the crowd in a process of its own, so that its processor time is not the server's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def crowd(port: int, pid: int, senders: int, listeners: int, seconds: float) -> dict[str, Any]:
    """Send, listen, and return what was seen after the warm-up."""
    clients = Crowd(port, senders, listeners)
    clients.run(WARM_UP_S)
    clients.counts.latencies.clear()
    clients.counts.late_s = 0.0
    begun, server, own = time.monotonic(), cpu_s(pid), time.process_time()
    clients.run(seconds, heard_by="listeners" if listeners else "senders")
    passed = time.monotonic() - begun
    latencies = np.array(clients.counts.latencies)
    found = {
        "readings": len(latencies),
        "expected": round((listeners or senders) * seconds),
        "p50_s": float(np.percentile(latencies, 50)),
        "p99_s": float(np.percentile(latencies, 99)),
        "max_s": float(latencies.max()),
        "dropped_s": clients.counts.dropped_s,
        "refused": clients.counts.refused,
        "late_s": clients.counts.late_s,
        "server_cores": (cpu_s(pid) - server) / passed,
        "crowd_cores": (time.process_time() - own) / passed,
        "memory_mb": memory_mb(pid),
    }
    clients.close()
    return found


def visit(port: int, senders: int, seconds: float) -> dict[str, Any]:
    """Send for a time, and leave without a word."""
    clients = Crowd(port, senders)
    clients.run(seconds)
    clients.close()
    return {"readings": len(clients.counts.latencies)}


def audio(streams: int, seconds: float) -> dict[str, Any]:
    """Measure audio streams."""
    with served("--input", "none", "--max-streams", str(streams)) as server:
        return in_crowd(crowd, server.port, server.process.pid, streams, 0, seconds)


def events(listeners: int, seconds: float) -> dict[str, Any]:
    """Measure listeners to the server-sent events of a stream."""
    with served("--input", "none", "--max-listeners", str(listeners + 10)) as server:
        return in_crowd(crowd, server.port, server.process.pid, 1, listeners, seconds)


def soak(minutes: float) -> dict[str, Any]:
    """Let crowds come and go; return how the memory has grown between two moments at which nobody was there."""
    seen, visits, begun = [], 0, time.monotonic()
    with served("--input", "none") as server:
        for end in (60.0 * minutes * FILLED, 60.0 * minutes):
            while time.monotonic() - begun < end:
                in_crowd(visit, server.port, CROWD, ROUND_S)
                visits += CROWD
            time.sleep(GONE_S)
            seen.append(((time.monotonic() - begun) / 3600.0, memory_mb(server.process.pid)))
    (first, before), (last, after) = seen
    growth = (after - before) / (last - first)
    return {"minutes": minutes, "visits": visits, "memory_mb": after, "growth_mb_h": growth}


def alone(wav: Path, seconds: float) -> dict[str, Any]:
    """Compare the processor time of `serve` without clients with that of `listen`, at the same time on one sound."""
    listen = [sys.executable, "-m", "paces_live", "listen", "--input", str(wav), "--json"]
    with served("--input", str(wav), "--no-history") as server:
        other = subprocess.Popen(listen, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        time.sleep(WARM_UP_S)
        before = cpu_s(server.process.pid), cpu_s(other.pid)
        time.sleep(seconds)
        serve, listens = cpu_s(server.process.pid) - before[0], cpu_s(other.pid) - before[1]
        other.terminate()
        other.wait()
    return {"serve_s": serve / seconds, "listen_s": listens / seconds, "more": serve / listens - 1.0}


def main(arguments: list[str]) -> None:
    """Parse the command line, measure everything, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks serve", description=__doc__)
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--listeners", type=int, default=LISTENERS)
    parser.add_argument("--seconds", type=float, default=MEASURED_S, help="time measured after the warm-up")
    parser.add_argument(
        "--soak", type=float, default=SOAK_MIN, help="minutes during which clients come and go; 0: none"
    )
    parser.add_argument("--folder", type=Path, default=Path("docs"), help="folder for server-cost.md and .json")
    parser.add_argument("--only", choices=("audio", "events", "alone", "soak"), help="measure this, and keep the rest")
    options = parser.parse_args(arguments)
    figures = options.folder / "server-cost.json"
    kept = json.loads(figures.read_text("utf-8")) if options.only and figures.exists() else {}
    found = kept | {"machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"}

    def wanted(part: str) -> bool:
        return options.only in (None, part)

    if wanted("audio"):
        starts = []
        for _ in range(5):
            with served("--input", "none") as server:
                starts.append(server.started_s)
        found["start"] = {"first_byte_s": float(np.median(starts))}
        one, many = audio(1, options.seconds / 2), audio(options.streams, options.seconds)
        found |= {"streams": options.streams, "audio": many, "one": one}
        found["memory"] = {"stream_mb": (many["memory_mb"] - one["memory_mb"]) / max(1, options.streams - 1)}
    if wanted("events"):
        found |= {"listeners": options.listeners, "events": events(options.listeners, options.seconds)}
    if wanted("alone"):
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "music.wav"
            music([excerpt()], wav, WARM_UP_S + options.seconds + 30.0)
            found["alone"] = alone(wav, options.seconds)
    if wanted("soak") and options.soak:
        found["soak"] = soak(options.soak)
    figures.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (options.folder / "server-cost.md").write_text(page(found), "utf-8")


def page(found: dict[str, Any]) -> str:
    """Return the page about the figures."""
    rows = []
    for part, key, words, unit, goal, factor in GOALS:
        if part in found:
            aim = "flat" if goal is None else f"at most {goal * factor:g}"
            rows.append(f"| {words.format(**found)} | {found[part][key] * factor:.3g} {unit} | {aim} |")
    details = [
        f"| {words} | {one['readings']} of {one['expected']} | {1000 * one['p50_s']:.0f} | {1000 * one['p99_s']:.0f} "
        f"| {1000 * one['max_s']:.0f} | {one['server_cores']:.2f} | {one['crowd_cores']:.2f} | {one['memory_mb']:.0f} "
        f"| {1000 * one['late_s']:.0f} |"
        for part, words in (("one", "1 stream"), ("audio", "{streams} streams"), ("events", "{listeners} listeners"))
        if part in found
        for one, words in [(found[part], words.format(**found))]
    ]
    soaked = ""
    if "soak" in found:
        words = "\n{visits} clients came and went in {minutes:g} minutes; then the server had {memory_mb:.0f} MB.\n"
        soaked = words.format(**found["soak"])
    return "\n".join(
        [
            "# What the server costs",
            "",
            f"Written by `python -m benchmarks serve` on {found['machine']}. Clients and server share it.",
            "",
            "| | measured | goal |",
            "|---|---|---|",
            *rows,
            "",
            "Each sender sends 44.1 kHz mono 16 bit in messages of 100 ms, in real time, and has a reading a second.",
            "The time is that from the last sample of a reading to its arrival. It includes the message in which that",
            "sample waits.",
            "",
            f"| {' | '.join(COLUMNS)} |",
            f"|{'---|' * len(COLUMNS)}",
            *details,
            soaked,
        ]
    )
