"""Settings: options that a file and the environment can set too. A flag wins over a variable, a variable over the file.

There is no list of settings here. They are read from the commands, so every new option is a setting. Keys are flat:
``target = 170`` holds for every command that has ``--target``.

Every switch works both ways (``--json/--no-json``), so that a flag can undo a setting. These are not settings:

- arguments, such as the files to analyse;
- ``--help``, ``--version`` and the options of shell completion, which end the program at once;
- the options of a command within a command, such as ``history clear --yes``: no file should say yes forever.
"""

import difflib
import os
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from paces_live.cli.options import RENAMED
from paces_live.errors import UsageError
from paces_live.storage import config_folder

PREFIX = "PACES_LIVE_"

Origin = Literal["default", "file", "environment"]
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}


@dataclass(frozen=True, slots=True)
class Setting:
    """An option as a setting.

    Attributes
    ----------
    key : str
        Its name in the file: the long name of the option.
    commands : tuple of str
        The commands that have it.
    option : TyperOption
        The option of the first of these commands; the others have the same type and default.
    kind : type
        What the file must hold: `bool`, `int`, `float` or `str`.
    """

    key: str
    commands: tuple[str, ...]
    option: TyperOption
    kind: type

    @property
    def default(self) -> Any:
        """Its value if nothing sets it; None if the option is then left out."""
        default: Any = self.option.default
        return float(default) if self.kind is float and default is not None else default

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return variable(self.key)

    def checked(self, value: Any, ctx: typer.Context, origin: str) -> Any:
        """Return `value` as the command takes it; if the option refuses it, `UsageError` names `origin`."""
        try:
            return self.option.process_value(ctx, value)
        except typer.BadParameter as error:
            raise UsageError(f"{origin}: {self.key} {value!r}: {error.message}") from None
        except UsageError as error:
            raise UsageError(f"{origin}: {error.message}", hint=error.hint) from None


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value, and where it comes from; `name` is the key or the variable as it was written."""

    setting: Setting
    value: Any
    origin: Origin = "default"
    name: str = ""

    @property
    def where(self) -> str:
        """The file or the variable that sets it."""
        return str(path()) if self.origin == "file" else self.name


def variable(key: str) -> str:
    """Return the environment variable that sets `key`.

    Examples
    --------
    >>> variable("skip-mismatch")
    'PACES_LIVE_SKIP_MISMATCH'
    """
    return PREFIX + key.upper().replace("-", "_")


def path() -> Path:
    """Return the path of the file, which may not exist.

    Examples
    --------
    >>> path().parts[-2:]
    ('paces-live', 'config.toml')
    """
    return config_folder() / "config.toml"


def settings(group: TyperGroup) -> dict[str, Setting]:
    """Return the settings of the commands of `group` by their keys, in the order of the commands.

    Examples
    --------
    >>> from paces_live.cli.main import app
    >>> settings(typer.main.get_command(app))["skip-mismatch"].commands
    ('play',)
    """
    found: dict[str, Setting] = {}
    for name, command in group.commands.items():
        for key, option in options(command).items():
            known = found.get(key)
            if known:
                found[key] = replace(known, commands=(*known.commands, name))
            else:
                found[key] = Setting(key, (name,), option, _kind(command.callback, option))
    return found


def options(command: object) -> dict[str, TyperOption]:
    """Return the options of `command` that are settings, by their keys.

    Examples
    --------
    >>> from paces_live.cli.main import app
    >>> list(options(typer.main.get_command(app).commands["devices"]))
    ['json']
    """
    if not isinstance(command, TyperCommand | TyperGroup):
        return {}
    return {
        max(option.opts, key=len).lstrip("-"): option
        for option in command.params
        if isinstance(option, TyperOption) and not (option.hidden or option.is_eager)
    }


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
        if not name.startswith(PREFIX) or not text:
            continue
        key = keys.get(name) or old.get(name)
        if key is None:
            raise UsageError(f"{name}: is not a setting", hint=_nearest(name, keys))
        values.append(Value(known[key], known[key].checked(text, ctx, name), "environment", name))
    return values


def _kind(function: object, option: TyperOption) -> type:
    """Return the type that the file must have for `option`, from the annotation in the function of the command."""
    annotation = typing.get_type_hints(function)[option.name]
    if isinstance(annotation, types.UnionType):
        annotation = next(one for one in typing.get_args(annotation) if one is not type(None))
    return annotation if annotation in (bool, int, float) else str


def _fits(value: object, kind: type) -> bool:
    """Return whether a TOML value is of `kind`; a whole number is a number, true and false are not."""
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
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
