r"""Standard input, output and error as they come: closed, in any encoding, on a full disk, with a reader that has left.

Commands write as if all were well, and this is the only place that knows better.

- What the encoding lacks is written as something that looks like it, or else as ``\u1234``.
- A stream that is closed leads nowhere. It is opened before any file, so that no file gets its number: what a library
  prints would otherwise land in the history.
- Standard error never fails: what nobody can read is lost, and the exit status still shows it.
- A reader of standard output that leaves, such as ``head``, and a terminal that is closed have seen enough: status 0.
- A full disk behind standard output is an error: one line, and status 1.
"""

import codecs
import errno
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from paces_live.errors import PacesError, reason

LOOK_ALIKES = {"…": "...", "–": "-", "→": "->", "±": "+-", "≈": "~", "✓": "+", "✕": "x", "’": "'", "\ufffd": "?"}
"""Plain characters for those that we print and that an encoding may lack."""
_SEEN_ENOUGH = (errno.EPIPE, errno.EIO)
"""Errors of writing to a pipe without a reader, and to a terminal that is closed."""


@contextmanager
def standard_streams() -> Iterator[None]:
    """Let commands read and write as if all were well; turn a failure of standard output into an exit status.

    Raises
    ------
    SystemExit
        Standard output failed, or the program ends anyway.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    # Those of a test are left where they are.
    if sys.stdout is sys.__stdout__:
        sys.stdout = StandardStream(before[0])
    elif isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors=_look_alikes())
    if sys.stderr is sys.__stderr__:
        sys.stderr = StandardStream(before[1], raises=False)
    output = sys.stdout
    try:
        yield
    except (SystemExit, OSError) as ended:
        with suppress(OSError):
            output.flush()
        failure = output.failure if isinstance(output, StandardStream) else None
        if failure is None:
            raise
        status: int | str | None = _report(failure)
        # Rich and Typer exit when a pipe is broken; any other exit with an error stays one.
        if isinstance(ended, SystemExit) and not isinstance(ended.__context__, OSError):
            status = status or ended.code
        raise SystemExit(status) from None
    finally:
        sys.stdout, sys.stderr = before


def reader_has_left(stream: TextIO) -> bool:
    """Return whether nobody will ever read what is written to `stream`, a pipe or a terminal.

    Examples
    --------
    >>> reader, writer = os.pipe()
    >>> with os.fdopen(writer, "w") as stream:
    ...     before = reader_has_left(stream)
    ...     os.close(reader)
    ...     before, reader_has_left(stream)
    (False, True)
    """
    try:
        descriptor = stream.fileno()
    except OSError:
        return False  # a stream in memory
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def write_path(path: Path) -> None:
    """Write the bytes of a path to standard output, and a NUL, as ``xargs -0`` reads them."""
    data = os.fsencode(path) + b"\0"
    if isinstance(sys.stdout, StandardStream):
        sys.stdout.write_bytes(data)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)


class StandardStream(TextIOWrapper):
    r"""A text stream in place of another: it takes every character, and remembers why it failed.

    Parameters
    ----------
    stream : text file object
        Has the descriptor and the encoding; it must not be written to as long as this one is.
    raises : bool
        Whether a failure raises `OSError`, once. If not, what cannot be written is lost.

    Attributes
    ----------
    failure : OSError or None
        The first failure.

    Examples
    --------
    >>> from tempfile import TemporaryFile
    >>> with TemporaryFile("w", encoding="ascii") as file:
    ...     stream = StandardStream(file)
    ...     print("± 5 % …", file=stream)
    ...     os.pread(file.fileno(), 100, 0)
    b'+- 5 % ...\n'
    """

    def __init__(self, stream: TextIO, *, raises: bool = True) -> None:
        binary = open(stream.fileno(), "wb", closefd=False)  # noqa: SIM115 - the system closes it
        super().__init__(binary, stream.encoding, _look_alikes(), line_buffering=True)
        self.failure: OSError | None = None
        self._raises = raises

    def write(self, text: str, /) -> int:
        """Write `text`; return its number of characters."""
        with self._watched():
            super().write(text)
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Write bytes after all text."""
        with self._watched():
            super().flush()
            self.buffer.write(data)

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        with self._watched():
            super().flush()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = self.failure or error
            if self._raises:
                # What is still buffered must not fail or wait again, at the latest when Python ends and flushes it.
                with suppress(OSError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
                raise


def _open_closed() -> None:
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        if getattr(sys, name) is None:
            # The lowest free number is that of the stream, unless the caller uses it for something else.
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, mode, encoding="utf-8", closefd=False))


def _look_alikes() -> str:
    """Return the name of a handler of encoding errors that writes look-alikes; Python has to know it by a name."""
    name = "paces_live.look_alikes"
    codecs.register_error(name, _look_alike)
    return name


def _look_alike(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what is written for characters that an encoding lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    if error.encoding == "utf-8":
        # It lacks only halves of characters: bytes of a file name that is no UTF-8.
        return "\ufffd".encode() * len(characters), error.end
    return "".join(_plain(one) for one in characters), error.end


def _plain(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "?"
    return LOOK_ALIKES.get(character) or character.encode("ascii", "backslashreplace").decode()


def _report(failure: OSError) -> int:
    """Return the status of a failure of standard output; say why, unless its reader has left."""
    if failure.errno in _SEEN_ENOUGH:
        return 0
    sys.stderr.write(f"paces-live: standard output cannot be written: {reason(failure)}\n")
    return PacesError.exit_status
