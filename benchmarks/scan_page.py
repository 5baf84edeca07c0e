"""The page of ``python -m benchmarks scan``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from training.evaluate.report.markdown import table

if TYPE_CHECKING:
    from benchmarks.scan import Killed

LIBRARY = 100_000
"""Songs of the library for which the page says how long a scan takes."""
PAGE = """\
# What a scan takes

Written by `python -m benchmarks scan` ({machine}). Compare figures only within one table: other machines give other
figures.

## Beside other programs

Each program found the tempi of the same {files} MP3 files, {seconds:g} s of stereo at 192 kbit/s each. It decoded them
itself, as its users run it. The processor time is with the start of the program, with one thread, and the median of
{rounds} rounds in which they took turns. A scan also hashes the sound and reads the tags; Mixxx's analyser also finds
the key and the loudness.

{systems}{missing}
## Memory

Peak memory of a scan with one worker process. More songs must not take more.

{memory}

## Kills

{kills} scans of {songs} short songs with two workers were killed (-9) at random moments, {busy} of them before it was
all done. Then one scan went on to the end.

{killed}
"""


class Found(NamedTuple):
    """What was measured.

    Attributes
    ----------
    machine : str
    files, seconds, rounds
        How many songs of which length, and how often.
    cpu : mapping
        Processor time for all songs by program, seconds; that of paces-live comes first.
    missing : list of str
        Programs that are not installed.
    memory : mapping
        Peak memory of a scan, and of its worker, by the number of songs, megabytes.
    killed : Killed
    """

    machine: str
    files: int
    seconds: float
    rounds: int
    cpu: Mapping[str, float]
    missing: list[str]
    memory: Mapping[int, tuple[float, float]]
    killed: "Killed"


def page(found: Found) -> str:
    """Return the page."""
    audio_s, own = found.files * found.seconds, next(iter(found.cpu.values()))
    rows = [
        (name, f"{audio_s / cpu:.0f}", f"{cpu / own:.1f}", f"{LIBRARY * cpu / found.files / 3600.0:.1f}")
        for name, cpu in found.cpu.items()
    ]
    heads = ("program", "times real time on one core", "processor time, relative", f"{LIBRARY} songs, core hours")
    killed = found.killed
    counts = (
        ("database damaged", killed.damaged),
        ("songs lost", len(killed.lost)),
        ("songs analysed and reported twice", killed.twice),
        ("songs missing in the end", len(killed.missing)),
    )
    return PAGE.format(
        machine=found.machine,
        files=found.files,
        seconds=found.seconds,
        rounds=found.rounds,
        systems=table(heads, rows),
        missing=f"\nNot installed: {', '.join(found.missing)}.\n" if found.missing else "",
        memory=table(
            ("songs", "scan, MB", "its worker, MB"),
            [(f"{count}", f"{own:.0f}", f"{worker:.0f}") for count, (own, worker) in found.memory.items()],
        ).rstrip(),
        kills=killed.kills,
        songs=len(killed.names),
        busy=killed.busy,
        killed=table(("what", "how often"), [(what, f"{count}") for what, count in counts]).rstrip(),
    )


def analysed(output: bytes) -> list[str]:
    r"""Return the names of the songs that a scan has reported as analysed; its last line may be cut off.

    Examples
    --------
    >>> analysed(b'{"type": "scanned", "path": "/a.mp3", "how": "analysed"}\n{"type": "sca')
    ['a.mp3']
    """
    lines = output[: output.rfind(b"\n") + 1].splitlines()
    records = [json.loads(line) for line in lines]
    return [Path(one["path"]).name for one in records if one.get("how") == "analysed"]
