"""Folders of empty files, and what someone sees who may not read all of them."""

import os
import subprocess
import sys
from pathlib import Path

AS_NOBODY = """
import os
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""


def make(folder: Path, *names: str | bytes) -> Path:
    """Make empty files: nothing is read before it is played."""
    for name in names:
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def printed_without_rights(imports: str, program: str, *arguments: Path, locked: Path, below: Path) -> list[str]:
    """Return the lines that a Python program prints while nobody may read `locked`, a path below `below`.

    Root may read everything. So a program of root's goes on as nobody after its imports.
    """
    if os.getuid() == 0:
        # The folders above are pytest's own, which only root may enter.
        for folder in (below, *below.parents[:2]):
            folder.chmod(0o755)
    mode = locked.stat().st_mode
    locked.chmod(0)
    try:
        command = [sys.executable, "-c", imports + AS_NOBODY + program, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        locked.chmod(mode)
    assert not done.stderr
    return done.stdout.splitlines()
