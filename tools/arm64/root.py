"""A Debian 12 root for arm64, and programs run in it.

debootstrap fetches its packages; they are unpacked without running their scripts, which nothing here needs. Programs
run through a binary format that is registered in a namespace of their own (Linux 6.7), so that this machine stays as
it is; on an older kernel one that the system has registered serves as well.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PACKAGES = "python3,python3-venv,libportaudio2"
QEMU = "qemu-aarch64-static"
ELF = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
ENTER = """
format=/proc/sys/fs/binfmt_misc
{ mount -t binfmt_misc binfmt_misc $format && printf %s "$1" > $format/register; } 2>/dev/null
root=$2
shift 2
exec chroot "$root" "$@"
"""


@dataclass(frozen=True, slots=True)
class Root:
    """The folder of the root."""

    path: Path

    def run(self, *command: str, cpu: str = "cortex-a53", check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a program of the root as on the processor `cpu`; return what it wrote to standard output."""
        emulator = shutil.which(QEMU)
        register = f":arm64:M::{ELF}:{MASK}:{emulator}:F"
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "QEMU_CPU": cpu}
        enter = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ENTER, "sh", register]
        return subprocess.run(
            [*enter, str(self.path), *command], env=environment, stdout=subprocess.PIPE, text=True, check=check
        )


def debian_root(path: Path) -> Root:
    """Return the root in `path`, which is built where it is not there yet: a minute."""
    root = Root(path)
    done = path / "built"
    if not done.exists():
        shutil.rmtree(path, ignore_errors=True)
        command = ["debootstrap", "--foreign", "--arch=arm64", "--variant=minbase", f"--include={PACKAGES}"]
        subprocess.run([*command, "bookworm", str(path)], check=True, stdout=subprocess.DEVNULL)
        for package in sorted((path / "var/cache/apt/archives").glob("*.deb")):
            subprocess.run(["dpkg-deb", "--extract", str(package), str(path)], check=True)
    if root.run("/bin/true", check=False).returncode:
        sys.exit("programs for arm64 cannot be started: run Linux 6.7 or newer, or register qemu-user-static for them")
    if not done.exists():
        root.run("/sbin/ldconfig")
        done.touch()
    return root


def demand(*programs: str) -> None:
    """End in one line where we are not root, or programs are missing."""
    if os.geteuid() != 0:
        sys.exit("the arm64 gate needs root, for debootstrap and chroot: run it with sudo")
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        sys.exit(f"the arm64 gate needs {', '.join(missing)}: sh requirements/debian.sh arm64")
