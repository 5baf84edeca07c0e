"""The music of all measurements.

The libraries are imported in the function, which runs in a process of its own: Linux counts the peak memory of a
program from that of the process that starts it, so that process must stay small.
"""

import itertools
from pathlib import Path

RATE = 44100
"""Sample rate of the music, Hz."""


def music(paths: list[Path], target: Path, seconds: float) -> float:
    """Write `seconds` of the files, repeated if necessary, in mono; return the length in seconds.

    `target` becomes a WAV file, and beside it the same samples, raw, get the ending ``.pcm``.
    """
    import numpy as np
    import soundfile
    import soxr

    parts, length = [], 0
    for path in itertools.cycle(paths):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        part = np.asarray(soxr.resample(samples.mean(axis=1), rate, RATE), np.float32)
        parts.append(part)
        length += len(part)
        if length >= seconds * RATE:
            break
    joined = np.concatenate(parts)[: round(seconds * RATE)]
    soundfile.write(target, joined, RATE, subtype="PCM_16")
    soundfile.write(target.with_suffix(".pcm"), joined, RATE, subtype="PCM_16", format="RAW", endian="LITTLE")
    return len(joined) / RATE
