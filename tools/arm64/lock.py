"""What a lock file asks of another machine, and its wheels: ``python -m tools.arm64.lock`` fetches those of every Pi.

pip evaluates a lock's markers on the machine that it runs on, also where it is told to fetch for another; so they are
evaluated here, and pip gets requirements that have none.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement


@dataclass(frozen=True, slots=True)
class Target:
    """A system that wheels are for: its Python as ``3.11``, its processor, and its C library's minor version."""

    python: str
    machine: str
    glibc_minor: int

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags that it runs, newest first."""
        tags = (f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc_minor, 16, -1))
        return (*tags, f"manylinux2014_{self.machine}")

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its markers."""
        return {
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "os_name": "posix",
        }


BOOKWORM = Target("3.11", "aarch64", 36)
TRIXIE = Target("3.13", "aarch64", 41)


LIVE = Path(__file__).parents[2] / "requirements" / "live.txt"


def requirements(lock: str, target: Target, only: Collection[str] = ()) -> dict[str, str]:
    """Return what applies to `target` by name: pinned, with its hashes, without a marker.

    Parameters
    ----------
    lock : str
        Text of a lock file with hashes, as ``uv pip compile`` writes it.
    target : Target
        The system that it is read for.
    only : collection of str
        Names to keep; all by default.
    """
    found: dict[str, str] = {}
    for block in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE):
        lines = [line.strip() for line in block.splitlines() if line.strip() and not line.strip().startswith("#")]
        if not lines:
            continue
        requirement = Requirement(lines[0].removesuffix("\\"))
        if only and requirement.name not in only:
            continue
        if requirement.marker and not requirement.marker.evaluate(dict(target.environment)):
            continue
        if requirement.name in found:
            raise ValueError(f"{requirement.name} is locked twice for Python {target.python} on {target.machine}")
        found[requirement.name] = " \\\n    ".join(
            [f"{requirement.name}{requirement.specifier} \\".removesuffix(" \\")]
            + [line.removesuffix("\\").strip() for line in lines[1:]]
        )
    return found


def download(wanted: dict[str, str], target: Target, folder: Path) -> None:
    """Fetch the wheels of `wanted` for `target` into `folder`, hashes checked; none for it is an error of pip's."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / "requirements.txt"
    listed.write_text("\n".join(wanted.values()) + "\n", "utf-8")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--python-version", target.python, "--implementation", "cp"]
    for platform in target.platforms:
        command += ["--platform", platform]
    subprocess.run([*command, "--dest", str(folder), "--requirement", str(listed)], check=True)


def main() -> None:
    """Fetch what the lock names for the systems of the Raspberry Pi, to see that there is a wheel of everything."""
    for target in (BOOKWORM, TRIXIE):
        wanted = requirements(LIVE.read_text("utf-8"), target)
        with tempfile.TemporaryDirectory() as folder:
            try:
                download(wanted, target, Path(folder))
            except subprocess.CalledProcessError:
                sys.exit(f"not every locked wheel is there for Python {target.python} on {target.machine}, see above")
        sys.stdout.write(f"Python {target.python} on {target.machine}: {len(wanted)} wheels, hashes checked\n")


if __name__ == "__main__":
    main()
