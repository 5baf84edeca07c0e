"""Speech in Speex, which FFmpeg decodes and does not encode."""

import random
import struct

from mutagen.ogg import OggPage

FRAMES = 100
FRAME = 20
"""Bytes of a frame of 20 ms in the mode of 8 kbit/s."""


def speex(title: str) -> bytes:
    """Return two seconds of noise in an Ogg file with a title."""
    numbers = (1, 80, 8_000, 0, 4, 1, -1, 160, 0, 1, 0, 0, 0)
    header = b"Speex   " + b"1.2".ljust(20, b"\0") + struct.pack("<13i", *numbers)
    text = f"title={title}".encode()
    comment = struct.pack("<I4sII", 4, b"test", 1, len(text)) + text
    rng = random.Random(1)
    # The mode is in the first bits of a frame.
    frames = [bytes([0x18 | rng.randrange(8)]) + rng.randbytes(FRAME - 1) for _ in range(FRAMES)]
    data = b""
    for number, (packets, position) in enumerate((([header], 0), ([comment], 0), (frames, 160 * FRAMES))):
        page = OggPage()
        page.serial, page.sequence, page.packets, page.position = 7, number, packets, position
        page.first, page.last = number == 0, number == 2
        data += page.write()
    return data
