"""The command line: help, misuse, exit status, and what it keeps from loading."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import IO, Any

import pytest
from typer.testing import CliRunner, Result

from paces_live import __version__
from paces_live.cli import main as cli
from paces_live.errors import SourceError
from paces_live.events import Match, SongPace
from paces_live.session.whole_song import FileError, FilePaces
from tests.support.fakes import FakeSource, ScriptedEngine

REPO = Path(__file__).parents[2]
COMMANDS = ["listen", "play", "analyze", "demo", "devices", "doctor"]
GROUPS = ["config", "history"]
HEAVY = {"textual", "soundfile", "sounddevice", "soxr", "ai_edge_litert", "tflite_runtime", "numpy"}
HEAVY |= {"dbus_fast", "mpd", "mutagen", "sqlite3"}


def run(*args: str) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(cli.app, args, prog_name="paces-live")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Replace model, sources and engine by doubles; return what is asked of `open_source`."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def open_source(spec: str, **options: Any) -> FakeSource:
        calls.append((spec, options))
        return FakeSource()

    classifier = SimpleNamespace(features=SimpleNamespace(sample_rate=22050))
    monkeypatch.setattr("paces_live.analysis.classifier.load_classifier", lambda _model: classifier)
    monkeypatch.setattr("paces_live.sources.open_source", open_source)
    monkeypatch.setattr(
        "paces_live.session.engine.Engine", lambda _classifier, config: ScriptedEngine(target=config.target)
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


def test_commands_are_these() -> None:
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
def test_numbers_out_of_range_are_misuse(args: list[str]) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("paces-live: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("args", [["--nonsense"], ["nonsense"], ["analyze"], ["listen", "--target", "fast"]])
def test_misuse_has_status_two(args: list[str]) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize("args", [[], ["--target", "170"], ["-i", "mic:USB", "--json"], ["listen"]])
def test_listen_is_the_default(args: list[str], opened: list[tuple[str, dict[str, Any]]]) -> None:
    assert run(*args).exit_code == 0
    assert [spec for spec, _ in opened] == ["mic:USB" if "mic:USB" in args else "mic"]


def test_listen_writes_lines_where_there_is_no_terminal(opened: list[tuple[str, dict[str, Any]]]) -> None:
    result = run("listen", "-i", "-", "--rate", "48000", "--format", "f32le", "--channels", "2")
    assert result.stdout.startswith("listening to file:demo.ogg")
    assert result.stdout.endswith("end\n")
    assert opened == [("-", {"sample_rate": 22050, "fast": False, "rate": 48000, "format": "f32le", "channels": 2})]


@pytest.mark.usefixtures("opened")
def test_json_is_all_there_is_on_stdout() -> None:
    records = [json.loads(line) for line in run("listen", "--json", "--all").stdout.splitlines()]
    assert (records[0]["type"], records[-1]["type"]) == ("start", "end")
    assert "rejected" in records[1]


def test_demo_listens_to_the_excerpt(
    opened: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module(monkeypatch, "paces_live.demo", excerpt=lambda: tmp_path / "demo.ogg")
    assert run("demo", "--fast").exit_code == 0
    assert opened == [(f"file:{tmp_path / 'demo.ogg'}", {"sample_rate": 22050, "fast": True})]


@pytest.mark.usefixtures("opened")
def test_an_error_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    error = SourceError("microphone went away:\ncheck its plug")
    monkeypatch.setattr("paces_live.session.engine.Engine", lambda *_: ScriptedEngine(error=error))
    result = run("listen")
    assert result.exit_code == 1
    assert result.stderr == "paces-live: microphone went away: check its plug\n"


FOUND = FilePaces("a.ogg", 215.2, (SongPace(165.31, 0.97, 0.9),), Match(165.31, 0.0019, "lock"))
BROKEN = FileError("b.ogg", "b.ogg: not audio")


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> None:
    def analyze_files(paths: list[Path], _classifier: object, _config: object) -> Iterator[FilePaces | FileError]:
        for path in paths:
            yield FOUND if path.name == "a.ogg" else BROKEN

    monkeypatch.setattr("paces_live.analysis.classifier.load_classifier", lambda _model: object())
    monkeypatch.setattr("paces_live.session.whole_song.analyze_files", analyze_files)


LINE = "a.ogg  3:35  165.3 (97 %)  MATCH 165.3 (lock, +0.2 %), a step on every beat\n"


@pytest.mark.usefixtures("analysed")
def test_analyze_goes_on_after_a_file_that_cannot_be_read() -> None:
    result = run("analyze", "b.ogg", "a.ogg")
    assert result.exit_code == 1
    assert result.stderr == "paces-live: b.ogg: not audio\n"
    assert result.stdout == LINE


@pytest.mark.usefixtures("analysed")
def test_analyze_as_json() -> None:
    result = run("analyze", "--json", "b.ogg", "a.ogg")
    assert [json.loads(line)["type"] for line in result.stdout.splitlines()] == ["error", "file"]
    assert (result.exit_code, result.stderr) == (1, "")
    assert run("analyze", "--json", "a.ogg").exit_code == 0


def test_doctor_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [
        SimpleNamespace(name="runtime", ok=True, detail="works", fix=""),
        SimpleNamespace(name="playback", ok=None, detail="no capture tool", fix="apt install pulseaudio-utils"),
    ]
    module(monkeypatch, "paces_live.system.doctor", run_checks=lambda _model: iter(checks))
    result = run("doctor")
    assert result.exit_code == 0
    assert "→ apt install pulseaudio-utils" in result.stdout
    checks.append(SimpleNamespace(name="model", ok=False, detail="hash differs", fix="reinstall"))
    result = run("doctor")
    assert result.exit_code == 1
    assert "FAIL  model: hash differs\n" in result.stdout


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    module(
        monkeypatch,
        "paces_live.sources.devices",
        list_inputs=list,
        render=lambda _inputs: "no microphone",
        OTHERS="a file",
    )
    assert run("devices").stdout == "no microphone\na file\n"
    assert run("devices", "--json").stdout == ""


def test_nothing_heavy_is_loaded_before_a_command_runs() -> None:
    program = f"import sys, paces_live.cli.main; print(*({HEAVY!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPO)
    assert result.stdout.split() == []


LIVE = """
import sys
from types import SimpleNamespace
import paces_live.analysis.classifier, paces_live.session.engine, paces_live.sources
from tests.support.fakes import FakeSource, ScriptedEngine, TWO_SONGS
repeats = int(sys.argv.pop())
features = SimpleNamespace(sample_rate=22050)
paces_live.analysis.classifier.load_classifier = lambda model: SimpleNamespace(features=features)
paces_live.sources.open_source = lambda spec, **options: FakeSource()
paces_live.session.engine.Engine = lambda classifier, config: ScriptedEngine(TWO_SONGS[:-1] * repeats, live=True)
from paces_live.__main__ import main
main()
"""


@contextmanager
def live(repeats: int, *args: str) -> "Iterator[tuple[subprocess.Popen[str], IO[str], IO[str]]]":
    """Start the program on an engine that repeats its script and then waits to be stopped."""
    command = [sys.executable, "-c", LIVE, *args, str(repeats)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPO) as process:
        assert process.stdout
        assert process.stderr
        try:
            yield process, process.stdout, process.stderr
        finally:
            process.kill()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_logs_the_song(signum: signal.Signals) -> None:
    with live(1, "--json") as (process, stdout, _):
        for line in stdout:
            if json.loads(line)["type"] == "song" and json.loads(line)["song"] == 2:
                break
        process.send_signal(signum)
        rest, errors = process.communicate(timeout=10)
    assert [json.loads(line)["type"] for line in rest.splitlines()] == ["song", "end"]
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize("option", ["--json", "--plain"])
def test_a_reader_that_leaves_is_no_error(option: str) -> None:
    with live(3000, option) as (process, stdout, stderr):
        stdout.readline()
        stdout.close()
        assert stderr.read() == ""
        assert process.wait(10) == 0
