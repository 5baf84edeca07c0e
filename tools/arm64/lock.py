"""Download the locked wheels for every 64-bit Raspberry Pi OS: ``python -m tools.arm64.lock``.

pip evaluates the markers of a lock for the machine that it runs on, even if it downloads for another one. So the
markers are evaluated here, and pip gets requirements without markers.
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
    """A system to download wheels for: its Python such as ``3.11``, its processor, and the minor version of glibc."""

    python: str
    machine: str
    glibc_minor: int

    @property
    def platforms(self) -> tuple[str, ...]:
        """Platform tags that the system runs, newest first."""
        tags = (f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc_minor, 16, -1))
        return (*tags, f"manylinux2014_{self.machine}")

    @property
    def environment(self) -> dict[str, str]:
        """Values of the variables in markers."""
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
    r"""Return the requirements of `target` by name: pinned, with hashes, without markers.

    Parameters
    ----------
    lock : str
        Text of a lock file with hashes, as ``uv pip compile`` writes it.
    target : Target
        System to install on.
    only : collection of str
        Names to keep; all by default.

    Raises
    ------
    ValueError
        If two lines with the same name apply.

    Examples
    --------
    >>> requirements("soxr==1.1.0 ; python_version < '3.12' \\\n    --hash=sha256:0", BOOKWORM)
    {'soxr': 'soxr==1.1.0 \\\n    --hash=sha256:0'}
    >>> requirements("soxr==1.1.0 ; python_version < '3.12' \\\n    --hash=sha256:0", TRIXIE)
    {}
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
    """Download the wheels of `wanted` for `target` into `folder` and check their hashes.

    Raises
    ------
    subprocess.CalledProcessError
        If pip finds no wheel, or one with another hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / "requirements.txt"
    listed.write_text("\n".join(wanted.values()) + "\n", "utf-8")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--python-version", target.python, "--implementation", "cp"]
    for platform in target.platforms:
        command += ["--platform", platform]
    subprocess.run([*command, "--dest", str(folder), "--requirement", str(listed)], check=True)


def main() -> None:
    """Check that every locked package has a wheel for each 64-bit Raspberry Pi OS."""
    for target in (BOOKWORM, TRIXIE):
        wanted = requirements(LIVE.read_text("utf-8"), target)
        with tempfile.TemporaryDirectory() as folder:
            try:
                download(wanted, target, Path(folder))
            except subprocess.CalledProcessError:
                sys.exit(
                    f"a locked wheel is missing for Python {target.python} on {target.machine}: see pip's output above"
                )
        sys.stdout.write(f"Python {target.python} on {target.machine}: {len(wanted)} wheels, hashes checked\n")


if __name__ == "__main__":
    main()
