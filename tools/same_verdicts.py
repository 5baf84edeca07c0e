"""Check that two checkouts say the same about the same audio.

``python -m tools.same_verdicts --before OLD --after NEW AUDIO...`` runs `listen`, `demo` and `analyze` in both and
compares what a runner sees: times, states, paces, probabilities, matches and songs. Values must be equal to the last
digit. Fields may move: the events of schema 1 and 2 are read alike. The golden vectors of both checkouts are compared
too. The exit status is 1 after the first difference.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

PACE = ("spm", "probability", "share")
MATCH = ("spm", "error", "grade")
FIELDS = {
    "start": ("model",),
    "reading": ("t", "song", "state", "paces", "rejected", "match", "level_dbfs", "dropped_s"),
    "song": ("song", "start", "end", "paces", "match"),
    "file": ("duration", "paces", "match"),
    "end": ("t",),
}
"""Fields of each type of event that make its verdict. Load, titles and messages may differ."""

INTERPRETER = "its interpreter; a relative path starts at the checkout"

Verdict = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout of paces-live, and a Python that has the packages that it needs."""

    path: Path
    python: str = sys.executable

    def run(self, *arguments: str) -> list[Verdict]:
        """Return the verdicts that a command of this checkout prints, whatever the settings of this user are.

        Raises
        ------
        RuntimeError
            If the command fails.
        """
        with tempfile.TemporaryDirectory() as home:
            kept = {name: value for name, value in os.environ.items() if not name.startswith("PACES_LIVE_")}
            done = subprocess.run(
                [self.python, "-m", "paces_live", *arguments],
                cwd=self.path,
                env=kept | {"PYTHONPATH": str(self.path), "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home},
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{self.path}: {' '.join(arguments)} failed: {done.stderr.strip()}")
        return verdicts(done.stdout.splitlines())

    def golden_vectors(self) -> list[tuple[str, bytes]]:
        """Return shape and type, and the bytes, of each golden vector; a name may change, a value may not."""
        (path,) = (self.path / "tests").rglob("golden.npz")
        with np.load(path) as vectors:
            arrays = [vectors[name] for name in vectors.files]
        return sorted((f"{array.dtype} {array.shape}", array.tobytes()) for array in arrays)


def verdicts(lines: Iterable[str]) -> list[Verdict]:
    """Return the verdicts in the JSON lines of a run.

    Examples
    --------
    >>> verdicts(['{"type": "end", "t": 91.0, "stream": "main"}'])
    [{'type': 'end', 't': 91.0}]
    """
    return [_verdict(json.loads(line)) for line in lines]


def _verdict(event: dict[str, Any]) -> Verdict:
    verdict = {"type": event["type"]}
    for name in FIELDS.get(event["type"], ()):
        value = _find(event, name)
        if name in ("paces", "rejected") and value is not None:
            value = [_pick(pace, PACE) for pace in value]
        elif name == "match" and value is not None:
            value = _pick(value, MATCH)
        verdict[name] = value
    return verdict


def _find(event: dict[str, Any], name: str) -> Any:
    """Return a field of an event, or of an object in it if the event has none of that name."""
    objects = (value for value in event.values() if isinstance(value, dict))
    return next((found[name] for found in (event, *objects) if name in found), None)


def _pick(record: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: record[name] for name in names if name in record}


def difference(before: Sequence[Verdict], after: Sequence[Verdict]) -> str | None:
    """Return the first difference between two runs in words, or None if they say the same.

    Examples
    --------
    >>> difference([{"type": "end", "t": 91.0}], [{"type": "end", "t": 90.0}])
    'event 1, end: t: 91.0 before, 90.0 after'
    """
    for number, (old, new) in enumerate(zip_longest(before, after, fillvalue={"type": "nothing"}), 1):
        if old["type"] != new["type"]:
            return f"event {number}: {old['type']} before, {new['type']} after"
        for name in old:
            if old[name] != new[name]:
                moment = f" at {old['t']} s" if old["type"] == "reading" else ""
                return f"event {number}, {old['type']}{moment}: {name}: {old[name]} before, {new[name]} after"
    return None


def compare(before: Checkout, after: Checkout, commands: Iterable[Sequence[str]]) -> str:
    """Return how many events of each type the two checkouts agree on.

    Raises
    ------
    ValueError
        At the first difference, if they do not agree.
    """
    counts: Counter[str] = Counter()
    for command in commands:
        with ThreadPoolExecutor() as pool:
            old, new = pool.map(lambda checkout, command=command: checkout.run(*command), (before, after))
        if found := difference(old, new):
            raise ValueError(f"{command[0]}: {found}")
        counts.update(verdict["type"] for verdict in new)
    return ", ".join(f"{kind} {count}" for kind, count in counts.items())


def compare_golden(before: Checkout, after: Checkout) -> str:
    """Return how many golden vectors the two checkouts have in common.

    Raises
    ------
    ValueError
        If they are not all the same.
    """
    vectors = after.golden_vectors()
    if before.golden_vectors() != vectors:
        raise ValueError("the files hold other values")
    return f"vector {len(vectors)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the two checkouts that the command line names; one line for each file."""
    parser = argparse.ArgumentParser(prog="python -m tools.same_verdicts", description=__doc__)
    parser.add_argument("--before", type=Path, required=True, metavar="PATH", help="the older checkout")
    parser.add_argument("--after", type=Path, required=True, metavar="PATH", help="the newer checkout")
    parser.add_argument("--before-python", default=sys.executable, metavar="PYTHON", help=INTERPRETER)
    parser.add_argument("--after-python", default=sys.executable, metavar="PYTHON", help=INTERPRETER)
    parser.add_argument("audio", type=Path, nargs="*", help="files to listen to and to analyze")
    options = parser.parse_args(arguments)
    before = Checkout(options.before.resolve(), options.before_python)
    after = Checkout(options.after.resolve(), options.after_python)
    jobs: dict[str, list[Sequence[str]]] = {"demo": [("demo", "--fast", "--json", "--all")]}
    for audio in options.audio:
        path = str(audio.resolve())
        listen = ("listen", "--input", path, "--fast", "--json", "--all", "--no-history", "--titles", "none")
        jobs[str(audio)] = [listen, ("analyze", "--json", path)]
    name = "golden vectors"
    try:
        sys.stdout.write(f"{name}: same: {compare_golden(before, after)}\n")
        for name, commands in jobs.items():
            sys.stdout.write(f"{name}: same: {compare(before, after, commands)}\n")
            sys.stdout.flush()
    except (RuntimeError, ValueError) as error:
        sys.exit(f"{name}: DIFFERENT: {error}")


if __name__ == "__main__":
    main()
