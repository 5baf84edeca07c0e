"""Settings: options that a file and the environment can set too. A flag wins over a variable, a variable over the file.

There is no list of settings here. They are read from the commands, so every new option is a setting. Keys are flat:
``target = 170`` holds for every command that has ``--target``.

Every switch works both ways (``--json/--no-json``), so that a flag can undo a setting. These are not settings:

- arguments, such as the files to analyse;
- ``--help``, ``--version`` and the options of shell completion, which end the program at once;
- ``--playlist``, a file of one moment, which ``analyze`` writes and ``export`` reads;
- ``doctor --for``, which asks one question and would narrow every other;
- the options of a command within a command, such as ``history clear --yes``: no file should say yes forever;
- the variables of `SECRETS`, a password and a token, which ``config show`` would print.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import typer
from typer.core import TyperGroup

from paces_live.cli.options import RENAMED
from paces_live.cli.setting import PREFIX, TOKEN_VARIABLE, Setting, Value, options, path, settings, variable
from paces_live.cli.target import SensorTarget
from paces_live.errors import UsageError
from paces_live.server.broker import PASSWORD_VARIABLE

SECRETS = frozenset({PASSWORD_VARIABLE, TOKEN_VARIABLE})
"""Variables that hold a password or a token."""
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}


def resolve(group: TyperGroup, ctx: typer.Context) -> list[Value]:
    """Return the value of every setting without flags, after checking everything that is set.

    Raises
    ------
    UsageError
        A key, a variable or a value is wrong; the message says which one and where it is.
    """
    known = settings(group)
    values = {key: Value(setting, setting.default) for key, setting in known.items()}
    values |= {one.setting.key: one for one in read_file(path(), known, ctx)}
    values |= {one.setting.key: one for one in read_environment(os.environ, known, ctx)}
    return list(values.values())


def chosen(group: TyperGroup, command: object, ctx: typer.Context) -> list[Value]:
    """Return the options of `command` that the file or the environment set; raises as `resolve` does."""
    wanted = options(command)
    if not wanted:
        return []
    return [one for one in resolve(group, ctx) if one.origin != "default" and one.setting.key in wanted]


def origin_of(error: UsageError, values: Iterable[Value]) -> str:
    """Return what sets the value that `error` is about, in brackets; empty if none of `values` does.

    Examples
    --------
    >>> from paces_live.cli.main import app
    >>> target = settings(typer.main.get_command(app))["target"]
    >>> error = UsageError("target 20 is out of range", code="usage.target")
    >>> origin_of(error, [Value(target, 20.0, "environment", "PACES_LIVE_TARGET")])
    ' (target is set by PACES_LIVE_TARGET)'
    """
    key = error.code.partition(".")[2].replace("_", "-")
    for one in values:
        if one.setting.key == key:
            return f" ({one.name if one.origin == 'file' else key} is set by {one.where})"
    return ""


def find(key: str, known: Mapping[str, Setting]) -> Setting:
    """Return the setting with this name, or an earlier one.

    Raises
    ------
    UsageError
        There is none; the message has the nearest name.
    """
    found = known.get(RENAMED.get(key, key))
    if found is None:
        raise UsageError(f"{key} is not a setting", hint=_nearest(key, known))
    return found


def old_names(key: str) -> list[str]:
    """Return the earlier names of a setting.

    Examples
    --------
    >>> old_names("rejected")
    ['all']
    """
    return [old for old, now in RENAMED.items() if now == key]


def read_file(file: Path, known: Mapping[str, Setting], ctx: typer.Context) -> list[Value]:
    """Return the values that `file` sets; none if there is no file. Raises as `resolve` does.

    Examples
    --------
    >>> from tempfile import NamedTemporaryFile
    >>> from paces_live.cli.main import app
    >>> commands = typer.main.get_command(app)
    >>> with NamedTemporaryFile() as file:
    ...     _ = Path(file.name).write_text("target = 170", "utf-8")
    ...     [one.value for one in read_file(Path(file.name), settings(commands), typer.Context(commands))]
    [170.0]
    """
    try:
        # Some editors of Windows begin UTF-8 with a byte order mark.
        text = file.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}", hint="check it and its permissions") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: is not UTF-8 text", hint="paces-live config edit") from None
    return read_text(text, file, known, ctx)


def read_text(text: str, file: Path, known: Mapping[str, Setting], ctx: typer.Context) -> list[Value]:
    """Return the values that the text of `file` sets; see `read_file`."""
    # Deferred: most runners have no file.
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: is not TOML: {error}") from None
    values = []
    for written, value in table.items():
        key = RENAMED.get(written, written)
        if key not in known:
            tables = "there are no tables here, all keys are at the top; " if isinstance(value, dict) else ""
            raise UsageError(f"{file}: {written} is not a setting", hint=f"{tables}{_nearest(key, known)}")
        setting = known[key]
        if not _fits(value, setting.kind):
            raise UsageError(f"{file}: {written} must be {_WORDS[setting.kind]}, not {_toml_words(value)}")
        if isinstance(value, str) and "\0" in value:
            raise UsageError(f"{file}: {written} has a NUL character", hint="no name of a file or a device has one")
        values.append(Value(setting, setting.checked(value, ctx, str(file)), "file", written))
    return values


def read_environment(environment: Mapping[str, str], known: Mapping[str, Setting], ctx: typer.Context) -> list[Value]:
    """Return the values that `environment` sets; an empty variable sets nothing. Raises as `resolve` does.

    Examples
    --------
    >>> from paces_live.cli.main import app
    >>> commands = typer.main.get_command(app)
    >>> read = read_environment({"PACES_LIVE_TARGET": "170"}, settings(commands), typer.Context(commands))
    >>> [one.value for one in read]
    [170.0]
    """
    keys = {setting.variable: key for key, setting in known.items()}
    old = {variable(name): now for name, now in RENAMED.items() if now in known}
    values = []
    for name, text in environment.items():
        if not name.startswith(PREFIX) or not text or name in SECRETS:
            continue
        key = keys.get(name) or old.get(name)
        if key is None:
            raise UsageError(f"{name}: is not a setting", hint=_nearest(name, keys))
        values.append(Value(known[key], known[key].checked(text, ctx, name), "environment", name))
    return values


def _fits(value: object, kind: type) -> bool:
    """Return whether a TOML value is of `kind`; 5, "5%" and "sensor" are numbers, true and false are not."""
    if kind is float:
        words = isinstance(value, str) and (value.rstrip().endswith("%") or SensorTarget.of(value) is not None)
        return words or (isinstance(value, int | float) and not isinstance(value, bool))
    return type(value) is kind


def _toml_words(value: object) -> str:
    """Return what a TOML value is, or the value itself if it is short."""
    match value:
        case bool() | str():
            return _WORDS[type(value)]
        case dict():
            return "a table"
        case list():
            return "a list"
    return str(value)


def _nearest(name: str, names: Iterable[str]) -> str:
    """Return which of `names` the user may have meant."""
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"choose {', '.join(names)}"
