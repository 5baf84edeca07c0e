"""Keeps C libraries from printing."""

import ctypes
import platform
from functools import cache


@cache
def silence_libraries() -> None:
    """Let what C libraries print to standard error go nowhere; Python's own standard error stays as it is.

    ALSA and JACK print while devices are probed, PortAudio where one is unplugged, libsndfile's MP3 decoder where it
    meets something else: over the user interface, and beside our own line.
    """
    if platform.libc_ver()[0] != "glibc":
        return  # elsewhere the stream is a constant
    library = ctypes.CDLL(None)
    library.fopen.restype = ctypes.c_void_p
    if nowhere := library.fopen(b"/dev/null", b"we"):
        ctypes.c_void_p.in_dll(library, "stderr").value = nowhere
