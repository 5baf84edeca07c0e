"""MP3 as stations send it: encoded by libsndfile, without the frame that tells a player how long a file is."""

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

BITRATES = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates by their number, kbit/s: of MPEG-1 (true) and of its lower sample rates."""


def mp3(frames: NDArray[np.float32], rate: int) -> bytes:
    """Return frames, shape (n,) or (n, channels), as MP3 frames alone, which can be joined and cut."""
    file = io.BytesIO()
    soundfile.write(file, frames, rate, format="MP3", bitrate_mode="CONSTANT", compression_level=0.6)
    data = file.getvalue()
    return data[_first_frame_bytes(data) :]


def _first_frame_bytes(data: bytes) -> int:
    """Return the length of the frame at the beginning, by its header (ISO 11172-3, 2.4.3.1)."""
    version, packed = data[1], data[2]
    is_mpeg1 = version & 0x18 == 0x18
    rates = (44_100, 48_000, 32_000) if is_mpeg1 else (22_050, 24_000, 16_000)
    bits = 1000 * BITRATES[is_mpeg1][packed >> 4]
    return (144 if is_mpeg1 else 72) * bits // rates[packed >> 2 & 3] + (packed >> 1 & 1)
