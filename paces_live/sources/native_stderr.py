"""Keeps C libraries from printing."""

import ctypes
import platform
from functools import cache


@cache
def silence_native_stderr() -> None:
    """Discard what C libraries print to standard error; Python's own standard error stays as it is.

    ALSA and JACK print while devices are probed, PortAudio when one is unplugged, the MP3 decoder of libsndfile when it
    meets something else. All of it would land on the user interface and between our own lines.
    """
    if platform.libc_ver()[0] != "glibc":
        return  # elsewhere the stream is a constant
    library = ctypes.CDLL(None)
    library.fopen.restype = ctypes.c_void_p
    if nowhere := library.fopen(b"/dev/null", b"we"):
        ctypes.c_void_p.in_dll(library, "stderr").value = nowhere
