"""The token: kept for its owner only, never weak, and read again when it changes."""

import os
import stat
import threading
from pathlib import Path

import pytest

from paces_live.errors import AccessError
from paces_live.server.access import secret_file
from paces_live.server.access.token import Token
from paces_live.storage import config_folder

GOOD = "kX3-vQ9_mB7zR2wT5yU8aE1d"


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_token_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        token = Token.kept(tmp_path / "new" / "token")
    finally:
        os.umask(before)
    assert stat.S_IMODE(token.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(token.path.parent.stat().st_mode) == 0o700
    assert len(token.value) == 43
    assert Token.kept(token.path).value == token.value
    assert [path.name for path in token.path.parent.iterdir()] == ["token"]


def test_by_default_it_is_beside_the_settings() -> None:
    assert Token().path == config_folder() / "token"


def test_no_two_tokens_are_alike(tmp_path: Path) -> None:
    token = Token(tmp_path / "token")
    assert len({token.renew() for _ in range(100)}) == 100


def test_a_new_token_holds_for_those_who_had_read_the_old_one(tmp_path: Path) -> None:
    token = Token.kept(tmp_path / "token")
    old = token.value
    assert token.matches(old)
    new = Token(token.path).renew()
    assert (token.matches(old), token.matches(new), token.value) == (False, True, new)
    assert stat.S_IMODE(token.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("given", ["", GOOD[:-1], GOOD + "a", GOOD.upper(), "é" * 24, "\ud800", "a" * 10_000])
def test_what_is_not_the_token_does_not_match(tmp_path: Path, given: str) -> None:
    token = Token(write(tmp_path / "token", f"{GOOD}\n"))
    assert token.matches(GOOD)
    assert not token.matches(given)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o777])
def test_a_token_that_others_may_read_is_an_error(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "token", GOOD, mode)
    with pytest.raises(AccessError, match="others may read it: run chmod 600") as caught:
        Token.kept(path)
    assert caught.value.code == "access.permissions"
    path.chmod(0o600)
    assert Token.kept(path).value == GOOD


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "shorter"),
        ("secret", "shorter"),
        ("kX3-vQ9_mB7zR2wT5yU8a", "shorter"),
        ("change-me-please-change-me", "easy to guess"),
        ("YOUR-LONG-TOKEN-GOES-HERE", "easy to guess"),
        ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "easy to guess"),
        ("123412341234123412341234", "easy to guess"),
        ("kX3 vQ9 mB7 zR2 wT5 yU8 aE1", "characters"),
        ("kX3,vQ9/mB7=zR2;wT5@yU8é", "characters"),
        (f"{GOOD}\n{GOOD}", "characters"),
    ],
)
def test_a_weak_token_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(AccessError, match=fault) as caught:
        Token.kept(write(tmp_path / "token", text))
    assert caught.value.code == "access.weak_token"
    assert text not in str(caught.value) or not text


def test_a_token_of_another_program_is_taken(tmp_path: Path) -> None:
    """As `openssl rand -hex 16` writes it."""
    assert Token.kept(write(tmp_path / "token", "9f86d081884c7d659a2feaa0c55ad015\n")).value.startswith("9f86")


def test_without_a_file_the_hint_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="paces-live token new") as caught:
        Token(tmp_path / "token").value  # noqa: B018
    assert caught.value.code == "access.no_token"


def test_a_folder_in_the_place_of_the_token_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "token").mkdir(mode=0o700)
    with pytest.raises(AccessError, match="cannot be read"):
        Token.kept(tmp_path / "token")
    with pytest.raises(AccessError, match="cannot be written"):
        Token(tmp_path / "token").renew()
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_servers_that_start_at_once_have_one_token(tmp_path: Path) -> None:
    values, barrier = set(), threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        values.add(Token.kept(tmp_path / "token").value)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(values) == 1


def test_nobody_ever_sees_half_a_file(tmp_path: Path) -> None:
    path, ended = tmp_path / "key", threading.Event()
    secret_file.write(path, b"a" * 100_000, replace=False)

    def change() -> None:
        for letter in b"bcdefghijk" * 5:
            secret_file.write(path, bytes([letter]) * 100_000, replace=True)
        ended.set()

    changing = threading.Thread(target=change)
    changing.start()
    while not ended.is_set():
        data = secret_file.read(path)
        assert (len(data), len(set(data))) == (100_000, 1)
    changing.join()
