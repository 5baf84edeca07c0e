"""`config`: see what is set, where it is set, and edit the file that sets it."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from paces_live.cli import setting, settings, settings_file
from paces_live.cli.options import Json
from paces_live.cli.target import SensorTarget
from paces_live.errors import PacesError, UsageError

EDITORS = ("sensible-editor", "nano", "vi")
"""Editors that we look for if neither $VISUAL nor $EDITOR names one; the first is Debian's own choice."""

config = typer.Typer(
    no_args_is_help=True,
    help="Keep options in a file, and see which are set.\n\n"
    "Every option is a setting. It holds for all commands that have the option. A flag wins over the environment "
    "variable ([bold]PACES_LIVE_TARGET[/bold] for [bold]--target[/bold]), and the variable over the file.",
    epilog="Example: [bold]paces-live config set target 170[/bold], then [bold]paces-live config show[/bold]",
)


@config.command(epilog="Example: [bold]paces-live config show --json[/bold]")
def show(ctx: typer.Context, json: Json = False) -> None:
    """Show every setting, its value, and where it comes from."""
    values = settings.resolve(_commands(ctx), ctx)
    if json:
        from paces_live.render.json_lines import dumps

        for one in values:
            record = {
                "type": "setting",
                "key": one.setting.key,
                "value": _plain(one.value),
                "from": one.origin,
                "default": _plain(one.setting.default),
                "variable": one.setting.variable,
                "commands": one.setting.commands,
            }
            sys.stdout.write(dumps(record) + "\n")
        return
    from rich.table import Table
    from rich.text import Text

    from paces_live.render.tables import console

    table = Table("setting", "value", "from", "commands", box=None, pad_edge=False)
    for one in values:
        where = {"default": "default", "file": "the file", "environment": one.name}[one.origin]
        style = "dim" if one.origin == "default" else "bold"
        words = "–" if one.value is None else literal(one.value)
        table.add_row(one.setting.key, Text(words, style), Text(where, style), ", ".join(one.setting.commands))
    out = console(sys.stdout)
    out.print(table)
    there = "" if setting.path().exists() else " (does not exist)"
    out.print(f"\nthe file: {setting.path()}{there}", soft_wrap=True)


@config.command(epilog="Example: [bold]paces-live config path[/bold]")
def path() -> None:
    """Print the path of the file, even if it does not exist."""
    sys.stdout.write(f"{setting.path()}\n")


@config.command(epilog="Example: [bold]EDITOR=nano paces-live config edit[/bold]")
def edit(ctx: typer.Context) -> None:
    """Open the file in your editor, $VISUAL or $EDITOR. A new file explains every setting.

    paces-live checks the file afterwards; on a terminal you can fix it immediately.
    """
    group, file = _commands(ctx), setting.path()
    known = setting.settings(group)
    command = _editor()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text(template(known), "utf-8")
    except OSError as error:
        raise PacesError(
            f"{file}: cannot be written: {error.strerror}", hint="check its permissions, or set XDG_CONFIG_HOME"
        ) from None
    while True:
        try:
            status = subprocess.run([*command, str(file)], check=False).returncode
        except OSError as error:
            raise UsageError(f"editor {command[0]} cannot be started: {error.strerror}", hint="set $EDITOR") from None
        if status:
            raise PacesError(
                f"editor {command[0]} ended with status {status}; {file} was not checked",
                hint="run paces-live config edit again",
            )
        try:
            settings.read_file(file, known, ctx)
        except UsageError as error:
            if not sys.stdin.isatty():
                raise
            sys.stderr.write(f"{error}\n")
            if not typer.confirm("Edit it again?", default=True):
                raise
        else:
            return


def _complete_key(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the keys that begin so."""
    return [key for key in setting.settings(_commands(ctx)) if key.startswith(incomplete)]


Key = Annotated[str, typer.Argument(metavar="KEY", autocompletion=_complete_key, help="The long name of the option.")]


@config.command(
    "set",
    epilog="Example: [bold]paces-live config set tolerance 3%[/bold]",
    # A negative number is refused by the option that it is for, not taken for an option.
    context_settings={"ignore_unknown_options": True},
)
def set_value(
    ctx: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="As you write it after the option; true or false.")],
) -> None:
    """Set an option in the file. The rest of the file stays as it is, comments included."""
    known = setting.settings(_commands(ctx))
    wanted = settings.find(key, known)
    file = setting.path()
    before = settings_file.read(file) if file.exists() else template(known)
    settings.read_text(before, file, known, ctx)
    settings.read_environment(os.environ, known, ctx)
    after = settings_file.with_value(before, wanted.key, wanted.parsed(value, ctx), settings.old_names(wanted.key))
    settings.read_text(after, file, known, ctx)
    settings_file.write(file, after)
    _in_force(ctx, wanted)


@config.command(epilog="Example: [bold]paces-live config unset tolerance[/bold]")
def unset(ctx: typer.Context, key: Key) -> None:
    """Remove an option from the file. The rest of the file stays as it is, comments included."""
    # A file that paces-live made explains each option above its default: the default returns to its place.
    known, file = setting.settings(_commands(ctx)), setting.path()
    before = settings_file.read(file) if file.exists() else ""
    names = [key, *settings.old_names(key)]
    after = settings_file.without(before, names)
    settings.read_environment(os.environ, known, ctx)
    if after == before:
        # It may be a mistake in the name, and then the right one is worth knowing.
        settings.find(key, known)
        sys.stdout.write(f"{key} is not set in {file}\n")
        return
    if key in known:
        comment, default = _explained(known[key])
        if comment in after.splitlines() and f"{comment}\n#" not in after:
            after = after.replace(f"{comment}\n", f"{comment}\n{default}\n", 1)
    settings_file.write(file, after)
    if key in known:
        _in_force(ctx, known[key])


def _in_force(ctx: typer.Context, changed: setting.Setting) -> None:
    """Say what a setting is now, and what it comes from."""
    value = next(one for one in settings.resolve(_commands(ctx), ctx) if one.setting.key == changed.key)
    words = "not set" if value.value is None else literal(value.value)
    where = {"default": "the default", "file": str(setting.path()), "environment": f"{value.name}, which wins"}
    sys.stdout.write(f"{changed.key} = {words} ({where[value.origin]})\n")


def template(known: dict[str, setting.Setting]) -> str:
    """Return a file that sets nothing and explains every setting; the defaults are commented out.

    Examples
    --------
    >>> from paces_live.cli.main import app
    >>> known = setting.settings(typer.main.get_command(app))
    >>> template({"target": known["target"]}).splitlines()[-2:]
    ['# Step rate that you want to run at, 40 to 320 steps per minute...(listen, ...)', '#target = 165']
    """
    lines = [
        "# Settings of paces-live. To set a key, remove the # before it; it holds for every command with the option.",
        "# A flag on the command line wins over this file, and so does an environment variable, such as",
        f"# {known['target'].variable}. To see what is in force: paces-live config show",
    ]
    for one in known.values():
        lines += ["", *_explained(one)]
    return "\n".join(lines) + "\n"


def _explained(one: setting.Setting) -> tuple[str, str]:
    """Return the two lines of a setting in a new file: what it is for, and its default, commented out."""
    from rich.text import Text

    words = Text.from_markup(one.option.help or "").plain
    # A setting without a default gets an example of the right type: a key without a value is not TOML.
    example = (one.option.metavar or one.key.upper()) if one.kind is str else one.kind(1)
    value = literal(example if one.default is None else one.default)
    return f"# {words} ({', '.join(one.commands)})", f"#{one.key} = {value}"


def literal(value: Any) -> str:
    """Return the value of a setting as TOML.

    Examples
    --------
    >>> literal(170.0), literal(True), literal("dark")
    ('170', 'true', '"dark"')
    """
    from json import dumps

    value = _plain(value)
    if isinstance(value, float):
        return f"{value:g}"
    # JSON and TOML write true, false, whole numbers and text in the same way.
    return dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: a path, a choice or a sensor becomes text."""
    if isinstance(value, SensorTarget):
        return value.text
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _commands(ctx: typer.Context) -> TyperGroup:
    """Return the command line; its options are the settings."""
    return cast("TyperGroup", ctx.find_root().command)


def _editor() -> list[str]:
    """Return the command that edits a file."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if named:
        return shlex.split(named)
    found = next(filter(None, map(shutil.which, EDITORS)), None)
    if found is None:
        raise UsageError(f"there is no editor: none of {', '.join(EDITORS)} is installed", hint="set $EDITOR")
    return [Path(found).name]
