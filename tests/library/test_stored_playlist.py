"""Playlists that a real MPD stores: its paths, one of the same name, and what it does not know or may not do."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paces_live.cli.main import app
from paces_live.collection.listed import Listed
from paces_live.errors import LibraryError, UsageError
from paces_live.events import SongPace, Track
from paces_live.library.store import Library, default_path
from paces_live.library.stored_playlist import check_name, store_playlist
from paces_live.now_playing.mpd import Address
from tests.support.library import fill
from tests.support.players import end, free_port, tagged, until

CONFIGURATION = """\
bind_to_address "{folder}/socket"
music_directory "{folder}/Music"
playlist_directory "{folder}/playlists"
db_file "{folder}/database"
audio_output {{
    type "null"
    name "nowhere"
}}
"""
SONGS = (
    "Bands/The Steps/#1 Über.flac",
    "Bands/The Steps/2.flac",
    "3.flac",
    # The spaces of Japanese and French names, and what joins two emoji.
    "歌手\u3000A/Vite\u00a0! \U0001f469\u200d\U0001f3a4.flac",
)


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Run an MPD that knows some songs; return its folder."""
    mpd = pytest.importorskip("mpd", reason="python-mpd2 is not installed")
    if shutil.which("mpd") is None:
        pytest.skip("mpd is not installed: apt install mpd")
    with tempfile.TemporaryDirectory(prefix="paces-") as name:
        folder = Path(name)
        (folder / "playlists").mkdir()
        for song in SONGS:
            (folder / "Music" / song).parent.mkdir(parents=True, exist_ok=True)
            tagged(folder / "Music" / song, title=song)
        (folder / "mpd.conf").write_text(CONFIGURATION.format(folder=name), "utf-8")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(["mpd", "--no-daemon", str(folder / "mpd.conf")], stdout=log, stderr=log)
        monkeypatch.setenv("MPD_HOST", f"{folder}/socket")
        try:
            until(lambda: (folder / "socket").exists() or process.poll() is not None)
            client = mpd.MPDClient()
            client.connect(f"{folder}/socket")
            client.update()
            until(lambda: "updating_db" not in client.status() and int(client.stats()["songs"]) == len(SONGS))
            client.disconnect()
            yield folder
        finally:
            end(process)


def listed(*paths: Path, seconds: float = 30.0) -> list[Listed]:
    return [Listed(path, seconds) for path in paths]


def known(*paths: Path) -> None:
    """Put songs of 165 into the library."""
    with Library(default_path()) as library:
        pace = SongPace(165.0, 0.9, 1.0)
        fill(library, *((str(path), [pace], 165.0, Track(title=path.name, artist=path.name)) for path in paths))


def run(*args: str) -> Result:
    return CliRunner(env={"COLUMNS": "80", "TERM": "dumb"}).invoke(app, [*args], prog_name="paces-live")


def test_a_playlist_lands_in_the_folder_of_mpd(daemon: Path, state: Path) -> None:
    assert default_path().is_relative_to(state)
    known(*(daemon / "Music" / song for song in SONGS[:2]))
    done = run("playlist", "--mpd", "run.m3u", "--target", "165", "--duration", "7m", "--seed", "1")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("run has 2 songs, ")
    assert sorted((daemon / "playlists" / "run.m3u").read_text("utf-8").splitlines()) == sorted(SONGS[:2])
    assert [one.name for one in (daemon / "playlists").iterdir()] == ["run.m3u"]


def test_mpd_elsewhere_sees_the_music_under_another_path(daemon: Path) -> None:
    address = Address.parse("")
    store_playlist(address, "run", listed(Path("/mnt/nas/Music") / SONGS[1], Path("/mnt/nas/Music") / SONGS[0]))
    assert (daemon / "playlists/run.m3u").read_text("utf-8").splitlines() == [SONGS[1], SONGS[0]]
    store_playlist(address, "朝\u3000ラン", listed(Path("/mnt/line\nbreak/caf\udce9") / SONGS[3]))
    assert (daemon / "playlists/朝\u3000ラン.m3u").read_text("utf-8").splitlines() == [SONGS[3]]
    # One of the same name is replaced, and a song at the top is known by its name and its length.
    store_playlist(address, "run", listed(Path("/mnt") / SONGS[2]))
    assert (daemon / "playlists/run.m3u").read_text("utf-8").splitlines() == [SONGS[2]]
    assert not list((daemon / "playlists").glob("run ?*"))
    with pytest.raises(LibraryError, match=r"MPD does not know /other/3\.flac: run mpc update"):
        store_playlist(address, "run", listed(Path("/other/3.flac"), seconds=200.0))


def test_what_mpd_does_not_know_is_named_and_nothing_is_changed(daemon: Path) -> None:
    store_playlist(Address.parse(""), "run", listed(daemon / "Music" / SONGS[0]))
    unknown = [Path("/a/no.flac"), Path("/a/line\nbreak.flac"), Path("/a/caf\udce9.flac"), Path("/a/Bands")]
    with pytest.raises(LibraryError, match=r"MPD does not know /a/no\.flac, and 3 more"):
        store_playlist(Address.parse(""), "run", listed(daemon / "Music" / SONGS[1], *unknown))
    assert (daemon / "playlists/run.m3u").read_text("utf-8").splitlines() == [SONGS[0]]


def test_one_of_the_same_name_stays_if_the_new_one_cannot_take_its_place(
    daemon: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mpd

    store_playlist(Address.parse(""), "run", listed(daemon / "Music" / SONGS[0]))
    rename = mpd.MPDClient.rename

    def refused(client: mpd.MPDClient, old: str, new: str) -> None:
        rename(client, f"{old} is gone" if old == f"run {os.getpid()}" else old, new)

    monkeypatch.setattr(mpd.MPDClient, "rename", refused)
    with pytest.raises(LibraryError, match="cannot store it"):
        store_playlist(Address.parse(""), "run", listed(daemon / "Music" / SONGS[1]))
    assert [one.name for one in (daemon / "playlists").iterdir()] == ["run.m3u"]
    assert (daemon / "playlists/run.m3u").read_text("utf-8").splitlines() == [SONGS[0]]


def test_a_folder_that_mpd_may_not_use_is_one_line(daemon: Path) -> None:
    (daemon / "playlists").rmdir()
    with pytest.raises(LibraryError, match=r"cannot store it \(.*\): see playlist_directory in mpd\.conf"):
        store_playlist(Address.parse(""), "run", listed(daemon / "Music" / SONGS[0]))


def test_no_mpd_is_one_line(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_path().is_relative_to(state)
    pytest.importorskip("mpd", reason="python-mpd2 is not installed")
    known(Path("/music/a.flac"))
    port = free_port()
    monkeypatch.setenv("MPD_HOST", "localhost")
    monkeypatch.setenv("MPD_PORT", f"{port}")
    done = run("playlist", "--mpd", "run", "--target", "165")
    message = f"MPD at localhost:{port} does not answer (Connection refused): start MPD, or set MPD_HOST"
    assert (done.exit_code, done.stderr) == (1, f"paces-live: {message}\n")


@pytest.mark.parametrize("name", ["", "a/b", "a\nb", ".m3u", "caf\udce9"])
def test_what_is_no_name_of_a_playlist(name: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a playlist in MPD"):
        check_name(name)


def test_mpd_keeps_no_attributes() -> None:
    done = run("playlist", "--mpd", "run", "--attributes")
    assert (done.exit_code, done.stderr) == (
        2,
        "paces-live: --mpd excludes --bom and --attributes: leave them out\n",
    )
