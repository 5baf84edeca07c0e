"""The command line: help, wrong usage, exit status, and short loading times."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from typer.testing import CliRunner, Result

from paces_live import __version__, demo
from paces_live.cli import main as cli
from paces_live.cli.analyze import _print_song, _print_table
from paces_live.collection.items import Item, Unreadable
from paces_live.errors import SourceError
from paces_live.events import SongPace
from paces_live.inputs import Input, Pcm
from paces_live.library.files import FilePaces
from paces_live.match import Listener
from paces_live.sources.devices import ListedInput
from paces_live.system.doctor import Check
from tests.support.fakes import FakeSource, ScriptedListening
from tests.support.schemas import validated

REPO = Path(__file__).parents[2]
COMMANDS = [
    "listen",
    "play",
    "analyze",
    "scan",
    "find",
    "playlist",
    "tag",
    "export",
    "library",
    "report",
    "label",
    "explain",
    "demo",
    "serve",
    "follow",
    "devices",
    "doctor",
    "schema",
]
GROUPS = ["config", "history", "token"]
HEAVY = {"textual", "soundfile", "sounddevice", "soxr", "ai_edge_litert", "tflite_runtime", "numpy"}
HEAVY |= {"httpx", "av", "dbus_fast", "mpd", "mutagen", "sqlite3"}


def run(*args: str) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(cli.app, args, prog_name="paces-live")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Replace model, inputs and listening by doubles; return the calls of `open_input`."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def open_input(spec: str, **options: Any) -> Input:
        calls.append((spec, options))
        return Input(FakeSource())

    classifier = SimpleNamespace(features=SimpleNamespace(sample_rate=22050))
    monkeypatch.setattr("paces_live.analysis.classifier.load_classifier", lambda _model: classifier)
    monkeypatch.setattr("paces_live.inputs.open_input", open_input)
    monkeypatch.setattr(
        "paces_live.session.Listening", lambda _classifier, _config, listener, **_: ScriptedListening(listener=listener)
    )
    return calls


def module(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> None:
    """Put a double in the place of a module."""
    double = ModuleType(name)
    vars(double).update(members)
    monkeypatch.setitem(sys.modules, name, double)


@pytest.mark.parametrize("command", [*COMMANDS, *GROUPS, "history clear"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"paces-live {command}" in result.output.split("Example")[1]


def test_help_names_every_command() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "step rates" in result.output
    assert [command for command in [*COMMANDS, *GROUPS] if command not in result.output] == []


def test_the_commands_are_listed_in_order() -> None:
    assert [command.callback.__name__ for command in cli.app.registered_commands if command.callback] == COMMANDS
    assert [group.name for group in cli.app.registered_groups] == GROUPS


def test_version() -> None:
    result = run("--version")
    assert (result.exit_code, result.output) == (0, f"paces-live {__version__}\n")


@pytest.mark.parametrize(
    "args",
    [
        ["--target", "30"],
        ["listen", "-t", "321"],
        ["listen", "--tolerance", "0"],
        ["listen", "--interval", "0"],
        ["demo", "--target", "nan"],
        ["analyze", "x.wav", "--target", "1000"],
    ],
)
def test_numbers_out_of_range_are_wrong_usage(args: list[str]) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("paces-live: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("args", [["--nonsense"], ["nonsense"], ["analyze"], ["listen", "--target", "fast"]])
def test_wrong_usage_has_status_two(args: list[str]) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize("args", [[], ["--target", "170"], ["-i", "mic:USB", "--json"], ["listen"]])
def test_listen_is_the_default(args: list[str], opened: list[tuple[str, dict[str, Any]]]) -> None:
    assert run(*args).exit_code == 0
    assert [spec for spec, _ in opened] == ["mic:USB" if "mic:USB" in args else "mic"]


def test_listen_writes_lines_without_a_terminal(opened: list[tuple[str, dict[str, Any]]]) -> None:
    result = run("listen", "-i", "-", "--rate", "48000", "--format", "f32le", "--channels", "2")
    assert result.stdout.startswith("listening to file:demo.ogg")
    assert result.stdout.endswith("end\n")
    pcm = Pcm(rate=48_000, format="f32le", channels=2)
    assert opened == [("-", {"sample_rate": 22050, "now_playing": "auto", "fast": False, "pcm": pcm})]


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("option", ["--rejected", "--all"])
def test_stdout_has_only_json(option: str) -> None:
    records = [validated(line) for line in run("listen", "--json", option).stdout.splitlines()]
    assert (records[0]["type"], records[-1]["type"]) == ("start", "end")
    assert "rejected" in records[1]


@pytest.mark.parametrize("option", ["--now-playing=none", "--titles=none"])
def test_old_names_of_options_still_work(option: str, opened: list[tuple[str, dict[str, Any]]]) -> None:
    assert run("listen", option).exit_code == 0
    assert opened[0][1]["now_playing"] == "none"
    assert "--titles" not in run("listen", "--help").output
    assert "--all" not in run("listen", "--help").output


def test_an_old_name_is_no_option_where_a_value_belongs_or_where_there_is_none() -> None:
    assert "no songs with --all" in run("history", "--search", "--all").output
    assert "--all" in run("analyze", "--all", str(demo.excerpt())).stderr


@pytest.mark.slow
def test_a_file_name_that_is_not_unicode_is_heard(tmp_path: Path) -> None:
    song = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xad.ogg"))
    shutil.copy(demo.excerpt(), song)
    done = subprocess.run(
        [sys.executable, "-m", "paces_live", "listen", "--input", song, "--fast", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert validated(done.stdout.splitlines()[0])["input"] == "file:b\ufffd.ogg"
    done = subprocess.run(
        [sys.executable, "-m", "paces_live", "analyze", song, "--json"], capture_output=True, text=True, check=True
    )
    path = validated(done.stdout)["path"]
    assert unquote_to_bytes(path.removeprefix("file://")) == os.fsencode(song)


def test_the_demo_says_that_it_is_silent_and_names_its_songs() -> None:
    lines = run("demo", "--fast", "--plain").stdout.splitlines()
    assert lines[0] == "listening to demo, silent (hear it: --play), target 165 spm ± 5 %"
    ended = [line for line in lines if "ended" in line]
    assert [song.title in line for song, line in zip(demo.songs(), ended, strict=True)] == [True, True]
    assert "MATCH" in ended[0]
    assert "NO MATCH" in ended[1]


def test_what_is_played_takes_its_time() -> None:
    result = run("demo", "--fast", "--play")
    assert (result.exit_code, result.stderr) == (
        2,
        "paces-live: --fast and --play do not go together: leave one of them out\n",
    )


@pytest.mark.usefixtures("opened")
def test_an_error_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    error = SourceError("microphone went\naway", hint="check its plug")
    monkeypatch.setattr("paces_live.session.Listening", lambda *_, **__: ScriptedListening(error=error))
    result = run("listen")
    assert result.exit_code == 1
    assert result.stderr == "paces-live: microphone went away: check its plug\n"


FOUND = FilePaces(Path("a.ogg"), 215.2, (SongPace(165.31, 0.97, 0.9),), beat=165.3)
BROKEN = Unreadable(Path("b.ogg"), SourceError("b.ogg: not audio", hint="choose music"))


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.ogg").touch()

    def analyze_files(
        items: Iterable[Item | Unreadable], _classifier: object, _config: object
    ) -> Iterator[FilePaces | Unreadable]:
        for item in items:
            yield FOUND if item.path.name == "a.ogg" else BROKEN

    monkeypatch.setattr("paces_live.analysis.classifier.load_classifier", lambda _model: object())
    monkeypatch.setattr("paces_live.library.files.analyze_files", analyze_files)


LINE = "a.ogg  3:35  165.3 (97 %)  MATCH 165.3 (lock, +0.2 %), a step on every beat\n"


@pytest.mark.usefixtures("analysed")
def test_analyze_continues_after_an_unreadable_file() -> None:
    result = run("analyze", "b.ogg", "a.ogg")
    assert result.exit_code == 1
    assert result.stderr == "paces-live: b.ogg: not audio: choose music\n"
    assert result.stdout == LINE


@pytest.mark.parametrize("on_terminal", [False, True])
def test_analyze_says_how_much_is_damaged(on_terminal: bool, capsys: pytest.CaptureFixture[str]) -> None:
    songs = [replace(FOUND, damaged=1.5), FOUND]
    if on_terminal:
        _print_table(songs, 2, Listener())
    else:
        for song in songs:
            _print_song(song, Listener(), json=False)
    damaged = [line for line in capsys.readouterr().out.splitlines() if "1.50 s are damaged" in line]
    assert len(damaged) == 1
    assert "a.ogg" in damaged[0]


@pytest.mark.usefixtures("analysed")
@pytest.mark.parametrize("command", ["analyze", "play"])
def test_a_path_that_may_not_be_read_does_not_stop_the_others(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked.m3u"
    locked.write_text("gone.ogg")
    # What the system says to everyone but root.
    monkeypatch.setattr(os, "access", lambda *_: False)
    result = run(command, str(locked), "b.ogg")
    assert result.exit_code == 1
    assert "b.ogg" in result.stderr
    assert "Usage" not in result.stderr


@pytest.mark.usefixtures("analysed")
def test_analyze_as_json() -> None:
    result = run("analyze", "--json", "b.ogg", "a.ogg")
    error, file = (validated(line) for line in result.stdout.splitlines())
    assert (error["code"], error["message"], error["hint"]) == ("source", "b.ogg: not audio", "choose music")
    assert file["match"]["grade"] == "lock"
    assert (result.exit_code, result.stderr) == (1, "")
    assert run("analyze", "--json", "a.ogg").exit_code == 0


@pytest.mark.slow
def test_analyze_takes_folders_and_playlists(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    shutil.copy(demo.excerpt(), song := tmp_path / "folder" / "1.ogg")
    (tmp_path / "empty").mkdir()
    playlist = tmp_path / "party.m3u"
    playlist.write_text("#EXTINF:91,Band - Waltz\nfolder\\1.ogg\ngone\x1b[2J.ogg\n", "utf-8")
    result = run("analyze", "--json", str(playlist), str(song.parent), str(tmp_path / "empty"))
    assert result.exit_code == 1
    listed, missing, found, empty = (validated(line) for line in result.stdout.splitlines())
    assert (listed["path"], listed["title"]) == (str(song), "Waltz")
    assert (found["path"], found["title"], found["paces"]) == (str(song), None, listed["paces"])
    assert missing["message"] == f"{playlist}, line 3: gone\ufffd[2J.ogg: no such file"
    assert empty["message"] == f"{tmp_path / 'empty'}: holds no music"


def test_doctor_shows_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [
        Check("runtime", True, "works"),
        Check("monitor", None, "no capture tool", "apt install pulseaudio-utils"),
    ]
    module(monkeypatch, "paces_live.system.doctor", run_checks=lambda _model, _use: iter(checks))
    result = run("doctor")
    assert result.exit_code == 0
    assert "→ apt install pulseaudio-utils" in result.stdout
    checks.append(Check("model", False, "hash differs", "reinstall"))
    result = run("doctor")
    assert result.exit_code == 1
    assert "FAIL  model: hash differs\n" in result.stdout
    assert [validated(line)["ok"] for line in run("doctor", "--json").stdout.splitlines()] == [True, None, False]


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    one = ListedInput("USB", "microphone", 48_000, 1, default=True, spec="mic")
    module(monkeypatch, "paces_live.sources.devices", list_inputs=lambda: [one], ListedInput=ListedInput)
    assert "USB (default)" in run("devices").stdout
    assert [validated(line)["spec"] for line in run("devices", "--json").stdout.splitlines()] == ["mic"]


def test_schema_prints_a_schema() -> None:
    assert json.loads(run("schema").stdout)["$id"].startswith("urn:paces-live:events")
    assert json.loads(run("schema", "lines").stdout)["$id"].startswith("urn:paces-live:lines")
    assert run("schema", "nothing").exit_code == 2


def test_the_log_goes_to_a_file(tmp_path: Path) -> None:
    log = tmp_path / "paces.log"
    options = ("--fast", "--json", "--no-history", "--log-file", str(log))
    result = run("listen", "-i", str(demo.excerpt()), *options)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "INFO paces_live.session.listening: listening to file:demo.ogg" in log.read_text("utf-8")
    assert run("listen", "--log-file", "/dev/null/log").exit_code == 2


def test_nothing_heavy_is_loaded_before_a_command_runs() -> None:
    program = f"import sys, paces_live.cli.main; print(*({HEAVY!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPO)
    assert result.stdout.split() == []
