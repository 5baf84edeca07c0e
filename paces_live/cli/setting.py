"""An option as a setting: its key, its type, and what sets it."""

import types
import typing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from paces_live.cli.target import SensorTarget
from paces_live.errors import UsageError
from paces_live.storage import config_folder

PREFIX = "PACES_LIVE_"
NOT_SETTINGS = frozenset(
    {"for", "find", "playlist", "write", "undo", "force", "paces", "steady", "remove", "export"}
    | {"at", "pace", "click", "picture"}
)
"""Options that ask one question, do one thing or are about one song: in a file, they would hold for every other."""

TOKEN_VARIABLE = PREFIX + "TOKEN"
"""Variable that has the token of a server."""

Origin = Literal["default", "file", "environment"]


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

    def parsed(self, text: str, ctx: typer.Context) -> bool | int | float | str:
        """Return the value that `text` stands for, as the file holds it; `UsageError` if the option refuses it."""
        value = self.checked(text, ctx, "not set")
        if isinstance(value, SensorTarget):
            return value.text
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value if isinstance(value, bool | int | float) else text

    def checked(self, value: Any, ctx: typer.Context, origin: str) -> Any:
        """Return `value` as the command takes it; if the option refuses it, `UsageError` names `origin`."""
        try:
            return self.option.process_value(ctx, value)
        except typer.BadParameter as error:
            if self.kind is bool:
                raise UsageError(f"{origin}: {self.key} {value!r} is neither true nor false") from None
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
    found = {
        max(option.opts, key=len).lstrip("-"): option
        for option in command.params
        if isinstance(option, TyperOption) and not (option.hidden or option.is_eager)
    }
    return {key: option for key, option in found.items() if key not in NOT_SETTINGS}


def _kind(function: object, option: TyperOption) -> type:
    """Return the type that the file must have for `option`, from the annotation in the function of the command."""
    annotation = typing.get_type_hints(function)[option.name or ""]
    if isinstance(annotation, types.UnionType):
        annotation = next(one for one in typing.get_args(annotation) if one is not type(None))
    return annotation if annotation in (bool, int, float) else str
