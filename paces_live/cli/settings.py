"""Settings: options that the file and the environment set too. A flag goes first, then a variable, then the file.

There is no list of settings here. They are read off the commands, so an option that is added is a setting at once. Keys
are flat: ``target = 170`` holds for every command that has ``--target``.

Every switch can be put both ways (``--json/--no-json``), so that a flag takes back what is set. No settings:

- arguments, such as the files to analyse;
- ``--help``, ``--version`` and the shell completion's, which end the program at once;
- the options of a command within a command, such as ``history clear --yes``: no file should say yes for good.
"""

import difflib
import os
import re
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

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
        Its name in the file: the option's long name.
    commands : tuple of str
        The commands that have it.
    option : TyperOption
        The option of the first of them; the others have the same type and default.
    kind : type
        What the file must hold: `bool`, `int`, `float` or `str`.
    """

    key: str
    commands: tuple[str, ...]
    option: TyperOption
    kind: type

    @property
    def default(self) -> Any:
        """Its value where nothing sets it; None where that leaves something out."""
        default: Any = self.option.default
        return float(default) if self.kind is float and default is not None else default

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.key.upper().replace("-", "_")

    def checked(self, value: Any, ctx: typer.Context, origin: str) -> Any:
        """Return `value` as the command takes it; `UsageError` names `origin` where the option refuses it."""
        try:
            return self.option.process_value(ctx, value)
        except typer.BadParameter as error:
            raise UsageError(f"{origin}: {self.key} {value!r}: {error.message}") from None
        except UsageError as error:
            raise UsageError(f"{origin}: {error}") from None


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value, and where it comes from."""

    setting: Setting
    value: Any
    origin: Origin

    @property
    def where(self) -> str:
        """The file or the variable that sets it."""
        return str(path()) if self.origin == "file" else self.setting.variable


def path() -> Path:
    """Return where the file is, or would be."""
    return config_folder() / "config.toml"


def settings(group: TyperGroup) -> dict[str, Setting]:
    """Return the settings of the commands of `group` by their keys, in the order of the commands."""
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
    """Return the options of `command` that are settings, by their keys."""
    if not isinstance(command, TyperCommand | TyperGroup):
        return {}
    return {
        max(option.opts, key=len).lstrip("-"): option
        for option in command.params
        if isinstance(option, TyperOption) and not (option.hidden or option.is_eager)
    }


def resolve(group: TyperGroup, ctx: typer.Context) -> list[Value]:
    """Return every setting's value without flags, after checking all that is set.

    Raises
    ------
    UsageError
        A key, a variable or a value is wrong; the message names it and where it stands.
    """
    known = settings(group)
    values = {key: Value(setting, setting.default, "default") for key, setting in known.items()}
    values |= {key: Value(known[key], value, "file") for key, value in read_file(path(), known, ctx).items()}
    for key, value in read_environment(os.environ, known, ctx).items():
        values[key] = Value(known[key], value, "environment")
    return list(values.values())


def chosen(group: TyperGroup, command: object, ctx: typer.Context) -> list[Value]:
    """Return what the file and the environment set of the options of `command`; raises as `resolve` does."""
    wanted = options(command)
    if not wanted:
        return []
    return [one for one in resolve(group, ctx) if one.origin != "default" and one.setting.key in wanted]


def origins(text: str, values: Iterable[Value]) -> str:
    """Return where those of `values` come from whose keys `text` names, in brackets; empty where it names none."""
    words = {word.lstrip("-") for word in re.findall(r"[\w-]+", text)}
    told = [f"{one.setting.key} is set by {one.where}" for one in values if one.setting.key in words]
    return f" ({', '.join(told)})" if told else ""


def read_file(file: Path, known: Mapping[str, Setting], ctx: typer.Context) -> dict[str, Any]:
    """Return the values that `file` sets; none where there is no file. Raises as `resolve` does."""
    try:
        text = file.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: is not UTF-8 text: paces-live config edit") from None
    # Deferred: most runners have no file.
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: is not TOML: {error}") from None
    values = {}
    for key, value in table.items():
        if key not in known:
            table_words = "tables have no meaning here, all keys stand at the top; " if isinstance(value, dict) else ""
            raise UsageError(f"{file}: {key} is no setting: {table_words}{_nearest(key, known)}")
        setting = known[key]
        if not _fits(value, setting.kind):
            raise UsageError(f"{file}: {key} must be {_WORDS[setting.kind]}, not {_toml_words(value)}")
        values[key] = setting.checked(value, ctx, str(file))
    return values


def read_environment(
    environment: Mapping[str, str], known: Mapping[str, Setting], ctx: typer.Context
) -> dict[str, Any]:
    """Return the values that `environment` sets; an empty variable sets nothing. Raises as `resolve` does."""
    keys = {setting.variable: key for key, setting in known.items()}
    values = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX) or not text:
            continue
        if name not in keys:
            raise UsageError(f"{name}: is no setting: {_nearest(name, keys)}")
        values[keys[name]] = known[keys[name]].checked(text, ctx, name)
    return values


def _kind(function: object, option: TyperOption) -> type:
    """Return what the file must hold for `option`, from the annotation of the parameter of the command's function."""
    annotation = typing.get_type_hints(function)[option.name]
    if isinstance(annotation, types.UnionType):
        annotation = next(one for one in typing.get_args(annotation) if one is not type(None))
    return annotation if annotation in (bool, int, float) else str


def _fits(value: object, kind: type) -> bool:
    """Tell whether a value of TOML is of `kind`; a whole number is a number, true and false are none."""
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind


def _toml_words(value: object) -> str:
    """Return what a value of TOML is, or a short one itself."""
    match value:
        case bool() | str():
            return _WORDS[type(value)]
        case dict():
            return "a table"
        case list():
            return "a list"
    return str(value)


def _nearest(name: str, names: Iterable[str]) -> str:
    """Return which of `names` may have been meant."""
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"choose {', '.join(names)}"
