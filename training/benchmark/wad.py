"""WAD files, in which games of the Doom family keep their music: a header, lumps of data, a directory."""

import struct
from pathlib import Path

from training.errors import TrainingError

_HEADER = struct.Struct("<4sii")
_ENTRY = struct.Struct("<ii8s")
MIDI = b"MThd"
"""First bytes of a MIDI file."""


def midi_lumps(path: Path) -> dict[str, bytes]:
    """Return the MIDI files in a WAD file by the names of their lumps.

    Lumps in other formats, such as MUS, are left out.

    Raises
    ------
    TrainingError
        If the file is not a WAD file, or is cut off.
    """
    data = path.read_bytes()
    try:
        kind, count, start = _HEADER.unpack_from(data)
        if kind not in (b"IWAD", b"PWAD"):
            raise TrainingError(f"{path} is no WAD file: it begins with {kind!r}")
        entries = [_ENTRY.unpack_from(data, start + number * _ENTRY.size) for number in range(count)]
    except struct.error as error:
        raise TrainingError(f"{path} is cut off: install its package again") from error
    found = {}
    for place, size, name in entries:
        lump = data[place : place + size]
        if lump.startswith(MIDI):
            found[name.rstrip(b"\0").decode("ascii")] = lump
    return found
