"""The command ``label``: what people say is kept, shown, exported, and learned from."""

import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner, Result

from paces_live.cli.main import app
from paces_live.demo import excerpt
from paces_live.events import Track
from paces_live.library.corrections import Correction, Corrections, default_path, known_corrections
from paces_live.library.entries import Stamp
from paces_live.library.store import Library
from tests.support.library import command, fill, scan, without_rights, write
from tests.support.signals import RATE, rock
from tests.support.soundserver import SoundServer, portaudio, sound_server
from training.annotations.annotators import combine, read
from training.corpus.recordings import match

__all__ = ["portaudio", "sound_server"]


def run(*args: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(app, [*map(str, args)], prog_name="paces-live")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write(tmp_path / "music" / "02 So What.wav", 110.0)


def test_a_label_overrules_the_model_until_it_is_taken_back(song: Path, tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    scan(library, song.parent)
    before = run("find", "--library", library).stdout
    assert "110." in before
    said = run("label", song, "--paces", "82,164", "--library", library)
    assert said.stdout.startswith("02 So What.wav has 82, 164 from now on; the model found 110.")
    assert "82.0 (100 %), 164.0 (100 %)  corrected  MATCH 164.0" in run("find", "pace:165", "--library", library).stdout
    # A song is known by its sound.
    song = song.rename(song.with_name("other name.wav"))
    scan(library, song.parent)
    assert "other name.wav" in run("find", "pace:165", "corrected:yes", "--library", library).stdout
    assert (
        "no pace found  corrected"
        in (run("label", song, "--paces", "none"), run("find", "--library", library))[1].stdout
    )
    assert run("label", song, "--remove", "--library", library).stdout.startswith(
        "other name.wav has what the model found again: 110."
    )
    assert run("label", song, "--remove").stdout == "nobody has corrected other name.wav\n"
    assert run("find", "--library", library).stdout == before.replace("02 So What", "other name")


def test_a_song_that_nobody_scanned_is_labelled_too(song: Path, state: Path) -> None:
    said = run("label", song, "--paces", "165").stdout
    assert said == "02 So What.wav has 165 from now on; your library shows it once it is scanned\n"
    assert {path.name for path in (state / "paces-live").iterdir()} == {"corrections.db"}
    library = state / "later.db"
    scan(library, song.parent)
    assert "165.0 (100 %)  corrected" in run("find", "--library", library).stdout


def test_taking_back_what_nobody_said_makes_no_file(song: Path) -> None:
    assert run("label", song, "--remove").stdout == "nobody has corrected 02 So What.wav\n"
    assert not default_path().exists()


def test_a_library_that_cannot_be_read_stops_no_label(song: Path, tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    library.write_text("no database, for all of a hundred bytes " * 3, "utf-8")
    for arguments in ((song, "--paces", "82"), ("--export", tmp_path / "o.csv"), (song, "--remove")):
        result = run("label", *arguments, "--library", library)
        assert (result.exit_code, result.stderr.count("\n")) == (0, 1)
        assert "library.db cannot be used" in result.stderr
    assert read(tmp_path / "o.csv").songs == {"02 So What": (82.0,)}
    assert not known_corrections()


def test_an_export_has_the_names_that_files_have_now(tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    with Library(library) as opened:
        fill(opened, *((path, [], None, Track()) for path in ("/m/new name.ogg", "/m/same name.ogg")))
        opened.keep(Path("/m/copy.ogg"), Stamp(1, 1), "sound:/m/same name.ogg", Track())
    with Corrections(default_path()) as corrections:
        corrections.keep(Correction("sound:/m/new name.ogg", "old name", (82.0,)))
        corrections.keep(Correction("sound:/m/same name.ogg", "same name", (99.0,)))
        corrections.keep(Correction("sound:elsewhere", "elsewhere", (120.0,)))
    assert run("label", "--export", tmp_path / "o.csv", "--library", library).exit_code == 0
    assert read(tmp_path / "o.csv").songs == {"new name": (82.0,), "same name": (99.0,), "elsewhere": (120.0,)}


def test_names_of_files_may_be_any_bytes(song: Path) -> None:
    strange = song.rename(song.with_name(os.fsdecode(b'caf\xe9, "x"\n.wav')))
    assert run("label", strange, "--paces", "165").stdout.startswith('caf\ufffd, "x"\ufffd.wav has 165 from now on')
    assert run("label", "--export", song.with_name("o.csv")).stdout.endswith("o.csv has 1 song\n")
    assert read(song.with_name("o.csv")).songs == {'caf\ufffd, "x"\ufffd': (165.0,)}


def test_training_learns_from_an_export(tmp_path: Path) -> None:
    music = tmp_path / "music"
    said = {"01 Héroes": "164.25,82", "Miles Davis - So What": "137", "No beat, no pace": "none", "=1+1": "53 106 160"}
    for number, (name, paces) in enumerate(said.items()):
        song = write(music / f"{name}.wav", 100.0 + number, 11.0)
        assert run("label", song, "--paces", paces).exit_code == 0
    exported = tmp_path / "anna.csv"
    assert run("label", "--export", exported).stdout.endswith("anna.csv has 4 songs\n")
    # As the research has it: no header, eight columns, and the remark on a song without a pace in the last.
    lines = exported.read_text("utf-8").splitlines()
    assert "01 Héroes,164.25,82,,,,," in lines
    assert '"No beat, no pace",,,,,,,no pace' in lines
    anna = read(exported)
    assert anna.songs == {
        "01 Héroes": (164.25, 82.0),
        "Miles Davis - So What": (137.0,),
        "=1+1": (53.0, 106.0, 160.0),
    }
    assert anna.skipped == {"No beat, no pace": "no pace"}
    assert combine([anna], "majority")["01 Héroes"].compatible == (82.0, 164.25)
    matching = match([anna], music)
    assert {name: path.stem for name, path in matching.files.items()} == {name: name for name in anna.songs}
    assert not matching.missing
    assert not matching.unclear


def test_songs_of_the_same_name_are_left_out_of_an_export(tmp_path: Path) -> None:
    with Corrections(default_path()) as corrections:
        corrections.keep(Correction("sound:1", "Intro", (82.0,)))
        corrections.keep(Correction("sound:2", "intro!", (99.0,)))
        corrections.keep(Correction("sound:3", "Twice", (82.0, 164.0)))
        corrections.keep(Correction("sound:4", "twice", (164.0, 82.0)))
    result = run("label", "--export", tmp_path / "o.csv")
    assert (result.exit_code, result.stdout.endswith("o.csv has 1 song\n")) == (1, True)
    assert result.stderr.count("is called the same: rename one of the files") == 2
    assert read(tmp_path / "o.csv").songs == {"Twice": (82.0, 164.0)}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "name a file, or --export alone"),
        (["FILE", "--paces", "82,164,fast"], "paces: fast is no number"),
        (["FILE", "--paces", "82", "--remove"], "exclude each other"),
        (["FILE", "--remove", "--steady"], "--remove and --export exclude --steady: leave it out"),
        (["--export", "o.csv", "--steady"], "--remove and --export exclude --steady: leave it out"),
        (["FILE", "--export", "o.csv"], "name a file, or --export alone"),
        (["FILE"], "nobody can tap here: name the paces: --paces 82,164"),
        (["--export", "FILE"], "is not the name of a CSV file: give it a name such as"),
        (["--export", "missing/o.csv"], "missing/o.csv: cannot be written: No such file or directory"),
    ],
)
def test_wrong_usage_is_one_line(args: list[str], message: str, song: Path) -> None:
    result = run("label", *(str(song) if arg == "FILE" else arg for arg in args))
    assert (result.exit_code, message in result.stderr) == (2, True)
    assert not default_path().exists()


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    text = tmp_path / "songs.m3u"
    text.write_text("#EXTM3U\nsong.ogg\n", "utf-8")
    for path, message in (
        (tmp_path / "missing.wav", "missing.wav: no such file"),
        (tmp_path, "is not a regular file"),
        (text, "songs.m3u: is not audio"),
    ):
        result = run("label", path, "--paces", "82")
        assert (result.exit_code, message in result.stderr, result.stderr.count("\n")) == (1, True, 1)
    assert not default_path().exists()


def test_two_labels_at_once_are_both_kept(tmp_path: Path) -> None:
    songs = [write(tmp_path / f"{number}.wav", 90.0 + number, 1.0) for number in range(3)]
    running = [subprocess.Popen(command("label", song, "--paces", "165")) for song in songs]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert [one.name for one in known_corrections()] == ["0", "1", "2"]


def test_where_nothing_can_be_kept_it_is_one_line(song: Path, state: Path) -> None:
    folder = state / "paces-live"
    folder.mkdir()
    folder.chmod(0o555)
    done = subprocess.run(
        [*without_rights(), *command("label", song, "--paces", "165")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "corrections.db cannot be used" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "kept"), [(b"\n", (120.0,)), (b"n\n", None), (b"6o\n60 180\n", (60.0, 180.0))])
def test_taps_on_a_terminal_become_paces(answer: bytes, kept: tuple[float, ...] | None, tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    soundfile.write(song, 0.4 * rock(120.0, 12.0), RATE)
    main, terminal = pty.openpty()
    arguments = command("label", song, "--output", "no such card")
    with subprocess.Popen(arguments, stdin=terminal, stdout=terminal, stderr=terminal):
        os.close(terminal)
        shown = _read_until(main, b"q keeps nothing")
        time.sleep(0.5)
        begun = time.monotonic()
        for tap in range(7):
            time.sleep(max(0.0, begun + 0.5 * tap - time.monotonic()))
            os.write(main, b" ")
            if tap == 3:
                # An arrow and a function key, which begin as Esc does.
                time.sleep(0.1)
                os.write(main, b"\x1b[A")
                time.sleep(0.1)
                os.write(main, b"\x1bOP")
        time.sleep(0.2)
        os.write(main, b"\n")
        shown += _read_until(main, b"or n:")
        os.write(main, answer)
        shown += _read_until(main, b"from now on" if kept else b"nothing is kept")
    os.close(main)
    assert b"the model hears" in shown
    assert b"7 taps: " in shown
    found = [one.paces for one in known_corrections()]
    if kept is None:
        assert not found
    elif answer == b"\n":
        # The model's tempo, which is more exact than fingers are.
        assert found[0][0] == pytest.approx(120.0, rel=0.005)
    else:
        assert found == [kept]


@pytest.mark.usefixtures("portaudio")
def test_you_hear_the_song_while_you_tap(sound_server: SoundServer, tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", 120.0, 60.0)
    main, terminal = pty.openpty()
    env, listed = sound_server.env, ["pactl", "list", "short", "sink-inputs"]
    with subprocess.Popen(command("label", song), stdin=terminal, stdout=terminal, stderr=terminal, env=env) as process:
        os.close(terminal)
        _read_until(main, b"q keeps nothing")
        deadline = time.monotonic() + 20.0
        while not subprocess.run(listed, env=env, capture_output=True, check=True).stdout:
            assert time.monotonic() < deadline, "nothing plays"
            time.sleep(0.1)
        os.write(main, b"q")
        _read_until(main, b"nothing is kept")
        assert process.wait(10.0) == 0
    os.close(main)
    assert not default_path().exists()


def _read_until(terminal: int, words: bytes) -> bytes:
    shown = b""
    while words not in shown:
        assert select.select([terminal], [], [], 30.0)[0], shown
        shown += os.read(terminal, 4096)
    return shown


def test_the_excerpt_is_labelled_whatever_its_tempo_does(tmp_path: Path) -> None:
    song = Path(shutil.copy(excerpt(), tmp_path / "demo.ogg"))
    library = tmp_path / "library.db"
    scan(library, song)
    said = run("label", song, "--paces", "164", "--library", library).stdout
    assert "tempo changes: " in said
    assert "--steady says that it does not" in said
    assert run("find", "pace:165", "--null", "--library", library).stdout == ""
    assert "(" not in run("label", song, "--paces", "164", "--steady", "--library", library).stdout.partition(";")[0]
    assert run("find", "pace:165", "--null", "--library", library).stdout == f"{song}\0"
