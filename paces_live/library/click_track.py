"""Clicks over music, so that a person hears whether they fit."""

import wave
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import UsageError
from paces_live.sources import FileSource
from paces_live.storage import drafted
from paces_live.text import shown_path

RATE = 44_100
"""Sample rate of a click track, Hz."""
MUSIC, CLICK = 0.6, 0.4
"""What the music is multiplied by, and the level of a click: together they are never too loud."""
CLICK_HZ, CLICK_S, DECAY_S = 1_800.0, 0.05, 0.008
"""Frequency of a click, its length, and the time in which it becomes 2.7 times as weak."""
MOST_BYTES = 2**32 - 1000
"""Most bytes of sound in a WAV file."""


def check_click_track(out: Path) -> None:
    """Raise an error if a click track cannot have this name: it never takes the place of another file.

    Raises
    ------
    UsageError
        There is such a file, or the name is not that of a WAV file.
    """
    if out.suffix.lower() != ".wav":
        raise _wrong(out, "is no name of a WAV file", "choose one that ends with .wav")
    if out.exists() or out.is_symlink():
        raise _wrong(out, "is there already", "choose another name, or delete it")


def write_click_track(file: Path, out: Path, times: NDArray[np.float64]) -> None:
    """Write the music of a file with a click at each of `times`, seconds, as a mono WAV file.

    Raises
    ------
    SourceError
        The file cannot be read.
    UsageError
        The click track cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from paces_live.demo import excerpt
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_click_track(excerpt(), Path(folder) / "click.wav", np.array([0.5, 1.0]))
    ...     with wave.open(str(Path(folder) / "click.wav")) as track:
    ...         track.getnframes() / track.getframerate()
    91.0
    """
    check_click_track(out)
    clock = np.arange(round(CLICK_S * RATE)) / RATE
    click = (CLICK * np.sin(2.0 * np.pi * CLICK_HZ * clock) * np.exp(-clock / DECAY_S)).astype(np.float32)
    starts = np.rint(times * RATE).astype(int)
    blocks = FileSource(file, RATE, fast=True).blocks()
    with drafted(out) as draft, closing(blocks), draft.open("wb") as sound, wave.open(sound, "wb") as track:
        track.setnchannels(1)
        track.setsampwidth(2)
        track.setframerate(RATE)
        done = 0
        for block in blocks:
            mixed = MUSIC * block.samples
            # Those that begin in this block, and the ends of those before.
            for start in starts[(starts > done - len(click)) & (starts < done + len(mixed))] - done:
                part = click[max(0, -start) : len(mixed) - start]
                mixed[max(0, start) : max(0, start) + len(part)] += part
            done += len(mixed)
            if 2 * done > MOST_BYTES:
                raise _wrong(out, f"{shown_path(file.name)} is too long for it", "choose a shorter file")
            track.writeframes(np.rint(32767.0 * np.clip(mixed, -1.0, 1.0)).astype("<i2").tobytes())


def _wrong(out: Path, what: str, hint: str) -> UsageError:
    return UsageError(f"{shown_path(out)}: {what}", hint=hint, code="usage.click")
