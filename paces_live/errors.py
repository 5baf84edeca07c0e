"""All errors, each with a code, a message and a hint.

::

    PacesError               code        exit status
    ├── UsageError           usage       2            the command line, a setting or an argument is wrong
    ├── SourceError          source      1            audio cannot be read: file, device, capture tool, broken samples
    ├── NowPlayingError      now_playing 1            the track is unknown: a package or a player is missing
    ├── HistoryError         history     1            the history cannot be read or written
    ├── LibraryError         library     1            the library cannot be read or written, or there is none yet
    ├── TagError             tag         1            a music file cannot be tagged: its format, its tags, its disk
    ├── ExportError          export      1            songs cannot be copied to a folder: it is full, read-only or gone
    ├── SensorError          sensor      1            a runner's sensor cannot be used: a package is missing
    ├── AccessError          access      1            a token or a certificate is wrong, or a client may not come in
    ├── ModelError           model       1            the model, its manifest and the feature path do not fit together
    ├── RuntimeMissingError  runtime     1            no TFLite runtime works on this system
    └── ServerError          server      1            a server cannot start or be followed, is full, or lacks the stream

A code may be finer than its class, such as ``source.not_found``; the part before the first point never changes.
"""

import errno
import shlex
import sys

__all__ = [
    "AccessError",
    "ExportError",
    "HistoryError",
    "LibraryError",
    "ModelError",
    "NowPlayingError",
    "PacesError",
    "RuntimeMissingError",
    "SensorError",
    "ServerError",
    "SourceError",
    "TagError",
    "UsageError",
]


class PacesError(Exception):
    """Base class of all errors of this package.

    Parameters
    ----------
    message : str
        What is wrong, one line without a full stop.
    hint : str
        What to do about it, one line.
    code : str, optional
        What went wrong, for programs; the class has a default.

    Examples
    --------
    >>> error = PacesError("song.ogg: no such file", hint="check the name", code="source.not_found")
    >>> str(error)
    'song.ogg: no such file: check the name'
    >>> error.code
    'source.not_found'
    """

    code = "error"
    exit_status = 1

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code
        super().__init__(f"{message}: {hint}" if hint else message)


class UsageError(PacesError):
    """You asked for something that does not exist or is out of range."""

    code = "usage"
    exit_status = 2


class SourceError(PacesError):
    """Audio cannot be opened or read, or its samples are broken."""

    code = "source"


class NowPlayingError(PacesError):
    """The track that plays cannot be known."""

    code = "now_playing"


class HistoryError(PacesError):
    """The history cannot be opened, read or written."""

    code = "history"


class LibraryError(PacesError):
    """The library cannot be opened, read or written, or there is none yet."""

    code = "library"


class TagError(PacesError):
    """A music file cannot be tagged, or what was written cannot be taken back."""

    code = "tag"


class ExportError(PacesError):
    """Songs cannot be copied to a folder."""

    code = "export"


class SensorError(PacesError):
    """The sensor of a runner cannot be used."""

    code = "sensor"


class AccessError(PacesError):
    """A token or a certificate cannot be made or read, or a client of the server may not come in."""

    code = "access"


class ModelError(PacesError):
    """The model file, its manifest and the feature path do not fit together."""

    code = "model"


class RuntimeMissingError(PacesError):
    """No TFLite runtime could be imported and made to work."""

    code = "runtime"


class ServerError(PacesError):
    """A server cannot start or be followed, is full, or does not have what you asked for."""

    code = "server"


def pip_install(*requirements: str) -> str:
    """Return the command that installs packages for this program, wherever it is installed.

    Examples
    --------
    >>> pip_install("av", "numpy<2").replace(sys.executable, "python")
    "python -m pip install av 'numpy<2'"
    """
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


def reason(error: BaseException) -> str:
    r"""Return another library's exception as a part of a line.

    Examples
    --------
    >>> reason(FileNotFoundError(2, "No such file or directory")), reason(ValueError("bad\nheader."))
    ('No such file or directory', 'bad header')
    """
    words = getattr(error, "strerror", None) or error
    return " ".join(str(words).split()).rstrip(".") or type(error).__name__


def cannot_open(shown: str, error: OSError | ValueError, *, hint: str = "check the name") -> SourceError:
    """Return the error for a path that the system does not open, from what the system says.

    Parameters
    ----------
    shown : str
        The path as people see it, maybe with the place that names it.
    error : OSError or ValueError
    hint : str
        What to do if there is no such file.

    Examples
    --------
    >>> cannot_open("party.m3u, line 7: x.wav", FileNotFoundError(errno.ENOENT, "No such file or directory")).message
    'party.m3u, line 7: x.wav: no such file'
    """
    # A name that holds a NUL is a ValueError.
    if isinstance(error, ValueError) or error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return SourceError(f"{shown}: no such file", hint=hint, code="source.not_found")
    return SourceError(f"{shown}: cannot be opened: {reason(error)}", hint="check its permissions")
