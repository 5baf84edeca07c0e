"""A folder that does as little as a watch that speaks MTP: a real file system, in memory, of FUSE.

It takes whole files from their beginning to their end. It refuses permissions, times, links, names over files that are
there, and writing at another place than the end. If asked, it also refuses other names for a file, and to open one for
anybody but gio, as GNOME's file system does with devices that are not Android's. FUSE's protocol:
https://github.com/torvalds/linux/blob/master/include/uapi/linux/fuse.h.

Run in a mount namespace: ``python -m tests.support.mtp FOLDER CAN BYTES SCRIPT``. It mounts the file system, runs a
shell script, and prints the names of the operations that it refused.
"""

import ctypes
import errno
import os
import shutil
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from enum import IntEnum
from itertools import count
from pathlib import Path

import pytest

ROOT = 1
"""Number of the folder itself."""


class Op(IntEnum):
    """Operations of FUSE."""

    LOOKUP, FORGET, GETATTR, SETATTR, SYMLINK, MKNOD, MKDIR, UNLINK = 1, 2, 3, 4, 6, 8, 9, 10
    RENAME, LINK, OPEN, READ, WRITE, STATFS, RELEASE, FSYNC = 12, 13, 14, 15, 16, 17, 18, 20
    FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, CREATE, BATCH_FORGET, FALLOCATE, RENAME2 = (
        25,
        26,
        27,
        28,
        29,
        35,
        42,
        43,
        45,
    )


REFUSED = {Op.SETATTR, Op.SYMLINK, Op.MKNOD, Op.MKDIR, Op.LINK, Op.FSYNC, Op.FALLOCATE}
BLOCK = 4096
MOST_WRITTEN = 1 << 17
CANNOT_MOUNT = 99
"""Exit status if the system lets nobody mount it."""
DIRECT = 1
"""Flag of an open file that nothing of it is cached."""


class Mtp:
    """The file system: names, and their contents."""

    def __init__(self, *, renames: bool, opens: bool, dies_after: int) -> None:
        self._renames = renames
        self._opens = opens
        self._left = dies_after or None
        self._files: dict[int, bytearray] = {}
        self._names: dict[str, int] = {}
        self._numbers = count(ROOT + 1)
        self.refused: set[str] = set()

    def serve(self, device: int) -> None:
        """Answer until the file system is unmounted, or dies."""
        while self._left is None or self._left > 0:
            try:
                asked = os.read(device, MOST_WRITTEN + BLOCK)
            except OSError:
                break
            _, operation, unique, node, _, _, caller = struct.unpack_from("<IIQQIII", asked)
            if operation in (Op.FORGET, Op.BATCH_FORGET):
                continue
            try:
                if not self._opens and operation in (Op.OPEN, Op.CREATE) and not _is_gio(caller):
                    raise _refused("open")
                error, body = 0, self._answer(operation, node, asked[40:])
            except OSError as wrong:
                error, body = -(wrong.errno or errno.EIO), b""
                if wrong.errno == errno.EOPNOTSUPP and not _is_gio(caller):
                    self.refused.add(str(wrong.strerror))
            with suppress(FileNotFoundError):  # who asked was interrupted, and waits for no answer
                os.write(device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
        os.close(device)

    def _answer(self, operation: int, node: int, body: bytes) -> bytes:
        match operation:
            case Op.INIT:
                return struct.pack("<IIIIHHIIHH32x", 7, 31, 0, 0, 0, 0, MOST_WRITTEN, 1, 0, 0)
            case Op.LOOKUP:
                return self._entry(self._number(body))
            case Op.GETATTR:
                return struct.pack("<QII", 0, 0, 0) + self._attributes(node)
            case Op.OPENDIR:
                return bytes(16)
            case Op.OPEN:
                if struct.unpack_from("<I", body)[0] & os.O_ACCMODE != os.O_RDONLY:
                    raise _refused("open for writing again")
                return struct.pack("<QII", 0, DIRECT, 0)
            case Op.CREATE:
                name = os.fsdecode(body[16:].rstrip(b"\0"))
                number = self._names[name] = next(self._numbers)
                self._files[number] = bytearray()
                return self._entry(number) + struct.pack("<QII", 0, DIRECT, 0)
            case Op.READ:
                _, offset, size = struct.unpack_from("<QQI", body)
                return bytes(self._files[node][offset : offset + size])
            case Op.WRITE:
                _, offset, size = struct.unpack_from("<QQI", body)
                if offset != len(self._files[node]):
                    raise _refused("seek")
                self._files[node] += body[40 : 40 + size]
                self._left = None if self._left is None else self._left - size
                return struct.pack("<II", size, 0)
            case Op.UNLINK:
                del self._files[self._names.pop(self._name(self._number(body)))]
                return b""
            case Op.RENAME | Op.RENAME2:
                return self._rename(body[8 if operation == Op.RENAME else 16 :])
            case Op.STATFS:
                return struct.pack("<QQQQQIIII24x", 1 << 20, 1 << 19, 1 << 19, 0, 0, BLOCK, 255, BLOCK, 0)
            case Op.READDIR:
                return self._listing(*struct.unpack_from("<QQI", body)[1:])
            case Op.RELEASE | Op.FLUSH | Op.RELEASEDIR:
                return b""
        if operation in REFUSED:
            raise _refused(Op(operation).name.lower())
        raise OSError(errno.ENOSYS, "")

    def _number(self, body: bytes) -> int:
        try:
            return self._names[os.fsdecode(body.rstrip(b"\0"))]
        except KeyError:
            raise OSError(errno.ENOENT, "") from None

    def _name(self, number: int) -> str:
        return next(name for name, other in self._names.items() if other == number)

    def _rename(self, body: bytes) -> bytes:
        old, new = (os.fsdecode(name) for name in body.split(b"\0")[:2])
        if new in self._names:
            raise _refused("rename over a file")
        if not self._renames:
            raise _refused("rename")
        self._names[new] = self._names.pop(old)
        return b""

    def _entry(self, number: int) -> bytes:
        # Nothing of it may be cached.
        return struct.pack("<QQQQII", number, 0, 0, 0, 0, 0) + self._attributes(number)

    def _attributes(self, number: int) -> bytes:
        size, mode = (0, 0o40755) if number == ROOT else (len(self._files[number]), 0o100644)
        return struct.pack("<QQQQQQIIIIIIIIII", number, size, -(-size // 512), *[0] * 6, mode, 1, 0, 0, 0, BLOCK, 0)

    def _listing(self, offset: int, size: int) -> bytes:
        listed = b""
        for at, (name, number) in enumerate(list(self._names.items())[offset:], offset + 1):
            raw = os.fsencode(name)
            one = struct.pack("<QQII", number, at, len(raw), 8) + raw
            one += bytes(-len(one) % 8)
            if len(listed) + len(one) > size:
                break
            listed += one
        return listed


def _refused(what: str) -> OSError:
    return OSError(errno.EOPNOTSUPP, what)


def _is_gio(caller: int) -> bool:
    """Return whether a process is one that hands over whole files."""
    try:
        return Path(f"/proc/{caller}/comm").read_text("utf-8").strip() == "gio"
    except OSError:
        return False


def _main(folder: str, can: str, dies_after: str, script: str) -> int:
    system = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    if system.mount(b"watch", os.fsencode(folder), b"fuse", 0, options):
        return CANNOT_MOUNT
    watch = Mtp(renames="rename" in can, opens="open" in can, dies_after=int(dies_after))
    thread = threading.Thread(target=watch.serve, args=(device,), daemon=True)
    thread.start()
    status = subprocess.run(["sh", "-c", script], check=False).returncode
    system.umount2(os.fsencode(folder), 2)
    thread.join(10.0)
    sys.stdout.write(f"refused: {', '.join(sorted(watch.refused))}\n")
    return status


def on_watch(
    folder: Path, script: str, *, can: str = "rename open", dies_after: int = 0
) -> "subprocess.CompletedProcess[str]":
    """Run a shell script with a watch at `folder`; skip the test where that is not possible.

    It can ``rename``, and ``open`` files for anybody, or else for gio alone. It is pulled out after so many bytes, if
    any. The last line of the output says what it has refused.
    """
    folder.mkdir(exist_ok=True)
    if shutil.which("unshare") is None:
        pytest.skip("this system lets nobody mount anything: it needs unshare (util-linux) and user namespaces")
    inside = ["unshare", "--mount", "--map-root-user", sys.executable, "-m", "tests.support.mtp"]
    arguments = [str(folder), can, str(dies_after), script]
    done = subprocess.run([*inside, *arguments], capture_output=True, text=True, check=False)
    if done.returncode == CANNOT_MOUNT or "unshare" in done.stderr or "/dev/fuse" in done.stderr:
        pytest.skip("this system lets nobody mount FUSE: it needs /dev/fuse and user namespaces")
    return done


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
