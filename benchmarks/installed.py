"""Installed sizes of a package and its requirements: ``python -m benchmarks.installed PACKAGE`` prints JSON, bytes.

It runs in the Python of the baselines, so it needs nothing but `packaging`.
"""

import json
import sys
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement


def sizes(package: str) -> "dict[str, int]":
    """Return the size of each distribution that a package needs, and of its own, by name."""
    found: dict[str, int] = {}
    waiting = [packages_distributions().get(package, [package])[0]]
    while waiting:
        name = waiting.pop()
        key = name.lower().replace("_", "-")
        if key in found:
            continue
        try:
            here = distribution(name)
        except PackageNotFoundError:
            continue  # a requirement of other platforms
        files = (Path(file.locate()) for file in here.files or ())
        found[key] = sum(file.stat().st_size for file in files if file.is_file())
        requirements = [Requirement(line) for line in here.requires or ()]
        waiting += [each.name for each in requirements if not each.marker or each.marker.evaluate({"extra": ""})]
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(sizes(sys.argv[1])) + "\n")
