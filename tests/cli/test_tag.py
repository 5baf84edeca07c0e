"""The command ``tag``: what it takes, shows and writes, and what happens when it is killed or a disk is full."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from mutagen.flac import FLAC
from typer.testing import CliRunner, Result

from paces_live.cli.main import app
from paces_live.events import SongPace, Track
from paces_live.library.content import content_key
from paces_live.library.entries import Stamp
from paces_live.library.files import FilePaces
from paces_live.library.store import Library, default_path
from paces_live.library.tagging.log import TagLog
from paces_live.library.tagging.rewrite import draft_of
from tests.support.disks import on_small_disk
from tests.support.library import command, on_terminal, records, scan, write

KILLS = int(os.environ.get("KILLS", "4"))
RATE = 8_000


def noise(path: Path, seed: int, seconds: float = 0.5) -> Path:
    """Write a song with room for tags, so that one whose tags are restored is the same, byte by byte."""
    rng = random.Random(seed)
    with path.open("wb") as file:
        soundfile.write(file, [rng.uniform(-0.1, 0.1) for _ in range(int(seconds * RATE))], RATE, format="FLAC")
    tags = FLAC(path)
    tags["title"] = path.stem.encode(errors="replace").decode()
    tags.save(padding=lambda _: 1_000)
    return path


def know(library: Path, *paths: Path) -> None:
    """Put files into a library, the first with paces of 75 and 150, the next with 76 and 152, and so on."""
    with Library(library) as opened:
        opened.use("sha256:1", "1")
        for number, path in enumerate(paces_of(paths)):
            file, beat = path
            paces = (SongPace(2.0 * beat, 0.9, 1.0), SongPace(beat, 0.8, 1.0))
            track = Track(title=file.stem, genre="Rock" if number % 2 else "Pop")
            opened.keep(file, Stamp.of(file), content_key(file), track, FilePaces(file, 0.5, paces, beat=beat))


def paces_of(paths: tuple[Path, ...]) -> Iterator[tuple[Path, float]]:
    return ((path, 75.0 + number) for number, path in enumerate(paths))


@pytest.fixture
def music(state: Path, tmp_path: Path) -> Path:
    """Return a folder of four songs, which the library of this user knows."""
    folder = tmp_path / "Müsic"
    folder.mkdir()
    path = default_path()
    assert path.is_relative_to(state)
    know(path, *(noise(folder / f"{number}.flac", number) for number in range(4)))
    return folder


def run(*args: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(
        app, ["tag", *map(str, args)], prog_name="paces-live"
    )


def field(path: Path, name: str = "PACES") -> str | None:
    return next(iter(FLAC(path).get(name, [])), None)


def test_a_dry_run_shows_what_would_be_written(music: Path) -> None:
    before = {path: path.read_bytes() for path in music.iterdir()}
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        *(f"{music}/{number}.flac  PACES {75 + number}.0; {150 + 2 * number}.0" for number in range(4)),
        "4 files would change: --write writes them",
    ]
    assert {path: path.read_bytes() for path in music.iterdir()} == before
    assert not default_path().with_name("tags.jsonl").exists()


def test_written_fields_are_written_once_and_restored(music: Path) -> None:
    before = {path: path.read_bytes() for path in music.iterdir()}
    result = run("--write", "--bpm")
    assert result.stdout.splitlines()[0] == f"{music}/0.flac  PACES 75.0; 150.0  BPM 75.0"
    assert result.stdout.splitlines()[-1] == "4 files tagged: paces-live tag --undo restores them"
    assert [field(music / f"{number}.flac") for number in range(4)] == [
        *("75.0; 150.0", "76.0; 152.0", "77.0; 154.0", "78.0; 156.0"),
    ]
    assert run("--write", "--bpm").stdout == "nothing to write, 4 have it already\n"
    result = run("--undo")
    assert result.stdout.splitlines()[0] == f"{music}/0.flac  PACES 75.0; 150.0 → nothing  BPM 75.0 → nothing"
    assert result.stdout.splitlines()[-1] == "4 files restored"
    assert {path: path.read_bytes() for path in music.iterdir()} == before
    assert run("--undo").stdout == "nothing to restore\n"


def test_a_query_or_paths_choose_the_files(music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(music)
    for arguments, names in [
        (["pace:150"], "0123"),
        (["beat:76..77"], "12"),
        (["-genre:rock"], "02"),
        (["1.flac", "./3.flac"], "13"),
        (["."], "0123"),
    ]:
        shown = run(*arguments).stdout
        assert {name for name in "0123" if f"{name}.flac" in shown} == set(names)
    (tmp_path / "run.m3u").write_text("Müsic/2.flac\n", "utf-8")
    assert run(tmp_path / "run.m3u").stdout.count("PACES") == 1


def test_every_file_of_a_song_is_tagged_that_the_query_names(music: Path) -> None:
    (music / "copy.flac").write_bytes((music / "0.flac").read_bytes())
    with Library(default_path()) as library:
        library.keep(music / "copy.flac", Stamp.of(music / "copy.flac"), content_key(music / "copy.flac"), Track())
    assert run("-path:1.flac", "-path:2.flac", "-path:3.flac").stdout.count("PACES") == 2
    assert run("pace:150 path:copy").stdout.count("PACES") == 1


def test_the_tempo_is_the_beat_or_the_pace_near_the_target(music: Path) -> None:
    assert run("--bpm", "path:0.flac").stdout.splitlines()[0].endswith("  BPM 75.0")
    assert run("--bpm", "--target", "150", "path:0.flac").stdout.splitlines()[0].endswith("  BPM 150.0")
    assert run("--bpm", "--target", "190", "path:0.flac").stdout.splitlines()[0].endswith("  BPM 75.0")
    file = FLAC(music / "0.flac")
    file["BPM"] = "120"
    file.save()
    assert "BPM" not in run("--bpm", "path:0.flac").stdout
    assert "BPM 120 → 75.0" in run("--bpm", "--force", "path:0.flac").stdout


def test_a_tempo_that_it_wrote_itself_goes_with_the_song(music: Path) -> None:
    song = music / "0.flac"
    run("--write", "--bpm", "path:0.flac")
    with Library(default_path()) as library:
        paces = (SongPace(80.0, 0.9, 1.0),)
        library.use("sha256:1", "1")
        library.keep(song, Stamp.of(song), content_key(song), None, FilePaces(song, 0.5, paces, beat=80.0))
    assert "BPM 75.0 → 80.0" in run("--bpm", "path:0.flac").stdout
    run("--write", "--bpm", "path:0.flac")
    assert field(song, "BPM") == "80.0"


def test_json_follows_the_schema(music: Path) -> None:
    run("--write", "path:0.flac")
    noise(music / "new.flac", 9)
    result = run(music, "--json")
    assert result.exit_code == 1
    first, *others, error = records(result.stdout)
    assert first == {"type": "tag", "path": f"{music}/0.flac", "how": "unchanged", "fields": []}
    assert others[0]["fields"] == [{"name": "PACES", "old": [], "new": ["76.0; 152.0"]}]
    assert error["code"] == "library.unknown"
    assert [one["how"] for one in records(run("--undo", "--json").stdout)] == ["restored"]


def test_files_that_nobody_has_scanned_are_counted(music: Path) -> None:
    for number in range(4, 7):
        noise(music / f"{number}.flac", number)
    result = run(music)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"paces-live: {music}/4.flac: is not in your library, or has another sound now: scan it: paces-live scan",
        "paces-live: 3 files are not in your library",
    ]
    assert result.stdout.splitlines()[-1] == "4 files would change: --write writes them"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["pace:90"], 1, "no song in your library fits"),
        (["bpm:90"], 2, "bpm is no field"),
        (["0.flac", "pace:150"], 2, "pace:150 is no file, and a query excludes files"),
        (["--undo", "pace:150"], 2, "pace:150 is no file, and --undo takes no query"),
        (["./gone.flac"], 1, "gone.flac: no such file"),
        (["--library", "none.db"], 1, "there is no library"),
        (["--bpm", "--target", "sensor"], 2, "tag follows no sensor"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], status: int, says: str, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(music)
    result = run(*arguments)
    assert result.exit_code == status
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_two_at_once_do_not_meet(music: Path) -> None:
    with TagLog(default_path().with_name("tags.jsonl")):
        for arguments in (["--write"], ["--undo"]):
            result = run(*arguments)
            assert result.exit_code == 1
            assert (
                result.stderr
                == "paces-live: another paces-live tag is at work: wait until it has ended, then try again\n"
            )
    assert field(music / "0.flac") is None


def test_a_name_that_moves_the_cursor_is_shown_safely_and_one_that_is_no_utf_8_comes_back(music: Path) -> None:
    odd = noise(music / os.fsdecode(b"\x1b[2J\xe9\n.flac"), 8)
    know(default_path(), odd)
    shown = run("--write", odd).stdout
    assert "\x1b" not in shown
    assert "�[2J��.flac  PACES 75.0; 150.0" in shown
    assert field(odd) == "75.0; 150.0"
    assert run("--undo").exit_code == 0
    assert field(odd) is None


@pytest.mark.slow
def test_a_scan_knows_tagged_files(tmp_path: Path) -> None:
    """A real scan, before and after; the second has nothing to do, not even when a file was tagged before by others."""
    library, song = tmp_path / "library.db", write(tmp_path / "Music" / "1.flac", 120.0)
    assert [one.how for one in scan(library, song)] == ["analysed"]
    file = FLAC(song)
    file["title"] = "new"
    file.save()
    result = run("--write", "--library", library)
    assert result.stdout.splitlines()[-1] == "1 file tagged: paces-live tag --undo restores it"
    assert [one.how for one in scan(library, song)] == ["known"]
    assert (
        "new"
        in subprocess.run(
            command("find", "title:new", "--library", library), capture_output=True, text=True, check=True
        ).stdout
    )
    run("--undo", "--library", library)
    run("--write", "--library", library)
    assert {one.how for one in scan(library, song)} <= {"known"}


@pytest.mark.slow
def test_kills_at_random_moments(tmp_path: Path) -> None:
    """Each file is the old one or the new one, nothing is left, and all comes back."""
    folder, library = tmp_path / "Music", tmp_path / "library.db"
    folder.mkdir()
    files = [noise(folder / f"{number}.flac", number, 4.0) for number in range(12)]
    know(library, *files)
    old = {path: path.read_bytes() for path in files}
    moments = random.Random(1)
    changed = 0
    for way in ("--write", "--undo"):
        for _ in range(KILLS):
            with subprocess.Popen(
                command("tag", way, "--library", library, "--json"), stdout=subprocess.PIPE
            ) as process:
                assert process.stdout
                process.stdout.readline()
                try:
                    process.wait(moments.uniform(0.0, 0.1))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
            now = [field(path) for path in files]
            assert all(one in (None, f"{75 + number}.0; {150 + 2 * number}.0") for number, one in enumerate(now))
            assert all(path.read_bytes() == old[path] for path, one in zip(files, now, strict=True) if one is None)
            changed += 0 < now.count(None) < len(now)
        assert (
            subprocess.run(command("tag", way, "--library", library), capture_output=True, check=False).returncode == 0
        )
        assert [field(path) is None for path in files] == [way == "--undo"] * len(files)
        assert sorted(folder.iterdir()) == sorted(files)
    assert changed, "no kill came in the middle"
    assert {path: path.read_bytes() for path in files} == old


def test_what_a_killed_program_has_left_is_removed_and_a_torn_line_is_ended(music: Path) -> None:
    run("--write", music / "0.flac")
    log = default_path().with_name("tags.jsonl")
    draft_of(music / "0.flac").write_bytes(b"half")
    with log.open("ab") as file:
        file.write(b'{"action": "tag", "path": "/mus')
    run("--write", music / "1.flac")
    assert not draft_of(music / "0.flac").exists()
    assert [json.loads(line)["action"] for line in log.read_text().splitlines() if line.endswith("}}")] == [
        "tag",
        "tag",
    ]
    assert run("--undo").stdout.splitlines()[-1] == "2 files restored"


@pytest.mark.slow
def test_a_full_disk_of_music_is_one_line_and_harms_nothing(tmp_path: Path) -> None:
    disk, library = tmp_path / "disk", tmp_path / "library.db"
    files = [noise(tmp_path / f"{number}.flac", number, 4.0) for number in range(3)]
    program = tmp_path / "know.py"
    program.write_text(
        "import sys\nfrom pathlib import Path\nfrom tests.cli.test_tag import know\n"
        f"know(Path({str(library)!r}), *map(Path, sys.argv[1:]))\n"
    )
    names = " ".join(str(disk / path.name) for path in files)
    tag = " ".join(command("tag", "--write", "--library", library))
    script = (
        f"cp {tmp_path}/*.flac {disk}\nPYTHONPATH={Path.cwd()} {sys.executable} {program} {names}\n"
        f"dd if=/dev/zero of={disk}/ballast bs=1k 2>{tmp_path}/dd || true\n{tag} && exit 3\n"
        f"cmp {tmp_path}/0.flac {disk}/0.flac\nls -A {disk}\nrm {disk}/ballast\n{tag}\n"
    )
    done = on_small_disk(disk, 400, script)
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        f"paces-live: {disk}/0.flac: cannot be written: No space left on device: make room on its disk\n"
    )
    assert done.stdout.splitlines()[:4] == ["0.flac", "1.flac", "2.flac", "ballast"]
    assert done.stdout.splitlines()[-1] == "3 files tagged: paces-live tag --undo restores them"


@pytest.mark.slow
def test_without_room_for_the_library_nothing_is_written(tmp_path: Path) -> None:
    disk, song = tmp_path / "disk", noise(tmp_path / "0.flac", 0)
    before = song.read_bytes()
    know(tmp_path / "library.db", song)
    tag = " ".join(command("tag", "--write", "--library", disk / "library.db"))
    script = (
        f"cp {tmp_path}/library.db {disk}\nsleep 0.1\n"
        f"dd if=/dev/zero of={disk}/ballast bs=1k 2>{tmp_path}/dd || true\n{tag} && exit 3\nexit 0"
    )
    done = on_small_disk(disk, 200, script)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1
    assert "cannot be used (d" in done.stderr
    assert song.read_bytes() == before


def test_without_a_log_nothing_is_written(music: Path) -> None:
    default_path().with_name("tags.jsonl").mkdir()
    result = run("--write")
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "tags.jsonl cannot be used: Is a directory: make room on its disk, or make it writable; "
        "nothing is tagged without it\n"
    )
    assert field(music / "0.flac") is None


def test_what_was_never_tagged_needs_no_log(music: Path) -> None:
    assert run("--undo", music).stdout == "nothing to restore\n"
    assert not default_path().with_name("tags.jsonl").exists()


def test_a_terminal_of_80_columns_shows_the_same(music: Path) -> None:
    shown = on_terminal("tag", columns=80)
    assert shown.splitlines()[0] == f"{music}/0.flac  PACES 75.0; 150.0"
