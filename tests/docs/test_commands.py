"""The commands in the documents and in the help work."""

import functools
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from rich.text import Text
from typer.core import TyperGroup

from paces_live.cli.main import app
from paces_live.cli.setting import settings
from paces_live.cli.settings import SECRETS
from tests.docs.documents import EXCERPT, GUIDES, ROOT, blocks, commands, read

SOUND = ("paces-live doctor", "paces-live devices")
"""Commands whose answer depends on the sound of this machine; they may report a failure, but never a traceback."""


def idle(group: TyperGroup) -> TyperGroup:
    """Return the command line with commands that do nothing, and without options that write into the home folder."""

    def asked(_ctx: Any, _option: Any, value: Any) -> None:
        if value:
            raise typer.Exit

    for option in group.params:
        if option.name == "install_completion":
            option.callback = asked
    for command in group.commands.values():
        if isinstance(command, TyperGroup):
            idle(command)
        if command.callback:
            # Wrapped, not replaced: settings are read from the annotations of the function.
            command.callback = functools.wraps(command.callback)(lambda *_, **__: None)
    return group


def command_line() -> TyperGroup:
    """Return the real command line."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def parse(command: str) -> None:
    """Parse `command` as the program does, and stop before it starts to work; raise if it is wrong."""
    _, *arguments = shlex.split(command)
    status = idle(command_line()).main(arguments, prog_name="paces-live", standalone_mode=False)
    if status:
        raise ValueError(f"exit status {status}")


def runs(command: str) -> bool:
    """Return whether `command` ends by itself, needs no sound card and changes nothing."""
    words = command.split()[1:]
    heard = EXCERPT in words or words[:1] == ["demo"]
    return (heard and ("--fast" in words or words[0] == "analyze")) or words[:2] in (
        ["config", "show"],
        ["config", "path"],
    )


ALL = sorted({(document, command) for document in GUIDES for command in commands(read(document))})


@functools.cache
def run(command: str) -> "subprocess.CompletedProcess[str]":
    program, *arguments = shlex.split(command)
    assert program == "paces-live"
    return subprocess.run(
        [sys.executable, "-m", "paces_live", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(("document", "command"), ALL)
def test_the_program_understands_the_commands_of_the_documents(document: str, command: str) -> None:
    assert document
    parse(command)


@pytest.mark.parametrize(
    "wrong",
    ["paces-live --tarket 170", "paces-live config shew", "paces-live demo --target 20", "paces-live analyze --json"],
)
def test_a_wrong_command_is_found(wrong: str) -> None:
    with pytest.raises((typer.TyperException, ValueError)):
        parse(wrong)


@pytest.mark.parametrize("command", sorted({command for _, command in ALL if runs(command)}))
def test_the_commands_of_the_documents_run(command: str) -> None:
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert not done.stderr


@pytest.mark.parametrize("command", SOUND)
def test_commands_that_depend_on_sound_end_without_a_traceback(command: str) -> None:
    assert ("README.md", command) in ALL
    done = run(command)
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr


def command_tree(group: TyperGroup, *path: str) -> Iterator[tuple[str, Any]]:
    """Yield every command and group below `group`, with the words that call it."""
    for name, command in group.commands.items():
        yield " ".join((*path, name)), command
        if isinstance(command, TyperGroup):
            yield from command_tree(command, *path, name)


TREE = command_line()


@pytest.mark.parametrize(("name", "command"), [("", TREE), *command_tree(TREE)])
def test_the_help_of_every_command_has_an_example_that_works(name: str, command: Any) -> None:
    shown = re.findall(r"\[bold\](.*?)\[/bold\]", command.epilog or "")
    found = [call for example in shown for call in commands(f"```sh\n{Text.from_markup(example).plain}\n```")]
    assert any(call.startswith(f"paces-live {name}".strip()) for call in found), f"{name}: no example"
    for call in found:
        parse(call)


def test_the_settings_in_the_documents_exist() -> None:
    known = settings(TREE)
    variables = {setting.variable for setting in known.values()} | SECRETS
    for document in GUIDES:
        text = read(document)
        assert set(re.findall(r"PACES_LIVE_[A-Z_]*[A-Z]", text)) <= variables, document
        for block in blocks(text, "toml"):
            assert set(re.findall(r"^(\S+) =", block, re.MULTILINE)) <= known.keys(), document
