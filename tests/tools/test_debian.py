"""The script that installs Debian packages, with an apt-get that writes down how it was called."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "requirements" / "debian.sh"
APT = """
echo "$@" >> "$CALLS"
[ "$(wc -l < "$CALLS")" -gt "$FAILURES" ] || { echo "$COMPLAINT" >&2; exit 100; }
"""
LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (unattended-upgr)"


class Debian:
    """A folder of programs in place of Debian's; the script finds no package installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program("dpkg-query", "exit 1")
        self.program("id", "echo 0")
        self.program("apt-get", APT)
        self.program("sleep", 'echo "$@" >> "$SLEEPS"')

    def program(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        path.chmod(0o755)

    def run(self, *arguments: str, failures: int = 0, complaint: str = LOCKED) -> "subprocess.CompletedProcess[str]":
        """Run the script; the first calls of apt-get fail with `complaint`."""
        known = {"PATH": f"{self.folder}:{os.environ['PATH']}", "FAILURES": str(failures), "COMPLAINT": complaint}
        known |= {"CALLS": str(self.folder / "calls"), "SLEEPS": str(self.folder / "sleeps")}
        return subprocess.run(
            ["sh", str(SCRIPT), *arguments], env=known, capture_output=True, text=True, check=False, timeout=60
        )

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text("utf-8").splitlines() if path.exists() else []


@pytest.fixture
def debian(tmp_path: Path) -> Debian:
    return Debian(tmp_path)


def test_packages_are_installed_with_patience_for_locks(debian: Debian) -> None:
    done = debian.run("arm64")
    assert done.returncode == 0, done.stderr
    assert debian.lines("calls") == [
        "-qq -o DPkg::Lock::Timeout=600 update",
        "-qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends debootstrap qemu-user-static",
    ]
    assert debian.lines("sleeps") == []


def test_a_lock_of_another_apt_is_waited_for(debian: Debian) -> None:
    done = debian.run("arm64", failures=3)
    assert done.returncode == 0, done.stderr
    assert len(debian.lines("calls")) == 3 + 2
    assert len(debian.lines("sleeps")) == 3
    assert done.stdout.splitlines()[1:] == ["another apt is running: waiting for it"]


def test_patience_ends_after_ten_minutes(debian: Debian) -> None:
    done = debian.run("arm64", failures=1000)
    assert done.returncode == 1
    assert done.stderr.strip() == LOCKED
    assert sum(map(int, debian.lines("sleeps"))) == 600


def test_another_failure_is_reported_at_once(debian: Debian) -> None:
    done = debian.run("arm64", failures=1000, complaint="E: Unable to locate package qemu-user-static")
    assert done.returncode == 1
    assert done.stderr.strip() == "E: Unable to locate package qemu-user-static"
    assert debian.lines("sleeps") == []


def test_nothing_is_installed_twice(debian: Debian) -> None:
    debian.program("dpkg-query", "echo install ok installed")
    done = debian.run("training")
    assert (done.returncode, done.stdout, debian.lines("calls")) == (0, "", [])


def test_without_root_the_missing_packages_are_named(debian: Debian) -> None:
    debian.program("id", "echo 1000")
    done = debian.run("arm64")
    assert done.returncode == 0
    assert done.stdout.startswith("missing: debootstrap qemu-user-static (Debian: sudo apt install debootstrap ")
    assert debian.lines("calls") == []


def test_the_old_name_of_the_real_music_set_still_works(debian: Debian) -> None:
    for purpose in ("real-music", "openset"):
        assert debian.run(purpose).returncode == 0
    installed = [call for call in debian.lines("calls") if "install" in call]
    assert installed[0] == installed[1]


@pytest.mark.parametrize("arguments", [(), ("nonsense",)])
def test_an_unknown_purpose_shows_the_usage(debian: Debian, arguments: tuple[str, ...]) -> None:
    done = debian.run(*arguments)
    assert (done.returncode, done.stderr[:6]) == (2, "usage:")
