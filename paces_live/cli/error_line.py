"""Errors as lines on standard error."""

import sys

from paces_live.errors import PacesError
from paces_live.text import shown_path


def write_error(error: PacesError, where: str = "") -> None:
    r"""Write an error as one line; `where` says where the cause is set. The name of a file in it may hold anything.

    Examples
    --------
    >>> from contextlib import redirect_stderr
    >>> with redirect_stderr(sys.stdout):
    ...     write_error(PacesError("a\n\x1b[2J.wav: is empty", hint="choose another"))
    paces-live: a �[2J.wav: is empty: choose another
    """
    sys.stderr.write(f"paces-live: {shown_path(' '.join(str(error).split()))}{where}\n")
