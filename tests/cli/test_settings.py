"""Settings: one per option; the order of flag, environment, file and default; each mistake reported with its place."""

import json
import os
import pty
import random
import re
import shutil
import stat
import subprocess
import sys
import tomllib
import wave
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.core import TyperGroup, TyperOption
from typer.testing import CliRunner, Result

from paces_live.cli import config, setting, settings
from paces_live.cli import main as cli
from paces_live.cli.options import Interval, Json, Target
from paces_live.cli.settings import read_file
from paces_live.demo import excerpt
from paces_live.errors import UsageError
from tests.support.mutations import mutated

ROOT = Path(__file__).parents[2]
COMMAND_LINE = typer.main.get_command(cli.app)


def run(*args: str) -> Result:
    return CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(cli.app, args, prog_name="paces-live")


def small() -> typer.Typer:
    """Return a command line with one option of every sort, in the group that paces-live uses."""
    app = typer.Typer(cls=cli.Group)

    @app.callback()
    def _main() -> None:
        """Do nothing."""

    @app.command()
    def listen(
        files: Annotated[list[str] | None, typer.Argument()] = None,
        target: Target = 165,
        interval: Interval = 1,
        sample_format: Annotated[str, typer.Option("--format", "-f")] = "s16le",
        count: int = 3,
        model: Path | None = None,
        keep: Annotated[bool, typer.Option("--keep-it/--no-keep-it")] = True,
        limit: Annotated[int | None, typer.Option(metavar="N")] = None,
        json: Json = False,
        secret: Annotated[int, typer.Option(hidden=True)] = 1,
    ) -> None:
        """Print what arrived."""
        del files, limit, json, secret
        print(target, interval, sample_format, count, model, keep)  # noqa: T201

    @app.command()
    def other(target: Target = 165, port: int = 80) -> None:
        """Print what arrived."""
        print(target, port)  # noqa: T201

    stored = typer.Typer()

    @stored.command()
    def clear(before: str = "") -> None:
        """Do nothing."""

    app.add_typer(stored, name="history")
    return app


def listen(*args: str) -> Result:
    return CliRunner().invoke(small(), ["listen", *args])


def test_a_setting_is_an_option_that_a_flag_can_overrule() -> None:
    group = typer.main.get_command(small())
    assert isinstance(group, TyperGroup)
    found = setting.settings(group)
    assert {key: (one.kind, one.commands) for key, one in found.items()} == {
        "target": (float, ("listen", "other")),
        "interval": (float, ("listen",)),
        "format": (str, ("listen",)),
        "count": (int, ("listen",)),
        "model": (str, ("listen",)),
        "keep-it": (bool, ("listen",)),
        "limit": (int, ("listen",)),
        "json": (bool, ("listen",)),
        "port": (int, ("other",)),
    }
    assert found["keep-it"].variable == "PACES_LIVE_KEEP_IT"


def test_every_option_of_every_command_is_a_setting() -> None:
    """All but those that end the program at once; a group's own options, such as those of history, are among them."""
    assert isinstance(COMMAND_LINE, TyperGroup)
    assert isinstance(COMMAND_LINE, TyperGroup)
    known, questions = setting.settings(COMMAND_LINE), {f"--{name}" for name in setting.NOT_SETTINGS}
    for name, command in COMMAND_LINE.commands.items():
        for option in (
            one
            for one in command.params
            if isinstance(one, TyperOption) and not one.is_eager and not questions & set(one.opts)
        ):
            known_one = known[max(option.opts, key=len).lstrip("-")]
            assert name in known_one.commands
            assert known_one.kind is not bool or option.secondary_opts, f"no flag takes {option.opts} back"
    assert {"json", "rejected", "fast", "csv", "limit"} <= known.keys()


def test_a_flag_reverts_a_switch_of_the_settings(
    settings_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    settings_file.write_text("json = true\n")
    assert run("history").stdout == ""
    assert run("history", "--no-json").stdout == "no songs heard yet\n"
    result = run("history", "--csv")
    assert (result.exit_code, result.stderr) == (
        2,
        f"paces-live: --json and --csv exclude each other: choose one (json is set by {settings_file})\n",
    )


def test_commands_that_share_a_setting_agree_on_it() -> None:
    assert isinstance(COMMAND_LINE, TyperGroup)
    assert isinstance(COMMAND_LINE, TyperGroup)
    known = setting.settings(COMMAND_LINE)
    assert {"input", "target", "tolerance", "interval", "model"} <= known.keys()
    for command in COMMAND_LINE.commands.values():
        for key, option in setting.options(command).items():
            same = known[key].option
            assert (option.default, option.help, option.name) == (same.default, same.help, same.name), key


def test_a_flag_goes_before_the_environment_and_that_before_the_file(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert listen().stdout == "165.0 1.0 s16le 3 None True\n"
    settings_file.write_text('target = 170\ncount = 4\nkeep-it = false\nformat = "f32le"\nmodel = "a/b.tflite"\n')
    assert listen().stdout == "170.0 1.0 f32le 4 a/b.tflite False\n"
    monkeypatch.setenv("PACES_LIVE_TARGET", "180")
    monkeypatch.setenv("PACES_LIVE_KEEP_IT", "yes")
    monkeypatch.setenv("PACES_LIVE_COUNT", "")  # sets nothing
    assert listen().stdout == "180.0 1.0 f32le 4 a/b.tflite True\n"
    assert listen("--target", "190", "--no-keep-it", "-f", "u8").stdout == "190.0 1.0 u8 4 a/b.tflite False\n"
    assert CliRunner().invoke(small(), ["other"]).stdout == "180.0 80\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tarket = 170", "tarket is not a setting: did you mean target?"),
        ("keep_it = true", "keep_it is not a setting: did you mean keep-it?"),
        ("zzz = 1", "zzz is not a setting: choose target, interval, format, count, model, keep-it, limit, json, port"),
        (
            "secret = 2",
            "secret is not a setting: choose target, interval, format, count, model, keep-it, limit, json, port",
        ),
        ("[listen]\ntarget = 170", "listen is not a setting: there are no tables here"),
        ('target = "170"', "target must be a number, not text in quotes"),
        ("target = true", "target must be a number, not true or false"),
        ("target = [170]", "target must be a number, not a list"),
        ("target.now = 170", "target must be a number, not a table"),
        ("target = 2026-11-01", "target must be a number, not 2026-11-01"),
        ("target = 20", "target 20 is out of range: choose 40 to 320 steps per minute"),
        ("target = nan", "target nan is out of range"),
        ("interval = 0", "interval 0 is out of range: choose 0.1 to 60 seconds"),
        ("count = 2.5", "count must be a whole number, not 2.5"),
        ("keep-it = 1", "keep-it must be true or false, not 1"),
        ("model = 1", "model must be text in quotes, not 1"),
        ("port = 1.5", "port must be a whole number, not 1.5"),
        ("target = ", "is not TOML: Invalid value (at "),
        ("target = 'ü'", "is not UTF-8 text"),
        ('format = "a\\u0000b"', "format has a NUL character: no name of a file or a device has one"),
    ],
)
def test_a_mistake_in_the_file_is_one_line_that_names_it(text: str, words: str, settings_file: Path) -> None:
    settings_file.write_text(text, "latin-1")
    result = listen()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"paces-live: {settings_file}: {words}")
    assert result.stderr.count("\n") == 1


def test_a_file_may_begin_with_a_byte_order_mark(settings_file: Path) -> None:
    settings_file.write_text("target = 170\n", "utf-8-sig")
    assert listen().stdout.startswith("170.0 ")


def test_an_argument_with_a_nul_character_is_one_line() -> None:
    result = listen("a\0b")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("paces-live: an argument has a NUL character")


def test_a_password_in_the_environment_is_no_setting_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACES_LIVE_MQTT_PASSWORD", "open-sesame")
    result = run("config", "show", "--json")
    assert result.exit_code == 0
    assert "open-sesame" not in result.output


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("PACES_LIVE_TARGET", "fast", "target 'fast' is not a number: write steps"),
        ("PACES_LIVE_TARGET", "20", "target 20 is out of range: choose 40 to 320 steps per minute"),
        ("PACES_LIVE_KEEP_IT", "perhaps", "keep-it 'perhaps' is neither true nor false"),
        ("PACES_LIVE_COUNT", "2.5", "count '2.5': "),
        ("PACES_LIVE_TARGTE", "170", "is not a setting: did you mean PACES_LIVE_TARGET?"),
    ],
)
def test_a_mistake_in_the_environment_is_one_line_that_names_it(
    name: str, text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    result = listen()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"paces-live: {name}: {words}")
    assert result.stderr.count("\n") == 1


def test_a_file_that_cannot_be_read_is_named(settings_file: Path) -> None:
    settings_file.mkdir()
    result = listen()
    assert (result.exit_code, result.stderr) == (
        2,
        f"paces-live: {settings_file}: cannot be read: Is a directory: check it and its permissions\n",
    )


def test_help_and_version_work_with_a_broken_file(settings_file: Path) -> None:
    settings_file.write_text("nonsense")
    for arguments in (["--help"], ["--version"], ["listen", "--help"], ["config", "--help"], ["config", "path"]):
        assert run(*arguments).exit_code == 0
    assert run("listen").exit_code == 2
    assert run("config", "show").exit_code == 2


def test_the_program_obeys_the_settings(tmp_path: Path, settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with wave.open(str(tmp_path / "short.wav"), "wb") as file:
        file.setparams((1, 2, 22_050, 0, "NONE", ""))
        file.writeframes(bytes(2 * 2205))
    settings_file.write_text("target = 170\ntolerance = 0.03\n")
    monkeypatch.setenv("PACES_LIVE_TARGET", "172")
    result = run("--json", "--fast", "--input", str(tmp_path / "short.wav"))
    start = json.loads(result.stdout.splitlines()[0])
    assert (start["target"], start["tolerance"]) == (172.0, 0.03)


def test_show_lists_every_setting_and_its_origin(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_file.write_text("target = 170\n")
    monkeypatch.setenv("PACES_LIVE_TOLERANCE", "0.03")
    records = {record["key"]: record for record in map(json.loads, run("config", "show", "--json").stdout.splitlines())}
    assert isinstance(COMMAND_LINE, TyperGroup)
    assert list(records) == list(setting.settings(COMMAND_LINE))
    assert records["target"] == {
        "type": "setting",
        "key": "target",
        "value": 170.0,
        "from": "file",
        "default": 165.0,
        "variable": "PACES_LIVE_TARGET",
        "commands": records["target"]["commands"],
    }
    assert {key: record["from"] for key, record in records.items() if record["from"] != "default"} == {
        "target": "file",
        "tolerance": "environment",
    }
    assert records["model"]["value"] is None
    lines = run("config", "show").stdout.splitlines()
    assert any(line.split()[:4] == ["target", "170", "the", "file"] for line in lines)
    assert any(line.split()[:3] == ["tolerance", "0.03", "PACES_LIVE_TOLERANCE"] for line in lines)
    assert lines[-1] == f"the file: {settings_file}"


def test_config_path_prints_only_the_path(settings_file: Path) -> None:
    assert run("config", "path").stdout == f"{settings_file}\n"


@pytest.mark.parametrize("app", [cli.app, small()])
def test_a_new_file_explains_every_setting_and_sets_none(app: typer.Typer, tmp_path: Path) -> None:
    group: Any = typer.main.get_command(app)
    known = setting.settings(group)
    text = config.template(known)
    assert tomllib.loads(text) == {}
    assert "[bold]" not in text
    # With the # taken away before every key, it says what is true without it.
    loud = "\n".join(line[1:] if line.startswith("#") and line[1:2] != " " else line for line in text.splitlines())
    (tmp_path / "loud.toml").write_text(loud)
    values = settings.read_file(tmp_path / "loud.toml", known, group.make_context("x", [], resilient_parsing=True))
    assert {one.name for one in values} == known.keys()
    for one in values:
        assert one.setting.default is None or one.value == one.setting.default


def test_old_names_of_settings_work_and_are_shown_as_written(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file.write_text("all = true\n")
    monkeypatch.setenv("PACES_LIVE_TITLES", "none")
    shown = {record["key"]: record for record in map(json.loads, run("config", "show", "--json").stdout.splitlines())}
    assert (shown["rejected"]["value"], shown["rejected"]["from"]) == (True, "file")
    assert (shown["now-playing"]["value"], shown["now-playing"]["from"]) == ("none", "environment")
    assert "PACES_LIVE_TITLES" in run("config", "show").stdout
    monkeypatch.setenv("PACES_LIVE_TITLES", "winamp")
    message = run("listen", "--fast", "-i", str(excerpt())).stderr
    assert message.endswith("(now-playing is set by PACES_LIVE_TITLES)\n")
    settings_file.write_text("titles = 5\n")
    assert "titles must be text in quotes" in run("listen").stderr


def editor(directory: Path, *texts: str) -> str:
    """Return a command that, as an editor, saves one of `texts` each time it is called, one after the other."""
    for number, text in enumerate(texts):
        (directory / f"text{number}").write_text(text)
    script = directory / "editor"
    script.write_text(
        f"#!/bin/sh\nn=$(cat {directory}/n 2>/dev/null || echo 0)\necho $((n + 1)) > {directory}/n\n"
        f'cp "$2" {directory}/before$n\ncat {directory}/text$n > "$2"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return f"{script} --wait"


def test_edit_creates_the_file_and_checks_it(
    tmp_path: Path, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file.parent.rmdir()
    monkeypatch.setenv("EDITOR", "no-such-editor")
    monkeypatch.setenv("VISUAL", editor(tmp_path, "target = 170\n", "tarket = 1\n"))
    assert run("config", "edit").exit_code == 0
    assert "#target = 165\n" in (tmp_path / "before0").read_text()
    assert settings_file.read_text() == "target = 170\n"
    result = run("config", "edit")
    assert (tmp_path / "before1").read_text() == "target = 170\n"
    assert result.exit_code == 2
    assert result.stderr == f"paces-live: {settings_file}: tarket is not a setting: did you mean target?\n"


def test_an_editor_that_fails_is_named(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "false")
    result = run("config", "edit")
    assert result.exit_code == 1
    assert result.stderr == (
        f"paces-live: editor false ended with status 1; {settings_file} was not checked: "
        "run paces-live config edit again\n"
    )
    monkeypatch.setenv("EDITOR", "no-such-editor")
    assert (
        "editor no-such-editor cannot be started: No such file or directory: set $EDITOR"
        in run("config", "edit").stderr
    )
    monkeypatch.delenv("EDITOR")
    monkeypatch.setenv("PATH", "/nowhere")
    result = run("config", "edit")
    assert (result.exit_code, result.stderr) == (
        2,
        "paces-live: there is no editor: none of sensible-editor, nano, vi is installed: set $EDITOR\n",
    )


@pytest.mark.parametrize(("answer", "status"), [("\n", 0), ("n\n", 2)])
def test_on_a_terminal_you_can_fix_a_mistake_immediately(
    answer: str, status: int, tmp_path: Path, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, "target = 20\n", "target = 175\n"))
    master, slave = pty.openpty()
    try:
        os.write(master, answer.encode())
        done = subprocess.run(
            [sys.executable, "-m", "paces_live", "config", "edit"],
            stdin=slave,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=ROOT,
        )
    finally:
        os.close(slave)
        os.close(master)
    assert done.returncode == status
    assert "target 20 is out of range" in done.stderr
    assert "Edit it again?" in done.stdout
    assert settings_file.read_text() == ("target = 20\n" if status else "target = 175\n")


def home_of(shell: str, folder: Path) -> Path:
    """Return a home in which ``--install-completion`` has set up completion for `shell`."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed: apt install {shell}")
    program = folder / "bin" / "paces-live"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m paces_live "$@"\n')
    program.chmod(0o755)
    # The trailing command keeps the shell alive: the program looks at its parent process to find which shell this is.
    output_of(shell, folder, "paces-live --install-completion; true")
    return folder


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a user whose home this is."""
    path = {"HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    return {key: value for key, value in os.environ.items() if not key.startswith("XDG_")} | path


def output_of(shell: str, home: Path, script: str) -> str:
    """Return the output of `shell` running `script`."""
    return subprocess.run(
        [shell, "-c", script], env=environment(home), capture_output=True, text=True, check=True, timeout=60
    ).stdout


@pytest.fixture(scope="module")
def bash_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home_of("bash", tmp_path_factory.mktemp("bash"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["lis"], ["listen"]),
        (["--targ"], ["--target"]),
        (["--target", "170", "--tol"], ["--tolerance"]),
        (["listen", "--input", "mi"], ["mic", "mic:"]),
        (["--input", "m"], ["mic", "mic:", "monitor", "monitor:"]),
        (["config", ""], ["show", "path", "edit", "set", "unset"]),
        (["analyze", "song"], []),  # the shell then offers files
    ],
)
def test_bash_completes_commands_and_options(words: list[str], expected: list[str], bash_home: Path) -> None:
    typed = " ".join(f"'{word}'" for word in ["paces-live", *words])
    script = (
        f". ~/.bashrc; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _paces_live_completion paces-live;"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert output_of("bash", bash_home, script).split() == expected


@pytest.mark.slow
def test_fish_completes_commands_and_options(tmp_path: Path) -> None:
    home = home_of("fish", tmp_path)
    typed = {"lis": "listen", "--targ": "--target", "listen --input m": "mic mic: monitor monitor:"}
    for words, expected in typed.items():
        found = output_of("fish", home, f"complete -C 'paces-live {words}'").splitlines()
        assert " ".join(line.split("\t")[0] for line in found) == expected


def test_zsh_completes_commands_and_options(tmp_path: Path) -> None:
    home = home_of("zsh", tmp_path)
    assert "fpath+=~/.zfunc; autoload -Uz compinit; compinit" in (home / ".zshrc").read_text()
    # Print what the completion function of zsh would offer: it works only in the line editor of a terminal.
    ask = "compdef() {{ :; }}; . ~/.zfunc/_paces-live; _arguments() {{ print -r -- $@; }}; words=(paces-live {}); "
    typed = {"lis": ["listen"], "--targ": ["--target"], "listen --input m": ["mic", "mic:", "monitor", "monitor:"]}
    for words, expected in typed.items():
        script = f"{ask.format(words)} CURRENT=$#words; _paces_live_completion"
        offered = re.findall(r'"([^"]+)"(?=[:\s)])', output_of("zsh", home, script))
        assert [name.replace("\\", "") for name in offered if " " not in name] == expected


def test_settings_cost_nothing_before_they_are_needed() -> None:
    program = "import sys, paces_live.cli.main; print(*({'platformdirs', 'tomllib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_a_setting_reaches_only_the_commands_that_have_it(settings_file: Path) -> None:
    settings_file.write_text("target = 170\ninterval = 2\n")
    group: Any = COMMAND_LINE
    ctx = group.make_context("paces-live", ["doctor"], resilient_parsing=True)
    for command, expected in (("analyze", ["target"]), ("demo", ["target", "interval"]), ("doctor", [])):
        assert [one.setting.key for one in settings.chosen(group, group.commands[command], ctx)] == expected


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "rate 4 is out of range: choose 6000 to 384000 Hz (rate is set by {file})"),
        (["--channels", "2"], "rate 4 is out of range: choose 6000 to 384000 Hz (rate is set by {file})"),
        (["--rate", "5"], "rate 5 is out of range: choose 6000 to 384000 Hz"),
        (["--rate=48000"], "99 channels are out of range: choose 1 to 32 (channels is set by PACES_LIVE_CHANNELS)"),
    ],
)
def test_an_error_caused_by_a_setting_names_it(
    arguments: list[str], words: str, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file.write_text("rate = 4\n")
    monkeypatch.setenv("PACES_LIVE_CHANNELS", "99")
    result = run("--input", "-", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"paces-live: {words.format(file=settings_file)}\n")


@pytest.mark.slow
def test_a_damaged_file_gives_settings_or_one_line(settings_file: Path) -> None:
    good = 'target = 170\ninterval = 0.5\nformat = "f32le"\njson = true\ninput = "mic:Caf\u00e9"\n'.encode()
    rng = random.Random(1)
    assert isinstance(COMMAND_LINE, TyperGroup)
    known = setting.settings(COMMAND_LINE)
    context = typer.Context(COMMAND_LINE)
    refused = 0
    for _ in range(10_000):
        settings_file.write_bytes(mutated(good, rng))
        try:
            read_file(settings_file, known, context)
        except UsageError as error:
            refused += 1
            assert "\n" not in str(error), settings_file.read_bytes()  # noqa: PT017 - most raise
    assert 0 < refused < 10_000


def test_set_creates_the_file_in_the_place_of_the_example(settings_file: Path) -> None:
    done = run("config", "set", "tolerance", "3%")
    assert (done.exit_code, done.stdout) == (0, f"tolerance = 0.03 ({settings_file})\n")
    lines = settings_file.read_text("utf-8").splitlines()
    assert tomllib.loads("\n".join(lines)) == {"tolerance": 0.03}
    assert lines[lines.index("tolerance = 0.03") - 1].startswith("# How far a pace may be from the target")


@pytest.mark.parametrize(("key", "value"), [("tolerance", "3%"), ("plan", "10m@150"), ("skip-mismatch", "true")])
def test_unset_puts_the_explained_default_back(settings_file: Path, key: str, value: str) -> None:
    assert run("config", "set", "target", "172").exit_code == 0
    before = settings_file.read_text("utf-8")
    for _ in range(2):
        assert run("config", "set", key, value).exit_code == 0
        assert settings_file.read_text("utf-8") != before
        assert run("config", "unset", key).exit_code == 0
        assert settings_file.read_text("utf-8") == before


def test_set_and_unset_keep_everything_else_as_it_is(settings_file: Path) -> None:
    before = "# mine\n\ntarget = 165   # easy runs\n'theme' = 'light'\nall = true\n# the end"
    settings_file.parent.mkdir(exist_ok=True, parents=True)
    settings_file.write_text(before, "utf-8")
    settings_file.chmod(0o600)
    assert run("config", "set", "target", "172").exit_code == 0
    after = before.replace("165 ", "172 ")
    assert settings_file.read_text("utf-8") == after
    assert run("config", "set", "rejected", "no").exit_code == 0
    assert settings_file.read_text("utf-8") == after.replace("all = true\n", "") + "\nrejected = false\n"
    assert run("config", "unset", "rejected").exit_code == 0
    assert run("config", "unset", "theme").exit_code == 0
    assert settings_file.read_text("utf-8") == "# mine\n\ntarget = 172   # easy runs\n# the end\n"
    assert stat.S_IMODE(settings_file.stat().st_mode) == 0o600
    assert [path.name for path in settings_file.parent.iterdir()] == [settings_file.name]


def test_set_follows_a_link_to_the_file(settings_file: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("plain = true\n", "utf-8")
    settings_file.parent.mkdir(exist_ok=True, parents=True)
    settings_file.symlink_to(real)
    assert run("config", "set", "theme", "dark").exit_code == 0
    assert settings_file.is_symlink()
    assert real.read_text("utf-8") == 'plain = true\ntheme = "dark"\n'


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("set", "target", "fast"), "not set: target 'fast' is not a number: write steps per minute, such as 165"),
        (("set", "target", "500"), "not set: target 500 is out of range: choose 40 to 320 steps per minute"),
        (("set", "tolerance", "5"), "not set: tolerance 5 is out of range: .*such as 0.05, which is 5 %"),
        (("set", "tempo", "170"), "tempo is not a setting: "),
        (("set", "taget", "170"), "taget is not a setting: did you mean target?"),
        (("unset", "taget"), "taget is not a setting: did you mean target?"),
        (("set", "plain", "perhaps"), "not set: plain 'perhaps' is neither true nor false"),
        (("set", "target", "-5"), "not set: target -5 is out of range: choose 40 to 320 steps per minute"),
        (("set", "format", "mp3"), "not set: format mp3 is unknown: choose s16le or f32le"),
        (("set", "for", "mic"), "for is not a setting"),
    ],
)
def test_a_wrong_value_changes_nothing(arguments: tuple[str, ...], words: str, settings_file: Path) -> None:
    done = run("config", *arguments)
    assert done.exit_code == 2
    assert re.match(f"paces-live: {words}".replace("?", r"\?"), done.stderr)
    assert done.stderr.count("\n") == 1
    assert not settings_file.exists()


def test_a_broken_file_stays_as_it_is(settings_file: Path) -> None:
    settings_file.parent.mkdir(exist_ok=True, parents=True)
    settings_file.write_text("target = = 3\n", "utf-8")
    for arguments in (("set", "target", "170"), ("unset", "target")):
        done = run("config", *arguments)
        assert (done.exit_code, "not TOML" in done.stderr) == (2, True)
    assert settings_file.read_text("utf-8") == "target = = 3\n"


def test_an_unknown_key_in_the_file_can_be_removed(settings_file: Path) -> None:
    settings_file.parent.mkdir(exist_ok=True, parents=True)
    settings_file.write_text("tempo = 3\ntarget = 170\n", "utf-8")
    assert "tempo is not a setting" in run("config", "set", "target", "171").stderr
    assert run("config", "unset", "tempo").exit_code == 0
    assert settings_file.read_text("utf-8") == "target = 170\n"


@pytest.mark.parametrize(("text", "words"), [("sensor", "sensor"), ("sensor: Foot Pod", "sensor:Foot Pod")])
def test_a_target_that_follows_a_sensor_is_a_setting(settings_file: Path, text: str, words: str) -> None:
    assert run("config", "set", "target", text).stdout == f'target = "{words}" ({settings_file})\n'
    assert tomllib.loads(settings_file.read_text("utf-8")) == {"target": words}
    found = [json.loads(line) for line in run("config", "show", "--json").stdout.splitlines()]
    assert next(one["value"] for one in found if one["key"] == "target") == words
    assert f'"{words}"' in run("config", "show").stdout


def test_files_have_no_runner_so_a_sensor_that_is_set_leaves_the_default_and_one_that_is_asked_for_is_refused(
    settings_file: Path,
) -> None:
    settings_file.write_text('target = "sensor"\n', "utf-8")
    done = run("analyze", "--json", "missing.ogg")
    assert (done.exit_code, "source.not_found" in done.stdout) == (1, True)
    done = run("analyze", "--target", "sensor", "missing.ogg")
    assert done.exit_code == 2
    assert done.stderr == "paces-live: analyze follows no sensor: write steps per minute, such as 165\n"


@pytest.mark.usefixtures("settings_file")
def test_set_says_that_a_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACES_LIVE_TARGET", "180")
    assert run("config", "set", "target", "170").stdout == "target = 180 (PACES_LIVE_TARGET, which wins)\n"


@pytest.mark.parametrize("arguments", [("set", "theme", "dark"), ("unset", "plain")])
def test_a_variable_that_is_wrong_is_named_before_anything_is_written(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    settings_file.parent.mkdir(exist_ok=True, parents=True)
    settings_file.write_text("plain = true\n", "utf-8")
    monkeypatch.setenv("PACES_LIVE_TARGET", "abc")
    done = run("config", *arguments)
    assert (done.exit_code, "PACES_LIVE_TARGET" in done.stderr) == (2, True)
    assert settings_file.read_text("utf-8") == "plain = true\n"


def test_a_table_in_the_file_is_named(settings_file: Path) -> None:
    settings_file.parent.mkdir(exist_ok=True, parents=True)
    settings_file.write_text("[listen]\ntarget = 170\n", "utf-8")
    assert "there are no tables here" in run("config", "set", "target", "172").stderr


def test_unset_of_what_is_not_set_says_so(settings_file: Path) -> None:
    assert run("config", "unset", "target").stdout == f"target is not set in {settings_file}\n"
    assert not settings_file.exists()


@pytest.mark.parametrize("text", ["5%", "5 %", "0.05", " 0.05"])
def test_a_tolerance_is_a_ratio_or_per_cent(text: str, settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACES_LIVE_TOLERANCE", text)
    found = [json.loads(line) for line in run("config", "show", "--json").stdout.splitlines()]
    assert next(one["value"] for one in found if one["key"] == "tolerance") == 0.05
    settings_file.parent.mkdir(exist_ok=True, parents=True)
    settings_file.write_text(f'tolerance = "{text.strip()}"\n', "utf-8")
    monkeypatch.delenv("PACES_LIVE_TOLERANCE")
    assert run("config", "show").exit_code == (0 if "%" in text else 2)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--target", "abc", "target 'abc' is not a number: write steps per minute, such as 165"),
        ("--target", "5%", "target '5%' is not a number: write steps per minute, such as 165"),
        ("--tolerance", "x%", "tolerance 'x%' is not a number: write 0.05 or 5%"),
        ("--interval", "often", "interval 'often' is not a number: write seconds, such as 0.5"),
        ("--rate", "cd", "rate 'cd' is not a whole number: write Hz, such as 44100"),
        ("--channels", "stereo", "channels 'stereo' is not a whole number: write 1 for mono, 2 for stereo"),
    ],
)
def test_a_wrong_number_is_one_line_that_says_what_is_expected(option: str, value: str, words: str) -> None:
    done = run("listen", option, value)
    assert (done.exit_code, done.stderr) == (2, f"paces-live: {words}\n")
