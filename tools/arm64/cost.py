"""Estimate the cost of a minute of audio on a Raspberry Pi from the number of instructions.

QEMU's `insn` plugin counts instructions exactly. Debian's QEMU has no plugins, so one is built from Debian's source.
How fast a Pi executes the instructions is an assumption, and the report says so.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.arm64.root import Root

FOLDER = "/opt/qemu"
"""Place of the QEMU with plugins, inside the root."""


@dataclass(frozen=True, slots=True)
class Board:
    """A Raspberry Pi.

    Attributes
    ----------
    name : str
    cpu : str
        Processor, as QEMU names it.
    clock_ghz : float
        Stock clock.
    ipc : tuple of float
        Assumed instructions per cycle, low and high.
    """

    name: str
    cpu: str
    clock_ghz: float
    ipc: tuple[float, float]


# The A53 starts at most two instructions per cycle, in order, and waits for its small caches: Python and numpy reach
# about a third of that. The A72 and the A76 start three and four, out of order, and reach a larger part.
A53, A72, A76 = (0.4, 0.8), (0.8, 1.4), (1.2, 2.2)
BOARDS = (
    Board("Zero 2 W", "cortex-a53", 1.0, A53),
    Board("3 B", "cortex-a53", 1.2, A53),
    Board("3 B+", "cortex-a53", 1.4, A53),
    Board("4 B", "cortex-a72", 1.5, A72),
    Board("5", "cortex-a76", 2.4, A76),
)


@dataclass(frozen=True, slots=True)
class Count:
    """Millions of instructions: until the first second of audio is heard, and for one minute of audio after that."""

    start: float
    minute: float


def seconds(board: Board, millions: float) -> tuple[float, float]:
    """Return the shortest and the longest time, in seconds, that `board` takes for `millions` of instructions.

    Examples
    --------
    >>> seconds(Board("x", "cortex-a53", clock_ghz=1.0, ipc=(0.5, 1.0)), 1000.0)
    (1.0, 2.0)
    """
    low, high = board.ipc
    return millions / (board.clock_ghz * 1e3 * high), millions / (board.clock_ghz * 1e3 * low)


def table(counts: dict[str, Count]) -> str:
    """Return a Markdown table of the estimates for all boards, from the counts of each processor."""
    lines = [
        "| Raspberry Pi | processor | clock | instructions per cycle, assumed | start-up | one core, busy |",
        "|---|---|---|---|---|---|",
    ]
    for board in BOARDS:
        count = counts[board.cpu]
        start, busy = seconds(board, count.start), [100.0 * s / 60.0 for s in seconds(board, count.minute)]
        lines.append(
            f"| {board.name} | {board.cpu.title()} | {board.clock_ghz:g} GHz | {board.ipc[0]:g} to {board.ipc[1]:g} "
            f"| {start[0]:.1f} to {start[1]:.1f} s | {busy[0]:.1f} to {busy[1]:.1f} % |"
        )
    return "\n".join(lines)


def build_qemu(root: Root, work: Path) -> None:
    """Build QEMU with plugins from Debian's source and install it into the root; takes some minutes, once."""
    target = root.path / FOLDER.lstrip("/")
    if (target / "done").exists():
        return
    source = work / "qemu"
    shutil.rmtree(source, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "source"):
        (source / folder).mkdir(parents=True)
    # The sources come from the mirror of the root; the package lists of this system stay as they are.
    known = (root.path / "etc/apt/sources.list").read_text("utf-8")
    keyring = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    (source / "sources.list").write_text(re.sub(r"^deb ", f"deb-src {keyring} ", known, flags=re.MULTILINE), "utf-8")
    options = ["-q", "-o", "APT::Sandbox::User=root", "-o", "Dir::Etc::sourceparts=-"]
    options += ["-o", f"Dir::Etc::sourcelist={source}/sources.list"]
    options += ["-o", f"Dir::State::lists={source}/lists", "-o", f"Dir::Cache={source}/cache"]
    with (source / "log").open("w") as log:

        def run(*command: str, cwd: Path) -> None:
            subprocess.run(command, cwd=cwd, check=True, stdout=log, stderr=subprocess.STDOUT)

        run("apt-get", *options, "update", cwd=source)
        run("apt-get", *options, "source", "qemu", cwd=source / "source")
        (unpacked,) = (path for path in (source / "source").iterdir() if path.is_dir())
        build = unpacked / "build-arm64"
        build.mkdir()
        wanted = ["--target-list=aarch64-linux-user", "--without-default-features", "--enable-plugins"]
        run("../configure", *wanted, "--disable-system", "--disable-tools", "--disable-docs", cwd=build)
        run("ninja", "qemu-aarch64", "tests/plugin/libinsn.so", cwd=build)
    target.mkdir(parents=True, exist_ok=True)
    libraries = subprocess.run(["ldd", str(build / "qemu-aarch64")], capture_output=True, text=True, check=True).stdout
    for path in (build / "qemu-aarch64", build / "tests/plugin/libinsn.so", *re.findall(r"/lib\S+", libraries)):
        shutil.copy(path, target)
    (target / "done").touch()
    shutil.rmtree(source)


def instructions(root: Root, cpu: str, *command: str, stdin: Path) -> int:
    """Return the number of instructions that a program of the root executes in all its threads."""
    loader = next(path.name for path in (root.path / FOLDER.lstrip("/")).glob("ld-linux*"))
    emulator = [f"{FOLDER}/{loader}", "--library-path", FOLDER, f"{FOLDER}/qemu-aarch64", "-cpu", cpu]
    emulator += ["-plugin", f"{FOLDER}/libinsn.so", "-d", "plugin"]
    with stdin.open("rb") as file:
        done = subprocess.run(
            ["chroot", str(root.path), *emulator, *command],
            env={"PATH": os.environ["PATH"], "HOME": "/root", "LANG": "C.UTF-8"},
            stdin=file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
    (total,) = re.findall(r"^(?:total )?insns: (\d+)", done.stderr, re.MULTILINE)[-1:]
    return int(total)


def count(root: Root, cpu: str, program: str, excerpt: Path) -> Count:
    """Count the instructions for the first second and for the last minute of `excerpt` on the processor `cpu`.

    The program gets raw samples on standard input, as it would from a microphone, at 48 kHz, the rate of most of them:
    no file is decoded, and its resampling counts.
    """
    import numpy as np
    import soundfile
    import soxr

    rate = 48_000
    samples, own_rate = soundfile.read(excerpt, dtype="float32", always_2d=True)
    resampled = soxr.resample(samples.mean(axis=1), own_rate, rate)
    samples = np.round(32767.0 * np.clip(resampled, -1.0, 1.0)).astype("<i2")
    whole = len(samples) // rate
    listen = ["-m", "paces_live", "listen", "--input", "-", "--rate", f"{rate}", "--fast", "--json"]
    millions = {}
    # The first second runs twice, because Python compiles its modules at the first import.
    for length in (1, 1, whole - 60, whole):
        pcm = root.path / "tmp" / "excerpt.pcm"
        samples[: length * rate].tofile(pcm)
        millions[length] = instructions(root, cpu, program, *listen, stdin=pcm) / 1e6
    return Count(millions[1], millions[whole] - millions[whole - 60])
