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


def test_at_a_terminal_a_server_shows_the_code() -> None:
    announce(ADDRESS, "t0ken", out := Terminal())
    assert out.getvalue().startswith(f"{ADDRESS}/#t=t0ken\n\n█")


def test_a_log_gets_no_token() -> None:
    announce(ADDRESS, "t0ken", out := io.StringIO())
    assert ADDRESS in out.getvalue()
    assert "t0ken" not in out.getvalue()
    assert "█" not in out.getvalue()


def test_without_segno_the_hint_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(AccessError, match="pip install segno"):
        print_invitation(ADDRESS, "t0ken", io.StringIO())
