"""The token of this machine: who has it gets in."""

import hmac
import re
import secrets
from pathlib import Path
from typing import Self

from paces_live.errors import AccessError, reason
from paces_live.server.access import secret_file
from paces_live.storage import config_folder

TOKEN_BYTES = 32
"""Random bytes of a new token: nobody guesses 256 bits."""
SHORTEST = 22
"""Characters of the shortest token that is taken: 128 bits in base 64."""
_FEWEST_KINDS = 8
"""Different characters that a token has at least; those of a repeated word are fewer."""
_PLACEHOLDER = re.compile("change|secret|token|passw|example|placeholder|your|insert|paces", re.IGNORECASE)
_CHARACTERS = re.compile(r"[A-Za-z0-9_-]+")


class Token:
    """The token in a file. It is read again whenever the file changes, so that a new token holds at once.

    Parameters
    ----------
    path : path, optional
        The file; without it, ``token`` in the folder of the settings.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     token = Token.kept(Path(folder) / "token")
    ...     old = token.value
    ...     token.matches(old), token.renew() == old, token.matches(old)
    (True, False, False)
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or config_folder() / "token"
        self._seen: tuple[int, ...] = ()
        self._value = ""

    def __repr__(self) -> str:
        """Show where the token is, and not what it is: this may get into a log."""
        return f"Token({str(self.path)!r})"

    @classmethod
    def kept(cls, path: Path | None = None) -> Self:
        """Return the token of this machine; the first time, it is made.

        Raises
        ------
        AccessError
            The file cannot be written or read, others may read it, or what is in it is no token.
        """
        token = cls(path)
        if not token.path.exists():
            secret_file.write(token.path, _new(), replace=False)
        token.value  # noqa: B018 - a file that is wrong is reported now
        return token

    @property
    def value(self) -> str:
        """The token as the file has it now; raises as `kept` does."""
        try:
            stat = self.path.stat()
        except OSError as error:
            raise AccessError(
                f"{self.path}: cannot be read: {reason(error)}",
                hint="make a token with paces-live token new",
                code="access.no_token",
            ) from error
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)
        if seen != self._seen:
            self._value = _checked(secret_file.read(self.path), self.path)
            self._seen = seen
        return self._value

    def matches(self, given: str) -> bool:
        """Return whether `given` is the token, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self.value.encode())

    def renew(self) -> str:
        """Make another token, and return it. The old one, and every session made of it, is worth nothing any more."""
        secret_file.write(self.path, _new(), replace=True)
        return self.value


def _new() -> bytes:
    # Once in ten thousand times, chance writes a word that placeholders have.
    while _fault(token := secrets.token_urlsafe(TOKEN_BYTES)):
        pass
    return f"{token}\n".encode()


def _checked(data: bytes, path: Path) -> str:
    text = data.decode("utf-8", "replace").strip()
    if fault := _fault(text):
        raise AccessError(
            f"{path}: the token {fault}", hint="make one with paces-live token new", code="access.weak_token"
        )
    return text


def _fault(text: str) -> str:
    """Return what is wrong with a token, or nothing."""
    if len(text) < SHORTEST:
        return f"is shorter than {SHORTEST} characters"
    if not _CHARACTERS.fullmatch(text):
        return "has characters that are not letters of English, digits, - or _"
    if len(set(text)) < _FEWEST_KINDS or _PLACEHOLDER.search(text):
        return "is easy to guess"
    return ""
