"""The command ``export``: which songs it copies, under which names, and what it leaves alone."""

import os
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paces_live.cli.main import app
from paces_live.events import Track
from paces_live.library.entries import Stamp
from paces_live.library.store import Library, default_path
from paces_live.now_playing.tags import file_track
from tests.support.exported import contents, listed, music
from tests.support.library import records


@pytest.fixture(autouse=True)
def songs(state: Path, tmp_path: Path) -> Path:
    assert default_path().is_relative_to(state)
    return music(tmp_path / "Music", default_path())


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def export(*args: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(app, ["export", *map(str, args)])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".m3u8")


def song(number: int) -> str:
    """Return a query that finds one song."""
    return f'title:"só {number}?"'


def numbers(names: list[str]) -> list[int]:
    """Return the paces that names say."""
    return [int(name.split()[1]) for name in names]


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the size of each file, and when it was written."""
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_query_copies_what_find_finds_in_its_order(songs: Path, stick: Path) -> None:
    result = export(stick, "pace:155", "-path:.mp3")
    assert (result.exit_code, result.stderr) == (0, "")
    assert names(stick)[:3] == [
        "001 155 Band 0 - So 5.flac",
        "002 156 Band 1 - So 6.m4a",
        "003 153 Band 3 - So 3.opus",
    ]
    assert (stick / "001 155 Band 0 - So 5.flac").read_bytes() == (songs / "#5 é.flac").read_bytes()
    assert listed(stick) == names(stick)
    text = (stick / "paces-live.m3u8").read_text("utf-8")
    assert text.startswith("#EXTM3U\n#EXTINF:205,Bänd 0 - Só 5?\n001 155 Band 0 - So 5.flac\n")
    last = result.stdout.splitlines()[-1]
    assert last.startswith(f"{stick} has {len(names(stick))} songs, ")
    assert last.endswith(f": {len(names(stick))} copied")


def test_a_plan_is_filled_as_by_playlist(stick: Path) -> None:
    result = export(stick, "--ramp", "150..161", "--duration", "20m")
    assert result.exit_code == 0
    rates = numbers(names(stick))
    assert len(rates) in (5, 6)
    assert all(two > one - 8 for one, two in pairwise(rates))
    assert result.stdout.splitlines()[-2].startswith("20m@150..161: ")
    before = contents(stick)
    again = export(stick, "--ramp", "150..161", "--duration", "20m")
    assert again.stdout.splitlines()[-1].endswith(f": {len(rates)} there already")
    assert contents(stick) == before
    other = export(stick, "--ramp", "150..161", "--duration", "20m", "--seed", "3", "--dry-run")
    assert "left over" in other.stdout


def test_nothing_is_written_twice_and_nothing_for_nothing(stick: Path) -> None:
    export(stick, "pace:155", "--mp3")
    before = stamps(stick)
    export(stick, "pace:155", "--mp3")
    assert stamps(stick) == before
    # One that has changed or was interrupted is copied again, and only that.
    [first, second, *_] = names(stick)
    (stick / second).write_bytes(b"half")
    assert export(stick, "pace:155", "--mp3").exit_code == 0
    after = stamps(stick)
    assert after[second][0] == before[second][0]
    assert after[first] == before[first]


def test_a_changed_song_is_copied_again(songs: Path, stick: Path) -> None:
    export(stick, song(5), "--mp3")
    export(stick, song(4), "--mp3", "--remove")
    [name] = names(stick)
    (songs / "#4 é.mp3").write_bytes((songs / "#4 é.mp3").read_bytes() + bytes(100))
    assert export(stick, song(4), "--mp3").stdout.splitlines()[-1].endswith(": 1 copied")
    assert (stick / name).read_bytes() == (songs / "#4 é.mp3").read_bytes()


def test_everything_becomes_mp3_with_its_tags(songs: Path, stick: Path) -> None:
    (songs / "#7 é.opus").write_bytes(b"broken")
    result = export(stick, "pace:157", "--mp3")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "#7 é.opus: is not audio, or damaged from the start: check that it is music" in result.stderr
    found = names(stick)
    assert all(name.endswith(".mp3") for name in found)
    assert not any("So 7" in name for name in found), "its number stays free"
    assert found[0].startswith("002 ")
    converted = [name for name, rate in zip(found, numbers(found), strict=True) if (rate - 150) % 4]
    assert len(converted) == len(found) - 3 == 8
    for name in converted:
        track = file_track(stick / name)
        assert track
        assert (track.album, track.artist) == ("Álbum", f"Bänd {name.split()[3]}")
    assert (stick / next(name for name in found if "So 8" in name)).read_bytes() == (songs / "#8 é.mp3").read_bytes()
    last = result.stdout.splitlines()[-1]
    assert f"has {len(found)} songs" in last
    assert last.endswith(", 1 failed")


def test_what_has_no_room_is_said_and_the_end_of_the_list(songs: Path, stick: Path) -> None:
    every = [line.split("  ")[-1].strip() for line in export(stick, "pace:155", "--dry-run").stdout.splitlines()[:-1]]
    sizes = [(songs / f"#{numbers([name])[0] - 150} é{name[name.rindex('.') :]}").stat().st_size for name in every]
    result = export(stick, "pace:155", "--max-size", f"{sum(sizes[:3]) + sizes[3] - 1}")
    assert names(stick) == sorted(every[:3]) == listed(stick)
    assert result.stdout.count("  no room    ") == len(every) - 3
    assert result.stdout.splitlines()[-1].endswith(f": 3 copied, {len(every) - 3} without room (--max-size)")
    assert export(stick, "pace:155", "--max-size", "1 MB").exit_code == 0
    assert names(stick) == sorted(every)


def test_a_dry_run_prints_the_same_and_writes_nothing(tmp_path: Path) -> None:
    dry = export(tmp_path / "new", "pace:155", "--dry-run")
    assert not (tmp_path / "new").exists()
    assert dry.stdout.splitlines()[-1].startswith(f"{tmp_path}/new would have ")
    real = export(tmp_path / "new", "pace:155")
    assert dry.stdout.splitlines()[:-1] == real.stdout.splitlines()[:-1]
    before = contents(tmp_path / "new")
    export(tmp_path / "new", "pace:160", "--remove", "--dry-run")
    assert contents(tmp_path / "new") == before


def test_another_plan_says_what_is_left_and_removes_only_its_own(stick: Path) -> None:
    (stick / "001 Mine.mp3").write_bytes(b"mine")
    (stick / "notes").mkdir()
    export(stick, song(5))
    result = export(stick, song(6))
    assert "left over  001 155 Band 0 - So 5.flac" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("1 left over of earlier exports (--remove removes them)")
    assert listed(stick) == ["001 156 Band 1 - So 6.m4a"]
    result = export(stick, song(7), "--remove")
    assert result.stdout.count("  remove  ") == 2, "the record goes on through exports"
    assert names(stick) == ["001 157 Band 2 - So 7.opus", "001 Mine.mp3", "notes"]
    # Somebody has put another file there under the same name.
    (stick / "001 157 Band 2 - So 7.opus").write_bytes(bytes(1 << 20))
    assert "left over" not in export(stick, song(8), "--remove").stdout
    assert (stick / "001 157 Band 2 - So 7.opus").exists()


def test_a_file_in_the_way_is_not_replaced(songs: Path, stick: Path) -> None:
    for mine in (b"mine", bytes((songs / "#5 é.flac").stat().st_size)):
        (stick / "001 155 Band 0 - So 5.flac").write_bytes(mine)
        result = export(stick, song(5), "--remove")
        assert result.exit_code == 1
        assert "001 155 Band 0 - So 5.flac: is not from an export: move it away, or choose" in result.stderr
        assert contents(stick) == {"001 155 Band 0 - So 5.flac": mine}


def test_songs_in_the_folder_itself_are_neither_copied_nor_removed(songs: Path) -> None:
    before = contents(songs)
    result = export(songs, "pace:155", "--remove")
    assert result.exit_code == 1
    assert "#5 é.flac: is in the folder itself: choose another folder" in result.stderr
    assert contents(songs) == before


def test_what_is_on_a_watch_stays_while_the_library_is_elsewhere(songs: Path, stick: Path) -> None:
    export(stick, "pace:155")
    before = contents(stick)
    songs.rename(songs.with_name("unmounted"))
    result = export(stick, "pace:155", "--remove")
    assert (result.exit_code, contents(stick)) == (0, before)
    result = export(stick, song(11), "--remove")
    assert result.exit_code == 1
    assert "#11 é.opus: no such file: check that its disk is connected" in result.stderr
    assert contents(stick) == before, "nothing to copy removes nothing"


def test_nothing_is_removed_if_a_song_cannot_be_read(songs: Path, stick: Path) -> None:
    export(stick, song(5))
    before = names(stick)
    (songs / "#11 é.opus").rename(songs.with_name("unmounted"))
    result = export(stick, "pace:156..165 -title:5", "--remove")
    assert result.exit_code == 1
    assert "nothing is removed, because not every song can be read" in result.stderr
    assert set(names(stick)) > set(before)


def test_a_song_in_several_files_is_copied_from_one_that_is_there(songs: Path, stick: Path, tmp_path: Path) -> None:
    original, target = songs / "#5 é.flac", tmp_path / "A"
    files = [target / "5.flac", stick / "5.flac"]
    target.mkdir()
    with Library(default_path()) as library:
        for path in files:
            path.write_bytes(original.read_bytes())
            library.keep(path, Stamp.of(path), f"sound:{original}", Track(title="Só 5?"))
    # The path that comes first is in the folder itself.
    assert export(target, song(5)).exit_code == 0
    assert names(target) == ["001 155 So 5.flac", "5.flac"]
    songs.rename(songs.with_name("unmounted"))
    files[0].unlink()
    assert export(tmp_path / "new", song(5)).exit_code == 0
    assert [path.read_bytes() for path in (tmp_path / "new").glob("*.flac")] == [files[1].read_bytes()]


def test_other_capitals_are_the_same_file_on_fat_alone(songs: Path, stick: Path) -> None:
    export(stick, song(5))
    [old] = names(stick)
    new = old.replace("So", "SO")
    with Library(default_path()) as library:
        path = songs / "#5 é.flac"
        path.write_bytes(path.read_bytes() + bytes(100))
        track = Track(title="SÓ 5?", artist="Bänd 0")
        library.keep(path, Stamp.of(path), f"sound:{path}", track)
    assert f"copy       {new}" in (shown := export(stick, song(5), "--dry-run").stdout)
    assert f"left over  {old}" in shown
    # As on FAT: one file, under any capitals.
    (stick / "PACES-LIVE.M3U8").hardlink_to(stick / "paces-live.m3u8")
    (stick / new).hardlink_to(stick / old)
    assert f"copy       {old}" in (shown := export(stick, song(5), "--dry-run").stdout)
    assert "left over" not in shown


def test_a_playlist_of_any_format_is_copied_in_its_order(songs: Path, stick: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.flac"
    new.write_bytes((songs / "#1 é.flac").read_bytes())
    locations = ("Music/%233%20%C3%A9.opus", "new.flac", "gone.ogg", "Music/%231%20%C3%A9.flac")
    tracks = "".join(f"<track><location>{one}</location></track>" for one in locations)
    playlist = tmp_path / "run.xspf"
    playlist.write_text(
        f'<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>{tracks}</trackList></playlist>'
    )
    result = export(stick, "--playlist", playlist, "--target", "80")
    assert result.exit_code == 1
    assert "run.xspf, line 1: gone.ogg: no such file" in result.stderr
    # The paces that are nearest to the target; nobody knows those of a song that is new.
    assert names(stick) == ["001 76 #3 e.opus", "002 new.flac", "004 76 #1 e.flac"]
    assert listed(stick) == names(stick)
    default_path().unlink()
    assert export(tmp_path / "other", "--playlist", playlist).exit_code == 1
    assert names(tmp_path / "other") == ["001 #3 e.opus", "002 new.flac", "004 #1 e.flac"]


def test_the_songs_of_a_cue_sheet_are_one_line(songs: Path, stick: Path) -> None:
    sheet = songs / "album.cue"
    tracks = "".join(f"TRACK 0{n} AUDIO\nINDEX 01 00:0{n}:00\n" for n in range(1, 4))
    sheet.write_text(f'FILE "#1 é.flac" WAVE\n{tracks}', "utf-8")
    result = export(stick, "--playlist", sheet)
    assert result.exit_code == 1
    assert result.stderr == f"paces-live: {songs}/#1 é.flac: holds several songs: copy the whole file, or split it\n"
    assert names(stick) == []


def test_json_follows_the_schema(songs: Path, stick: Path) -> None:
    export(stick, song(1))
    (songs / "#3 é.opus").unlink()
    result = export(stick, "pace:155", "--mp3", "--max-size", "15M", "--json")
    *found, total = records(result.stdout)
    kinds = [one["type"] for one in found]
    assert set(kinds) == {"copy", "left", "error"}
    copies = [one for one in found if one["type"] == "copy"]
    assert {one["how"] for one in copies} == {"copy", "convert", "omit"}
    assert copies[0] == {
        "type": "copy",
        "name": "001 155 Band 0 - So 5.mp3",
        "path": str(songs / "#5 é.flac"),
        "title": "Só 5?",
        "artist": "Bänd 0",
        "album": "Álbum",
        "duration": 205.0,
        "spm": 155.0,
        "size": 205 * 24_000 + 8192,
        "how": "convert",
    }
    assert (total["type"], total["path"], total["failed"], total["left"]) == ("export", str(stick), 1, 1)
    assert total["songs"] == total["copied"] + total["converted"] == len(listed(stick))
    assert total["size"] == sum((stick / name).stat().st_size for name in listed(stick))
    dry = export(stick, "pace:155", "--mp3", "--json", "--dry-run")
    assert {one["type"] for one in records(dry.stdout)} == {"copy", "left", "error"}


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["stick"], 2, "nothing says what to copy: give a query, a plan such as --duration 45m, or --playlist FILE"),
        (["", "song"], 2, "a path is empty: write . for the folder that you are in"),
        (["stick", "song", "--playlist", "a.m3u"], 2, "--playlist excludes a query and a plan: choose one"),
        (["stick", "--seed", "1", "--playlist", "a.m3u"], 2, "--playlist excludes a query and a plan: choose one"),
        (["stick", "--playlist", "a.m3u"], 1, "a.m3u: no such file: check the name"),
        (["stick", "song", "--max-size", "big"], 2, "max-size: 'big' is no size: write 3G, 500M or 512MiB"),
        (["stick", "pace:155", "--max-size", "1k"], 2, "--max-size 1k has no room for a song: choose more"),
        (["stick", "nothing"], 1, "no song in your library fits: choose another query"),
        (["stick", "--target", "300"], 1, "no song in your library fits: choose another plan or query"),
        (["stick", "--plan", "10m"], 2, "plan: '10m' has no target"),
        (["stick", "pace:155", "--library", "none.db"], 1, "there is no library"),
        (["gone/run", "pace:155"], 1, "gone/run: there is no such folder: check that the disk or the watch"),
        (["file", "pace:155"], 1, "file: is no folder: choose another name"),
        (["file/run", "pace:155"], 1, "file/run: there is no such folder"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    arguments: list[str], status: int, says: str, stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    result = export(*arguments)
    assert result.exit_code == status
    assert f"paces-live: {says}" in result.stderr
    assert result.stderr.count("\n") == 1
    assert os.listdir(stick) == []  # noqa: PTH208
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Music", "file", "stick"]


def test_settings_ask_for_nothing(stick: Path, settings_file: Path) -> None:
    settings_file.write_text('plan = "10m@150"\ntarget = 150\n')
    assert "nothing says what to copy" in export(stick).stderr
    assert export(stick, song(5)).exit_code == 0
    assert names(stick) == ["001 155 Band 0 - So 5.flac"]
    # A plan that is set holds once a plan is asked for.
    assert "10m@150: " in export(stick, "--seed", "1").stdout
