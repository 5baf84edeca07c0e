"""The address that lets a phone in: for people, and not for logs."""

import io
import sys

import pytest

from paces_live.errors import AccessError
from paces_live.server.access.invitation import announce, print_invitation

ADDRESS = "https://pi.local:8766"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_a_server_shows_the_code_and_then_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    announce(ADDRESS, "t0ken", out := Terminal())
    *code, address = out.getvalue().splitlines()
    assert address == f"{ADDRESS}/#t=t0ken"
    assert all(line.startswith("\x1b[97;40m") and line.endswith("\x1b[0m") for line in code)
    assert "█" in code[0]
    assert len(code) < 24


@pytest.mark.parametrize(("columns", "lines"), [(20, 24), (80, 12)])
def test_a_code_that_does_not_fit_is_left_out(columns: int, lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", str(lines))
    announce(ADDRESS, "t0ken", out := Terminal())
    words, address = out.getvalue().splitlines()
    assert "shows a QR code here" in words
    assert address == f"{ADDRESS}/#t=t0ken"


def test_a_log_gets_no_token() -> None:
    announce(ADDRESS, "t0ken", out := io.StringIO())
    assert ADDRESS in out.getvalue()
    assert "t0ken" not in out.getvalue()
    assert "█" not in out.getvalue()


def test_without_segno_the_hint_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(AccessError, match="pip install segno"):
        print_invitation(ADDRESS, "t0ken", io.StringIO())
