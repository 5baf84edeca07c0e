"""MP3 files for a scan: the bundled excerpt at another speed in each, so that no two have the same sound.

``python -m benchmarks.mp3 FOLDER COUNT SECONDS`` writes them.
"""

import random
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from paces_live.demo import excerpt

RATE = 44_100
"""Sample rate, Hz."""
BIT_RATE = 192_000
SPEEDS = (0.8, 1.25)
"""Slowest and fastest speed of the excerpt, relative to itself."""
DELAY_S = 0.01
"""How much later the right channel comes, seconds: both are to be encoded."""


def main(folder: Path, count: int, seconds: float) -> None:
    """Write songs of a length."""
    folder.mkdir(parents=True, exist_ok=True)
    samples, rate = soundfile.read(excerpt(), dtype="float32")
    chance = random.Random(1)
    for number in range(count):
        speed = chance.uniform(*SPEEDS)
        # Only what is needed is made faster or slower: short songs begin anywhere in the excerpt.
        part = np.resize(np.roll(samples, -chance.randrange(len(samples))), round((seconds + 1.0) * speed * rate))
        mono = np.asarray(soxr.resample(part, rate * speed, RATE), np.float32)[: round(seconds * RATE)]
        late = np.roll(mono, round(DELAY_S * RATE))
        _encode(folder / f"{number:04}.mp3", np.stack([mono, 0.5 * (mono + late)]))


def _encode(path: Path, channels: NDArray[np.float32]) -> None:
    """Write samples, shape (2, n)."""
    with av.open(path, "w", format="mp3") as output:
        stream: Any = output.add_stream("libmp3lame", rate=RATE, layout="stereo", bit_rate=BIT_RATE)
        # Quick rather than good: what a decoder has to do is the same.
        stream.options = {"compression_level": "9"}
        whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels), format="fltp", layout="stereo")
        whole.sample_rate, whole.pts = RATE, 0
        resampler = av.AudioResampler(stream.codec_context.format.name, "stereo", RATE, frame_size=1152)
        for frame in (*resampler.resample(whole), *resampler.resample(None), None):
            output.mux(stream.encode(frame))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
