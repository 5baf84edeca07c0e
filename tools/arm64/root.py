"""Build a Debian 12 root for arm64, and run programs in it.

debootstrap downloads the packages. They are unpacked without their scripts, which are not needed here. Programs run
through a binary format that is registered in its own namespace (Linux 6.7), so this machine does not change. On an
older kernel, a format that the system has registered works too.
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
    """A Debian root in a folder."""

    path: Path

    def run(self, *command: str, cpu: str = "cortex-a53", check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a program of the root on the emulated processor `cpu`; its standard output is captured."""
        emulator = shutil.which(QEMU)
        register = f":arm64:M::{ELF}:{MASK}:{emulator}:F"
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "QEMU_CPU": cpu}
        enter = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ENTER, "sh", register]
        return subprocess.run(
            [*enter, str(self.path), *command], env=environment, stdout=subprocess.PIPE, text=True, check=check
        )


def debian_root(path: Path) -> Root:
    """Return the root in `path`; building it takes a minute, once."""
    root = Root(path)
    done = path / "built"
    if not done.exists():
        shutil.rmtree(path, ignore_errors=True)
        command = ["debootstrap", "--foreign", "--arch=arm64", "--variant=minbase", f"--include={PACKAGES}"]
        subprocess.run([*command, "bookworm", str(path)], check=True, stdout=subprocess.DEVNULL)
        for package in sorted((path / "var/cache/apt/archives").glob("*.deb")):
            subprocess.run(["dpkg-deb", "--extract", str(package), str(path)], check=True)
    if root.run("/bin/true", check=False).returncode:
        sys.exit("arm64 programs do not start: use Linux 6.7 or newer, or register qemu-user-static as a binary format")
    if not done.exists():
        root.run("/sbin/ldconfig")
        done.touch()
    return root


def require(*programs: str) -> None:
    """Exit with one line if this user is not root, or if programs are missing."""
    if os.geteuid() != 0:
        sys.exit("debootstrap and chroot need root: run this with sudo")
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}; run sh requirements/debian.sh arm64")
