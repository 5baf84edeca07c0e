"""Damage of all kinds, for tests with a fixed seed."""

import random

NUMBERS = (b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"\0\0\0\x80")
"""Numbers at which arithmetic goes wrong."""


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return `data` with one to many changes, most of them at its beginning or end, where headers and tags are."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        if not out:
            break
        at = rng.randrange(min(len(out), rng.choice((64, 512, 4_096, len(out)))))
        if not rng.randrange(4):
            at = len(out) - 1 - at
        match rng.randrange(6):
            case 0:
                out[at] = rng.randrange(256)
            case 1:
                out[at : at + rng.randrange(1, 64)] = rng.randbytes(rng.randrange(64))
            case 2:
                del out[at : at + rng.randrange(1, 2_000)]
            case 3:
                out[at:at] = out[rng.randrange(len(out)) :][: rng.randrange(1, 2_000)]
            case 4:
                out[at : at + 4] = rng.choice(NUMBERS)
            case _:
                del out[at:]
    return bytes(out)
