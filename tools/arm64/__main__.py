"""Check the program on an emulated arm64 Debian: ``python -m tools.arm64 [--cost docs/arm64.md]``, as root.

Build the Debian root (kept in `.work/arm64`), install the locked wheels and that of this checkout, run the golden
vectors, `demo` and `doctor` there, and compare with this machine. The exit status is 1 if something differs.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from paces_live.analysis.classifier import LOGIT_STEP, SELF_TEST_TOLERANCE
from paces_live.demo import excerpt
from tools.arm64.compare import LEVEL_DB, OTHERWISE, SHARE, SPM, compare
from tools.arm64.cost import BOARDS, build_qemu, count, table
from tools.arm64.lock import BOOKWORM, LIVE, TRIXIE, download, requirements
from tools.arm64.root import QEMU, Root, debian_root, require

REPOSITORY = Path(__file__).parents[2]
CPUS = ("cortex-a53", "cortex-a72", "cortex-a76")
"""Processors of the Pi 3 and Zero 2 W, the Pi 4, and the Pi 5. Their instruction sets decide which kernels run."""
PYTHON = "/opt/paces/bin/python"
NEEDED = ("Python", "model", "files", "PortAudio")
"""Checks of `doctor` that must pass in the root, which has no microphone and no sound server."""
DEMO = ("-m", "paces_live", "demo", "--fast", "--json", "--rejected")
"""Arguments of the compared command. ``--rejected`` adds more candidates, whose probabilities are rarely 0 or 1."""
GOLDEN = (
    "tests/__init__.py",
    "tests/analysis/__init__.py",
    "tests/analysis/test_golden.py",
    "tests/support/__init__.py",
    "tests/support/golden.npz",
    "tests/support/golden.py",
    "tests/support/signals.py",
)
"""Files that the test of the golden vectors needs."""


def say(words: str) -> None:
    """Print a line at once: a step can take minutes."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def install(root: Root, work: Path) -> None:
    """Install the locked wheels, pytest and the wheel of this checkout into an environment of the root."""
    live = LIVE.read_text("utf-8")
    dev = LIVE.with_name("dev.txt").read_text("utf-8")
    say(f"download wheels for Python {TRIXIE.python} on {TRIXIE.machine} and check their hashes")
    download(requirements(live, TRIXIE), TRIXIE, work / "wheels-trixie")
    say(f"download and install wheels for Python {BOOKWORM.python} on {BOOKWORM.machine}")
    wheels = root.path / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    testing = requirements(dev, BOOKWORM, only=("pytest", "iniconfig", "pluggy", "packaging", "pygments"))
    download(requirements(live, BOOKWORM) | testing, BOOKWORM, wheels)
    wheel = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*wheel, "--no-build-isolation", "--wheel-dir", str(wheels), str(REPOSITORY)], check=True)
    (own,) = wheels.glob("paces_live-*.whl")
    shutil.rmtree(root.path / "opt/paces", ignore_errors=True)
    root.run("python3", "-m", "venv", "--without-pip", "/opt/paces")
    # Debian's own pip checks the hashes again, and evaluates markers on the emulated system.
    (pip,) = (root.path / "usr/share/python-wheels").glob("pip-*.whl")
    run_pip = [PYTHON, f"/usr/share/python-wheels/{pip.name}/pip", "--disable-pip-version-check"]
    put = [*run_pip, "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    root.run(*put, "--find-links", "/wheels", "--require-hashes", "-r", "/wheels/requirements.txt")
    root.run(*put, f"/wheels/{own.name}")
    root.run(*run_pip, "check")


def expected(work: Path) -> list[str]:
    """Return what `demo` prints on this machine, with the code of this checkout and without the user's settings."""
    home = work / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, *DEMO], cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.splitlines()


def check(root: Root, demo: list[str]) -> dict[str, str]:
    """Run every check in the root; return the results by name. A failed one begins with NOT.

    Parameters
    ----------
    root : Root
        The root, with everything installed.
    demo : list of str
        Lines that `demo` prints on this machine.
    """
    golden = root.path / "opt/golden"
    shutil.rmtree(golden, ignore_errors=True)
    for name in GOLDEN:
        (golden / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, golden / name)
    pytest = "cd /opt/golden && exec $0 -W error -m pytest -q -p no:cacheprovider tests/analysis"
    found: dict[str, str] = {}
    for cpu in CPUS:
        done = root.run("/bin/sh", "-c", pytest, PYTHON, cpu=cpu, check=False)
        last = done.stdout.strip().rpartition("\n")[2]
        found[f"golden vectors, {cpu}"] = f"NOT EQUAL: {done.stdout}" if done.returncode else last.split(" in ")[0]
        lines = root.run(PYTHON, *DEMO, cpu=cpu).stdout.splitlines()
        found[f"`demo`, {cpu}"] = str(compare(demo, lines))
        report = root.run(PYTHON, "-m", "paces_live", "doctor", cpu=cpu, check=False).stdout
        found[f"`doctor`, {cpu}"] = diagnosis(report)
        for name in (name for name in found if name.endswith(cpu)):
            say(f"{name}: {found[name]}")
    return found


def diagnosis(report: str) -> str:
    """Return what `doctor` reports about the model, or NOT OK if a check that can pass in the root has failed."""
    passed = dict(re.findall(r"^  ok  ([^:\n]+): (.+)$", report, re.MULTILINE))
    missing = [name for name in NEEDED if name not in passed]
    if missing:
        return f"NOT OK: {', '.join(missing)}: {report}"
    return f"ok: {', '.join(NEEDED)}; {passed['model']}"


def document(found: dict[str, str], start: dict[str, str], root: Root, work: Path) -> str:
    """Return the text of the document: the results of the program that printed the event `start`, and its cost."""
    say("count instructions; build QEMU first if it is missing")
    build_qemu(root, work)
    counts = {cpu: count(root, cpu, PYTHON, excerpt()) for cpu in dict.fromkeys(board.cpu for board in BOARDS)}
    rows = "\n".join(f"| {name} | {words} |" for name, words in found.items())
    counted = "\n".join(
        f"| {cpu.title()} | {counts[cpu].start:.0f} | {counts[cpu].minute:.0f} | {counts[cpu].minute / 60:.1f} |"
        for cpu in counts
    )
    return DOCUMENT.format(
        version=start["version"],
        model=start["model"],
        rows=rows,
        counted=counted,
        table=table(counts),
        spm=100 * SPM,
        tolerance=SELF_TEST_TOLERANCE,
        step=LOGIT_STEP,
        level=LEVEL_DB,
        share=SHARE,
        otherwise=100 * OTHERWISE,
    )


DOCUMENT = """# On arm64

Written by `make cost-arm64` with paces-live {version} and the model {model}.

This was not measured on a Raspberry Pi. A Debian 12 for arm64 runs under QEMU with the locked wheels, on the processors
of the Pi 3 and Zero 2 W, the Pi 4 and the Pi 5. The locked wheels for Python 3.13 (Debian 13) are downloaded and their
hashes checked, but they are not run.

| check | result |
|---|---|
{rows}

`demo` is compared with x86-64 event by event, including rejected candidates. Equal means the same events at the same
times, the same states and matches, paces within {spm:g} %, levels within {level:g} dB and shares within {share:g}. At
most {otherwise:g} % of the readings may have one pace more or less, because a pace can cross the threshold one reading
later. Load is not compared. A probability p may differ by {tolerance:g} + {step:g} p (1 - p), which rounding explains:
a few steps of the model's int8 output, and one step of the logits before it. `doctor` allows the self-test the same.

## What it costs

Instructions in millions, counted by QEMU's `insn` plugin while `paces-live listen --fast --json` hears the last minute
of the bundled excerpt, one reading per second. It gets raw samples on standard input, at 48 kHz, as it would from a
microphone. Start-up includes Python, the libraries, the model and the first second of audio.

| processor | start-up | one minute of audio | one second of audio |
|---|---|---|---|
{counted}

This gives an **estimate**, not a measurement:

{table}

The estimate assumes the stock clock of the board, the lower one if revisions differ, without throttling by heat or a
weak power supply. The range of instructions per cycle is wide because it is assumed too: the Cortex-A53 starts at most
two instructions per cycle, in order, and waits for each miss of its small caches. The A72 starts three and the A76
four, out of order, with larger caches. Start-up does not include reading from the SD card, which can take longest after
a cold start. The work of the kernel, such as that of the sound driver, is not counted. PortAudio's callback adds to it.
The program uses one of four cores.
"""


def main() -> None:
    """Parse the command line, run the checks and write the document."""
    parser = argparse.ArgumentParser(prog="python -m tools.arm64", description=__doc__)
    parser.add_argument("--work", type=Path, default=REPOSITORY / ".work" / "arm64", help="folder that keeps the root")
    parser.add_argument(
        "--cost", type=Path, metavar="FILE", help="count instructions too, and write the results to FILE"
    )
    options = parser.parse_args()
    require("debootstrap", QEMU, "unshare", "dpkg-deb")
    if options.cost:
        require("ninja", "pkg-config", "gcc", "dpkg-source")
    try:
        found = run(options.work.resolve(), options.cost)
    except subprocess.CalledProcessError as error:
        command = " ".join(shlex.join(error.cmd).split())
        sys.exit(f"{command} ended with status {error.returncode}: {error.stderr or 'see its output above'}")
    faults = [name for name, words in found.items() if words.startswith("NOT ")]
    if faults:
        sys.exit(f"arm64 differs from this machine: {', '.join(faults)}")
    say("arm64 gives the results of this machine")


def run(work: Path, cost: Path | None) -> dict[str, str]:
    """Build the root, install and check; write the document `cost` if nothing differs. Return the results."""
    say(f"build the root in {work} if it is missing")
    root = debian_root(work / "root")
    install(root, work)
    demo = expected(work)
    found = check(root, demo)
    if cost and not any(words.startswith("NOT ") for words in found.values()):
        cost.write_text(document(found, json.loads(demo[0]), root, work), "utf-8")
    return found


if __name__ == "__main__":
    main()
