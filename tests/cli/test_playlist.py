"""The command ``playlist``: what it writes, in which format, and what it says about the plan."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paces_live.cli.main import app
from paces_live.collection.find import find_items
from paces_live.collection.items import Item
from paces_live.events import SongPace, Track
from paces_live.library.store import Library, default_path
from tests.support.library import fill, records


@pytest.fixture(autouse=True)
def music(state: Path, tmp_path: Path) -> Path:
    """Return a folder of empty files, which the library of this user knows: 150 to 179, 200 to 229 s long."""
    folder = tmp_path / "Music"
    (folder / "a, b").mkdir(parents=True)
    path = default_path()
    assert path.is_relative_to(state)
    songs = []
    for number in range(30):
        file = folder / "a, b" / f"#{number} é.ogg"
        file.touch()
        track = Track(title=f"Song {number}", artist=f"Band {number % 7}", genre="Rock" if number % 2 else "Pop")
        beat = 150.0 + number
        songs.append((str(file), [SongPace(beat, 0.9, 1.0), SongPace(beat / 2.0, 0.9, 1.0)], beat, track))
    with Library(path) as library:
        fill(library, *songs)
    return folder


def run(*args: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(app, [*map(str, args)], prog_name="paces-live")


def titles(playlist: Path) -> list[str | None]:
    found = list(find_items([playlist]))
    assert all(isinstance(one, Item) for one in found)
    return [one.title for one in found if isinstance(one, Item)]


def rates(playlist: Path) -> list[int]:
    return [150 + int(str(title).removeprefix("Song ")) for title in titles(playlist)]


def test_a_playlist_for_a_target_lists_what_fits_it(music: Path) -> None:
    playlist = music / "run.m3u8"
    result = run("playlist", playlist, "--target", "170", "--duration", "20m", "--seed", "1")
    assert (result.exit_code, result.stderr) == (0, "")
    found = rates(playlist)
    # A sixth would be farther from 20 minutes.
    assert len(found) == 5
    assert all(abs(rate / 170 - 1) <= 0.025 for rate in found), "there are enough locks"
    assert all((one - two) % 7 for one, two in pairwise(found)), "no artist twice in a row"
    assert playlist.read_text("utf-8").splitlines()[2].startswith("a, b/#")
    last = result.stdout.splitlines()[-1]
    assert last.startswith(f"{playlist} has 5 songs, 18:")
    assert last.endswith("--seed 1 makes it again")
    before = playlist.read_bytes()
    run("playlist", playlist, "--target", "170", "--duration", "20m", "--seed", "1")
    assert playlist.read_bytes() == before
    run("playlist", playlist, "--target", "170", "--duration", "20m", "--seed", "2")
    assert playlist.read_bytes() != before


def test_a_ramp_rises(music: Path) -> None:
    playlist = music / "run.xspf"
    assert run("playlist", playlist, "--ramp", "150..175", "--duration", "30m").exit_code == 0
    found = rates(playlist)
    assert len(found) in (8, 9)
    assert all(two > one - 8 for one, two in pairwise(found))
    assert found[0] < 158
    assert found[-1] > 168


def test_a_plan_says_what_cannot_be_filled(music: Path) -> None:
    result = run("playlist", music / "run.m3u8", "--plan", "7m@152 10m@120 7m@175")
    assert result.exit_code == 0
    parts = result.stdout.splitlines()[-4:-1]
    assert parts[1] == "10m@120: 0 % met, 0 songs; nothing fits from 7:00 to 17:00"
    assert [part.partition(":")[0] for part in parts] == ["7m@152", "10m@120", "7m@175"]
    assert "% of the plan is met" in result.stdout
    assert len(titles(music / "run.m3u8")) == 4


def test_a_query_chooses_the_songs_and_the_target(music: Path) -> None:
    playlist = music / "run.m3u8"
    assert run("playlist", playlist, "pace:155", "-genre:rock", "--duration", "10m").exit_code == 0
    found = rates(playlist)
    assert len(found) == 3
    assert all(not rate % 2 and abs(rate / 155 - 1) <= 0.05 for rate in found)
    # -t is an option, and no term.
    assert run("playlist", playlist, "-t", "175", "--duration", "5m").exit_code == 0
    assert all(rate > 165 for rate in rates(playlist))


def test_a_range_of_paces_has_the_target_in_its_middle(music: Path) -> None:
    playlist = music / "run.m3u8"
    result = run("playlist", playlist, "pace:76..82", "--duration", "10m")
    assert (result.exit_code, result.stdout.splitlines()[-2].partition(":")[0]) == (0, "10m@79")
    assert all(152 <= rate <= 164 for rate in rates(playlist))
    # An open range has no middle.
    result = run("playlist", playlist, "pace:150..", "--target", "158", "--duration", "10m")
    assert (result.exit_code, result.stdout.splitlines()[-2].partition(":")[0]) == (0, "10m@158")
    result = run("playlist", playlist, "pace:150..", "--duration", "10m")
    assert result.stdout.splitlines()[-2].partition(":")[0] == "10m@165"


def test_json_follows_the_schema(music: Path) -> None:
    result = run("playlist", music / "run.m3u8", "--plan", "7m@152 10m@120", "--seed", "7", "--json")
    *songs, first, second, plan = records(result.stdout)
    assert [one["title"] for one in songs] == titles(music / "run.m3u8")
    assert [(one["type"], one["target"]) for one in songs] == [("planned", 152.0)] * 2
    assert songs[1]["start"] == songs[0]["duration"]
    assert (first["type"], first["start"], second["met"], second["gaps"]) == ("part", 152.0, 0.0, [[420.0, 1020.0]])
    assert plan["planned"] == 1020.0
    assert (plan["type"], plan["seed"], plan["songs"], plan["met"]) == ("plan", 7, 2, first["met"])


def test_attributes_and_a_mark_come_on_request(music: Path) -> None:
    playlist = music / "run.m3u8"
    run("playlist", playlist, "song 20", "--target", "170", "--duration", "4m", "--attributes", "--bom")
    assert playlist.read_text("utf-8") == (
        '\ufeff#EXTM3U\n#EXTINF:220 paces="85.0%2C170.0" fit="170.0",Band 6 - Song 20\na, b/#20 é.ogg\n'
    )
    assert titles(playlist) == ["Song 20"]


def test_other_formats_follow_from_the_name(music: Path) -> None:
    for name in ("run.jspf", "run.nsp"):
        assert run("playlist", music / name, "song 20", "--target", "170", "--duration", "4m").exit_code == 0
    [track] = json.loads((music / "run.jspf").read_bytes())["playlist"]["track"]
    assert track == {
        "location": ["a%2C%20b/%2320%20%C3%A9.ogg"],
        "title": "Song 20",
        "creator": "Band 6",
        "duration": 220000,
    }
    assert json.loads((music / "run.nsp").read_bytes())["any"] == [{"is": {"filepath": "a, b/#20 é.ogg"}}]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["run.ogg"], 2, "run.ogg: is not the name of a playlist: give it a name such as run.m3u8"),
        (["run.m3u8", "--plan", "10m"], 2, "plan: '10m' has no target"),
        (["run.m3u8", "--ramp", "fast"], 2, "ramp: 'fast' is no target"),
        (["run.m3u8", "--duration", "long"], 2, "duration: 'long' is no length"),
        (["run.m3u8", "--plan", "10m@150", "--ramp", "150..170"], 2, "--plan excludes --ramp and --duration"),
        (["run.m3u8", "--target", "300"], 1, "no song in your library fits: choose another plan or query"),
        (["run.m3u8", "bpm:150"], 2, "bpm is no field"),
        (["run.m3u8", "--library", "none.db"], 1, "there is no library"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    arguments: list[str], status: int, says: str, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(music)
    result = run("playlist", *arguments)
    assert result.exit_code == status
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert [path.name for path in music.iterdir()] == ["a, b"]
