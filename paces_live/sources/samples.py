"""The samples in FFmpeg's frames, whatever their format."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMATS: dict[str, tuple[Any, np.float32, np.float32]] = {
    "u8": (np.dtype("u1"), np.float32(2.0**-7), np.float32(2.0**7)),
    "s16": (np.dtype("i2"), np.float32(2.0**-15), np.float32(0.0)),
    "s32": (np.dtype("i4"), np.float32(2.0**-31), np.float32(0.0)),
    "s64": (np.dtype("i8"), np.float32(2.0**-63), np.float32(0.0)),
    "flt": (np.dtype("f4"), np.float32(1.0), np.float32(0.0)),
    "dbl": (np.dtype("f8"), np.float32(1.0), np.float32(0.0)),
}
"""FFmpeg's formats of samples: their type, what makes full scale 1, and what silence is before that."""


def as_floats(frame: Any) -> NDArray[np.float32]:
    """Return what a frame of FFmpeg holds, shape (n, channels), full scale ±1.

    PyAV's own `to_ndarray` takes three times as long (measured), and if a damaged stream claims fewer channels than
    before, it reads planes that are no longer there, which ends the process.
    """
    count, channels = frame.samples, frame.layout.nb_channels
    kind, scale, zero = FORMATS[frame.format.name.removesuffix("p")]
    if frame.format.is_planar:
        floats = np.empty((channels, count), np.float32)
        for row, plane in zip(floats, frame.planes[:channels], strict=True):
            row[:] = np.frombuffer(plane, kind, count)
        floats = floats.T
    else:
        packed = np.frombuffer(frame.planes[0], kind, count * channels)
        # Damaged numbers of 64 bits may be too large for 32; who takes the samples refuses infinite ones.
        with np.errstate(over="ignore", invalid="ignore"):
            floats = packed.reshape(count, channels).astype(np.float32)
    if zero:
        floats -= zero
    if scale != 1.0:
        floats *= scale
    return floats
