"""Where settings and history are kept, and how files are written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from paces_live.errors import UsageError
from paces_live.storage import config_folder, drafted, state_folder


@pytest.mark.parametrize(("folder", "variable"), [(config_folder, "XDG_CONFIG_HOME"), (state_folder, "XDG_STATE_HOME")])
def test_the_environment_sets_the_folders(
    folder: Callable[[], Path], variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    assert folder() == tmp_path / "paces-live"
    # A user of a container, known to no list of users.
    monkeypatch.delenv(variable)
    monkeypatch.delenv("HOME", raising=False)

    def unknown(_uid: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.raises(UsageError, match=f"set HOME or {variable}"):
        folder()


def test_a_draft_follows_no_link(tmp_path: Path) -> None:
    mine, path = tmp_path / "mine.csv", tmp_path / "paces.csv"
    mine.write_text("mine")
    (tmp_path / f".paces-live-{os.getpid()}.csv").symlink_to(mine)
    with drafted(path) as draft:
        draft.write_text("So What,137")
    assert (path.read_text(), mine.read_text()) == ("So What,137", "mine")
    assert not path.is_symlink()
