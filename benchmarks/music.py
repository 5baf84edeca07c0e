"""The music that everything is measured on.

Its libraries are imported where they are used: the peak memory that the system counts for a program begins with that
of the process that started it, so that one must stay small, and this runs in another.
"""

import itertools
from pathlib import Path

RATE = 44100


def music(paths: list[Path], target: Path, seconds: float) -> float:
    """Write `seconds` of the files as one mono file, from the first again where they end; return its length, s."""
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
    return len(joined) / RATE
