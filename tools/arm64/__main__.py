"""The arm64 gate: ``python -m tools.arm64 [--cost docs/arm64.md]``, as root.

Builds the root (kept in `.work/arm64`), installs the locked wheels and the project's own, runs the golden vectors,
`demo` and `doctor` there, and compares with this machine. Exit status 1 where something differs.
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
from tools.arm64.root import QEMU, Root, debian_root, demand

REPOSITORY = Path(__file__).parents[2]
CPUS = ("cortex-a53", "cortex-a72", "cortex-a76")
"""Processors of the Pi 3 and Zero 2 W, the Pi 4, and the Pi 5: what they can do decides which kernels run."""
PYTHON = "/opt/paces/bin/python"
NEEDED = ("Python", "model", "files", "PortAudio")
"""Checks of `doctor` that must pass in the root; it has no microphone and no sound server."""
DEMO = ("-m", "paces_live", "demo", "--fast", "--json", "--all")
"""All: what was judged incompatible is compared too, where probabilities are neither 0 nor 1."""
GOLDEN = ("golden.py", "golden.npz", "signals.py", "test_golden.py")


def say(words: str) -> None:
    """Tell how far we are."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def install(root: Root, work: Path) -> None:
    """Put the locked wheels, pytest and the project's own wheel into an environment of the root."""
    live = LIVE.read_text("utf-8")
    dev = LIVE.with_name("dev.txt").read_text("utf-8")
    say(f"wheels for Python {TRIXIE.python} on {TRIXIE.machine}: resolved and their hashes checked, not installed")
    download(requirements(live, TRIXIE), TRIXIE, work / "wheels-trixie")
    say(f"wheels for Python {BOOKWORM.python} on {BOOKWORM.machine}: installed")
    wheels = root.path / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    testing = requirements(dev, BOOKWORM, only=("pytest", "iniconfig", "pluggy", "packaging", "pygments"))
    download(requirements(live, BOOKWORM) | testing, BOOKWORM, wheels)
    wheel = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*wheel, "--no-build-isolation", "--wheel-dir", str(wheels), str(REPOSITORY)], check=True)
    (own,) = wheels.glob("paces_live-*.whl")
    shutil.rmtree(root.path / "opt/paces", ignore_errors=True)
    root.run("python3", "-m", "venv", "--without-pip", "/opt/paces")
    # Debian's own pip checks the hashes once more, and reads the markers of its own system.
    (pip,) = (root.path / "usr/share/python-wheels").glob("pip-*.whl")
    run_pip = [PYTHON, f"/usr/share/python-wheels/{pip.name}/pip", "--disable-pip-version-check"]
    put = [*run_pip, "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    root.run(*put, "--find-links", "/wheels", "--require-hashes", "-r", "/wheels/requirements.txt")
    root.run(*put, f"/wheels/{own.name}")
    root.run(*run_pip, "check")


def expected(work: Path) -> list[str]:
    """Return what `demo` says on this machine, by the code of this checkout and without anybody's settings."""
    home = work / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, *DEMO], cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.splitlines()


def check(root: Root, demo: list[str]) -> dict[str, str]:
    """Run everything in the root; return what was found by the name of the check, faults beginning with NOT.

    Parameters
    ----------
    root : Root
        The root, with everything installed.
    demo : list of str
        What `demo` says on this machine.
    """
    tests = root.path / "opt/golden/tests"
    shutil.rmtree(tests, ignore_errors=True)
    tests.mkdir(parents=True)
    for name in GOLDEN:
        shutil.copy(REPOSITORY / "tests" / name, tests)
    pytest = "cd /opt/golden && exec $0 -W error -m pytest -q -p no:cacheprovider tests/test_golden.py"
    found: dict[str, str] = {}
    for cpu in CPUS:
        done = root.run("/bin/sh", "-c", pytest, PYTHON, cpu=cpu, check=False)
        last = done.stdout.strip().rpartition("\n")[2]
        found[f"golden vectors, {cpu}"] = f"NOT EQUAL: {done.stdout}" if done.returncode else last.split(" in ")[0]
        lines = root.run(PYTHON, *DEMO, cpu=cpu).stdout.splitlines()
        found[f"`demo`, {cpu}"] = str(compare(demo, lines))
        told = root.run(PYTHON, "-m", "paces_live", "doctor", cpu=cpu, check=False).stdout
        found[f"`doctor`, {cpu}"] = diagnosis(told)
        for name in (name for name in found if name.endswith(cpu)):
            say(f"{name}: {found[name]}")
    return found


def diagnosis(told: str) -> str:
    """Return what `doctor` told of the model, where all that can pass in the root has passed."""
    passed = dict(re.findall(r"^  ok  ([^:\n]+): (.+)$", told, re.MULTILINE))
    missing = [name for name in NEEDED if name not in passed]
    if missing:
        return f"NOT OK: {', '.join(missing)}: {told}"
    return f"ok: {', '.join(NEEDED)}; {passed['model']}"


def document(found: dict[str, str], start: dict[str, str], root: Root, work: Path) -> str:
    """Return what was found by the program of the event `start`, and what it costs, as the text of the document."""
    say("counting instructions; QEMU is built first where it is not there yet")
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

No Raspberry Pi was at hand: a Debian 12 root for arm64 runs under QEMU, with the locked wheels and the project's own in
it, on the processors of the Pi 3 and Zero 2 W, the Pi 4 and the Pi 5. The locked wheels for Python 3.13 (Debian 13) are
resolved too, but not run.

| check | found |
|---|---|
{rows}

`demo` is compared with x86-64, event by event, also in what it rejects. Equal means: the same events at the same times;
paces within {spm:g} %, levels within {level:g} dB, shares within {share:g}; the same states and matches; and at most
{otherwise:g} % of the readings with a pace more or less, where one comes or goes at the very threshold. Load is not
compared. A probability p may differ by {tolerance:g} + {step:g} p (1 - p), which is what rounding explains: a few steps
of the model's int8 output, and one step of the logits before it. `doctor` holds the model's self-test to the same.

## What it costs

Instructions in millions, counted by QEMU's `insn` plugin while `paces-live listen --fast --json` hears the last minute
of the bundled excerpt at 48 kHz, a reading a second. Start-up is Python, the libraries, the model and the first second.

| processor | start-up | a minute of audio | a second of audio |
|---|---|---|---|
{counted}

From them follows an **estimate**, not a measurement:

{table}

Assumptions. The clock is the board's stock clock, the lower one where revisions differ, and not throttled by heat or a
weak supply. Instructions per cycle are assumed, a wide range because no board was at hand: the Cortex-A53 executes in
order, two instructions at best, and waits for every miss of its small caches; the A72 starts three and the A76 four,
out of order, with larger caches. Start-up leaves out reading from the card, which on a cold start can take longer than
all else. The kernel's work, such as that of the sound driver, is not counted. Audio is read from a file here;
PortAudio's callback adds to it. One core of four is used.
"""


def main() -> None:
    """Parse the command line, run the gate, write the document."""
    parser = argparse.ArgumentParser(prog="python -m tools.arm64", description=__doc__)
    parser.add_argument("--work", type=Path, default=REPOSITORY / ".work" / "arm64", help="where the root is kept")
    parser.add_argument("--cost", type=Path, metavar="FILE", help="count instructions too, and write all into FILE")
    options = parser.parse_args()
    demand("debootstrap", QEMU, "unshare", "dpkg-deb")
    if options.cost:
        demand("ninja", "pkg-config", "gcc", "dpkg-source")
    try:
        found = gate(options.work.resolve(), options.cost)
    except subprocess.CalledProcessError as error:
        command = " ".join(shlex.join(error.cmd).split())
        sys.exit(f"{command} ended with status {error.returncode}: {error.stderr or 'what it said stands above'}")
    faults = [name for name, words in found.items() if words.startswith("NOT ")]
    if faults:
        sys.exit(f"arm64 differs: {', '.join(faults)}")
    say("arm64 gives what this machine gives")


def gate(work: Path, cost: Path | None) -> dict[str, str]:
    """Build, install and check, and write the document `cost` where nothing differs; return what was found."""
    say(f"the root, in {work}")
    root = debian_root(work / "root")
    install(root, work)
    demo = expected(work)
    found = check(root, demo)
    if cost and not any(words.startswith("NOT ") for words in found.values()):
        cost.write_text(document(found, json.loads(demo[0]), root, work), "utf-8")
    return found


if __name__ == "__main__":
    main()
