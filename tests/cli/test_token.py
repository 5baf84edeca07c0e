"""The command ``token``: what lets phones in."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paces_live.cli import main as cli
from paces_live.storage import config_folder

ADDRESS = "http://pi.local:8765"


def run(*args: str) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(cli.app, args)


def test_show_makes_a_token_once() -> None:
    first = run("token", "show")
    assert (first.exit_code, len(first.stdout)) == (0, 44)
    assert run("token", "show").stdout == first.stdout
    path = config_folder() / "token"
    assert path.read_text() == first.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_new_makes_another() -> None:
    first, second = run("token", "new").stdout, run("token", "new").stdout
    assert first != second
    assert run("token", "show").stdout == second


def test_new_replaces_a_token_that_is_wrong() -> None:
    (config_folder() / "token").write_text("secret")
    assert run("token", "show").exit_code == 1
    assert run("token", "new").exit_code == 0
    assert run("token", "show").exit_code == 0


def test_show_says_what_is_wrong_with_the_file() -> None:
    run("token", "new")
    path = config_folder() / "token"
    value = path.read_text().strip()
    path.chmod(0o644)
    result = run("token", "show")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"paces-live: {path}: others may read it: run chmod 600 {path}\n"
    assert value not in result.stderr


def test_the_address_carries_the_token_in_its_fragment_and_as_a_qr_code() -> None:
    token = run("token", "show").stdout.strip()
    *code, address = run("token", "show", "--address", ADDRESS).stdout.splitlines()
    assert address == f"{ADDRESS}/#t={token}"
    assert len(code) >= 15
    assert len({len(line) for line in code}) == 1
    assert set("".join(code)) <= set(" ▀▄█")


def test_a_terminal_without_unicode_gets_a_code_of_ascii() -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-m", "paces_live", "token", "show", "--address", ADDRESS],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        check=True,
    )
    assert done.stdout.isascii()
    assert done.stdout.count(b"\n") > 30


@pytest.mark.parametrize(
    "address",
    [
        "pi.local",
        "pi.local:8765",
        "ftp://pi.local",
        "http://",
        "http://pi.local/x",
        "http://a@pi.local",
        "http://a:99999",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    result = run("token", "new", "--address", address)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "write it such as http://pi.local:8765" in result.stderr
