"""The documents say what is so: their commands run, their files exist."""

import functools
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.text import Text
from typer.core import TyperGroup

from paces_live.cli.main import app
from paces_live.cli.settings import settings
from paces_live.match import LOCK, MATCH, STRETCH
from paces_live.render.writers import STATE_WORDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
GUIDES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
DOCUMENTS = (*GUIDES, "models/README.md", "training/README.md")
EXCERPT = "paces_live/data/demo.ogg"
SOUND = ("paces-live doctor", "paces-live devices")
"""What depends on the machine's sound: here it must end in an answer, whatever that is, and never in a traceback."""
EXAMPLES = runpy.run_path(str(ROOT / "tools" / "examples.py"))


def commands(text: str) -> Iterator[str]:
    """Yield every call of paces-live in a document: in blocks, after pipes and ``&&``, and in running text.

    Running text also names commands without their arguments: they are turned into a call for their help.
    """
    blocks = re.findall(r"```(?:console|sh)\n(.*?)```", text, re.DOTALL)
    prose = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    lines += [line if " -" in line else f"{line} --help" for line in prose]
    for line in lines:
        for part in re.split(r"&&|[|;<>]", line.partition(" # ")[0]):
            words = part.split()
            while words and (words[0] == "sudo" or re.fullmatch(r"[A-Z_]+=\S*", words[0])):
                words.pop(0)
            if words and words[0].removeprefix("/opt/paces-live/bin/") == "paces-live":
                yield " ".join(["paces-live", *words[1:]])


def idle(group: TyperGroup) -> TyperGroup:
    """Return the command line with commands that do nothing, and without what writes into the user's home."""

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
            # Wrapped, not replaced: settings are read off the annotations of the function.
            command.callback = functools.wraps(command.callback)(lambda *_, **__: None)
    return group


def command_line() -> TyperGroup:
    """Return the real command line."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def parse(command: str) -> None:
    """Parse `command` as the program does, up to where it would begin to work; raise what is wrong with it."""
    _, *arguments = shlex.split(command)
    status = idle(command_line()).main(arguments, prog_name="paces-live", standalone_mode=False)
    if status:
        raise ValueError(f"exit status {status}")


def runs(command: str) -> bool:
    """Tell whether `command` ends by itself, needs no sound card and changes nothing."""
    words = command.split()[1:]
    heard = EXCERPT in words or words[:1] == ["demo"]
    return (heard and ("--fast" in words or words[0] == "analyze")) or words[:2] in (
        ["config", "show"],
        ["config", "path"],
    )


ALL = sorted({(document, command) for document in GUIDES for command in commands((ROOT / document).read_text("utf-8"))})


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
def test_commands_of_the_documents_are_understood(document: str, command: str) -> None:
    assert document
    parse(command)


@pytest.mark.parametrize(
    "wrong",
    ["paces-live --tarket 170", "paces-live config shew", "paces-live demo --target 20", "paces-live analyze --json"],
)
def test_a_wrong_command_would_be_found(wrong: str) -> None:
    with pytest.raises((typer.TyperException, ValueError)):
        parse(wrong)


@pytest.mark.parametrize("command", sorted({command for _, command in ALL if runs(command)}))
def test_commands_of_the_documents_run(command: str) -> None:
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert not done.stderr


@pytest.mark.parametrize("command", SOUND)
def test_commands_that_ask_about_sound_answer(command: str) -> None:
    assert ("README.md", command) in ALL
    done = run(command)
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr


def command_tree(group: TyperGroup, *path: str) -> Iterator[tuple[str, Any]]:
    """Yield every command and group below `group`, by what is typed."""
    for name, command in group.commands.items():
        yield " ".join((*path, name)), command
        if isinstance(command, TyperGroup):
            yield from command_tree(command, *path, name)


TREE = command_line()


@pytest.mark.parametrize(("name", "command"), [("", TREE), *command_tree(TREE)])
def test_every_command_has_an_example_that_is_understood(name: str, command: Any) -> None:
    shown = re.findall(r"\[bold\](.*?)\[/bold\]", command.epilog or "")
    found = [call for example in shown for call in commands(f"```sh\n{Text.from_markup(example).plain}\n```")]
    assert any(call.startswith(f"paces-live {name}".strip()) for call in found), f"{name}: no example"
    for call in found:
        parse(call)


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def words(text: str) -> str:
    return re.sub(r"\d+(?:\.\d+)?", "0", text)


VARIABLE = re.compile(r'"(load|runtime|model|version)": ("[^"]*"|[\d.]+)')
"""Fields that differ from one machine or release to the next."""


@pytest.mark.parametrize("document", GUIDES)
def test_examples_are_what_the_program_says(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    shown, real = (VARIABLE.sub("", one).splitlines() for one in (text, EXAMPLES["renewed"](text)))
    assert [words(line) for line in shown] == [words(line) for line in real], "make examples"
    for before, now in zip(shown, real, strict=True):
        assert numbers(before) == pytest.approx(numbers(now), rel=0.02, abs=0.02), "make examples"


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(block, id=f"{document}-{number}")
        for document in GUIDES
        for number, block in enumerate(
            re.findall(r"```python\n(.*?)```", (ROOT / document).read_text("utf-8"), re.DOTALL)
        )
    ],
)
def test_python_of_the_documents_runs(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_grades_of_the_guide_are_those_of_the_program() -> None:
    text = (ROOT / "docs" / "running.md").read_text("utf-8")
    rows = re.findall(r"^\| (lock|match|stretch) \| ([\d.]+) % \| ([\d.]+) to ([\d.]+) \|", text, re.MULTILINE)
    assert [(grade, float(off), float(low), float(high)) for grade, off, low, high in rows] == [
        (grade, 100 * off, round(165 * (1 - off), 1), round(165 * (1 + off), 1))
        for grade, off in (("lock", LOCK), ("match", MATCH), ("stretch", STRETCH))
    ]


def test_the_guide_explains_every_state() -> None:
    text = (ROOT / "docs" / "running.md").read_text("utf-8")
    explained = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    assert [state for state in STATE_WORDS.values() if state not in explained] == []


def test_settings_that_the_documents_name_exist() -> None:
    known = settings(TREE)
    variables = {setting.variable for setting in known.values()}
    for document in GUIDES:
        text = (ROOT / document).read_text("utf-8")
        assert set(re.findall(r"PACES_LIVE_[A-Z_]*[A-Z]", text)) <= variables, document
        for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
            assert set(re.findall(r"^(\S+) =", block, re.MULTILINE)) <= known.keys(), document


def test_readme_names_the_two_commands_and_they_are_targets() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    first_screen = README[:1500]
    for target in ("run", "test"):
        assert f"make {target}" in first_screen
        assert target in targets


def slug(heading: str) -> str:
    """Return what a heading is linked to by, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    for link, part in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", path.read_text("utf-8")):
        if "://" not in link:
            target = path.parent / link if link else path
            assert target.exists(), link
            headings = re.findall(r"^#+ (.*)", target.read_text("utf-8"), re.MULTILINE) if part else []
            assert not part or part in map(slug, headings), f"{link}#{part}"


def test_modules_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    names = re.findall(r"`((?:paces_live/|training/)?[a-z_]+\.py)`", text)
    assert names
    for name in names:
        assert (ROOT / name).exists() or (ROOT / "paces_live" / name).exists(), name


def test_locked_requirements_name_no_host_and_carry_hashes() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text("utf-8")
        assert "http" not in text
        assert "--index" not in text
        requirements = re.findall(r"^[a-z][^\s]*==", text, re.MULTILINE)
        assert requirements
        assert len(re.findall(r"--hash=sha256:", text)) >= len(requirements)
