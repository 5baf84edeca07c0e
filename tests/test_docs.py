"""The documents say what is so: their commands run, their files exist."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CONSOLE = [
    line.removeprefix("$ ").split(" #")[0].strip()
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]
DOCUMENTS = (
    *("README.md", "docs/architecture.md", "docs/raspberry-pi.md", "docs/arm64.md"),
    *("models/README.md", "training/README.md"),
)
LIVE = (
    *("paces-live", "paces-live listen --input playback", "paces-live doctor", "paces-live devices"),
    "paces-live play --shuffle --skip-mismatch ~/Music",
)
"""What depends on the machine's sound: here it must end in an answer, whatever that is, and never in a traceback."""


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


@pytest.mark.parametrize("command", [c for c in CONSOLE if c.startswith("paces-live") and c not in LIVE])
def test_readme_commands_run(command: str) -> None:
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert not done.stderr


@pytest.mark.parametrize("command", ["paces-live doctor", "paces-live devices"])
def test_readme_commands_that_ask_about_sound_answer(command: str) -> None:
    assert command in CONSOLE
    done = run(command)
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr


def test_readme_names_the_two_commands_and_they_are_targets() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    first_screen = README[:1500]
    for target in ("run", "test"):
        assert f"make {target}" in first_screen
        assert target in targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    for link in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
        if "://" not in link:
            assert (path.parent / link).exists(), link


def test_modules_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    names = re.findall(r"`((?:paces_live/|training/)?[a-z_]+\.py)`", text)
    assert names
    for name in names:
        assert (ROOT / name).exists() or (ROOT / "paces_live" / name).exists(), name


def test_the_event_in_the_readme_has_the_fields_of_a_real_one() -> None:
    (shown,) = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, re.DOTALL))
    lines = run("paces-live listen --input paces_live/data/demo.ogg --fast --json").stdout.splitlines()
    real = next(event for event in map(json.loads, lines) if event["type"] == "reading" and event["match"])
    assert shown.keys() == real.keys()
    for field in ("match", "health"):
        assert shown[field].keys() == real[field].keys()


def test_locked_requirements_name_no_host_and_carry_hashes() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text("utf-8")
        assert "http" not in text
        assert "--index" not in text
        requirements = re.findall(r"^[a-z][^\s]*==", text, re.MULTILINE)
        assert requirements
        assert len(re.findall(r"--hash=sha256:", text)) >= len(requirements)
