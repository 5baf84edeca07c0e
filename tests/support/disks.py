"""Small disks, which fill up or may not be written to."""

import shutil
import subprocess
from pathlib import Path

import pytest


def on_small_disk(folder: Path, kilobytes: int, script: str) -> "subprocess.CompletedProcess[str]":
    """Run a shell script with a disk of its own at `folder`; skip the test where that is not possible."""
    folder.mkdir()
    mount = f"mount -t tmpfs -o size={kilobytes}k none {folder}"
    inside = ["unshare", "--mount", "--map-root-user", "sh", "-ec"]
    if shutil.which("unshare") is None or subprocess.run([*inside, mount], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount a disk of memory: it needs unshare and user namespaces")
    return subprocess.run([*inside, f"{mount}\n{script}"], capture_output=True, text=True, check=False)
