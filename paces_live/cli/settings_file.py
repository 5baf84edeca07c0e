"""Changes to the file of settings that leave the rest of it as the user wrote it."""

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paces_live.errors import PacesError, UsageError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def read(file: Path) -> str:
    """Return the text of the file.

    Raises
    ------
    UsageError
        It cannot be read, or is not text.
    """
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}", hint="check it and its permissions") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: is not UTF-8 text", hint="paces-live config edit") from None


def with_value(text: str, key: str, value: Any, old: Iterable[str] = ()) -> str:
    r"""Return `text` with `key` set to `value`; a line that has it commented out becomes the one that sets it.

    Parameters
    ----------
    text : str
        TOML.
    key : str
    value : bool, int, float or str
    old : iterable of str
        Earlier names of the key, which are removed.

    Raises
    ------
    UsageError
        The text is not TOML.

    Examples
    --------
    >>> with_value("# my pace\n#target = 165\n", "target", 170)
    '# my pace\ntarget = 170\n'
    >>> with_value("target = 165  # for now\n", "target", 170)
    'target = 170  # for now\n'
    """
    document = _parsed(without(text, old))
    if key in document:
        document[key] = value
        return document.as_string()
    from tomlkit import item

    line = f"{key} = {item(value).as_string()}"
    commented = re.compile(rf"^#[ \t]*{re.escape(key)}[ \t]*=.*$", re.MULTILINE)
    text = document.as_string()
    if commented.search(text):
        return commented.sub(lambda _: line, text, count=1)
    return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}\n"


def without(text: str, keys: Iterable[str]) -> str:
    r"""Return `text` without `keys`.

    Examples
    --------
    >>> without("# my pace\ntarget = 170\nplain = true\n", ["target"])
    '# my pace\nplain = true\n'
    """
    document = _parsed(text)
    for key in keys:
        document.pop(key, None)
    return document.as_string()


def write(file: Path, text: str) -> None:
    """Write the file at once or not at all. Its mode stays, and a link to it stays a link.

    Raises
    ------
    PacesError
        It cannot be written.
    """
    real = file.resolve()
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o644
        descriptor, name = tempfile.mkstemp(prefix=real.name, dir=real.parent)
        part = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
            part.chmod(mode)
            part.replace(real)
        except OSError:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        hint = "check its permissions, or set XDG_CONFIG_HOME"
        raise PacesError(f"{file}: cannot be written: {error.strerror}", hint=hint) from None


def _parsed(text: str) -> "TOMLDocument":
    # Deferred, here and above: all other commands do without it.
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        return tomlkit.parse(text)
    except ParseError as error:
        raise UsageError(f"the file of settings is not TOML: {error}", hint="paces-live config edit") from None
