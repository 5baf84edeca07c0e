"""Taps on the space bar while a song plays: one line of a terminal, and no screen."""

import os
import select
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from paces_live.tui.tap import Taps

ESCAPE = b"\x1b"
DONE, GIVE_UP = b"\r\n", b"q" + ESCAPE
"""Keys that end the taps, and those that give up."""
REST_S = 0.05
"""Time within which the rest of an arrow or a function key follows its first byte, which is that of Esc, seconds."""
POLL_S = 0.1
"""Time after which we look whether the song has ended, seconds."""


def tapped(keys: TextIO, stream: TextIO, is_over: Callable[[], bool]) -> float | None:
    """Count taps on the space bar until Enter or the end of the song, and show their rate.

    Parameters
    ----------
    keys : text file object
        The terminal on which you tap.
    stream : text file object
        Where the rate is shown.
    is_over : callable
        Says whether the song has ended.

    Returns
    -------
    float or None
        Taps per minute; None if there are too few, or if you gave up with q or Esc.
    """
    taps = Taps()
    with _at_once(keys):
        while not is_over():
            if not select.select([keys], [], [], POLL_S)[0]:
                continue
            # A terminal that was closed gives nothing.
            pressed = os.read(keys.fileno(), 1) or GIVE_UP
            if pressed == ESCAPE and select.select([keys], [], [], REST_S)[0]:
                os.read(keys.fileno(), 16)
                continue
            if pressed in DONE:
                break
            if pressed in GIVE_UP:
                taps = Taps()
                break
            if pressed == b" ":
                taps = taps.tapped(time.monotonic())
                stream.write(f"\r\x1b[K{taps.words(roomy=True).removesuffix(', then pause')}")
                stream.flush()
    stream.write("\n")
    return None if taps.target is None else taps.rate


@contextmanager
def _at_once(keys: TextIO) -> Iterator[None]:
    """Let a terminal give each key at once, and without showing it; Ctrl-C goes on to work."""
    before = termios.tcgetattr(keys)
    try:
        tty.setcbreak(keys)
        yield
    finally:
        # What was typed too late is no answer to the next question.
        termios.tcsetattr(keys, termios.TCSAFLUSH, before)
