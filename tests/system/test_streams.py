"""Standard streams that are closed, full, left by their reader, or in another encoding, with commands of every kind."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paces_live.demo import excerpt
from paces_live.system.streams import StandardStream
from tests.support.schemas import validated

REPO = Path(__file__).parents[2]
COMMANDS = [["config", "show"], ["schema"], ["listen", "--help"]]
"""One that writes with Rich, one that writes itself, one with which Typer writes."""


def run(*args: str | Path, line: str = 'exec "$@"', **options: Any) -> "subprocess.CompletedProcess[bytes]":
    """Run the program from a line of a shell."""
    command = ["sh", "-c", line, "sh", sys.executable, "-m", "paces_live", *args]
    return subprocess.run(command, stderr=subprocess.PIPE, cwd=REPO, timeout=60, check=False, **options)


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_one_line_and_status_one(args: list[str], unbuffered: str) -> None:
    done = run(*args, line='exec "$@" >/dev/full', env=os.environ | {"PYTHONUNBUFFERED": unbuffered})
    assert done.stderr == b"paces-live: standard output cannot be written: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_a_reader_that_has_seen_enough_is_a_clean_end(args: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run(*args, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_error_stays_one_if_nobody_reads() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run("analyze", "missing.ogg", stdout=writer, line='exec "$@" 2>/dev/full')
    os.close(writer)
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("closed", "args", "status"),
    [
        ("<&- 2>&-", ["config", "path"], 0),
        ("<&- >&- 2>&-", ["config", "path"], 0),
        ("<&-", ["listen", "--no-history", "--input", "-"], 1),
        ("2>&-", ["listen", "--target", "5"], 2),
    ],
)
def test_closed_streams_lead_nowhere(closed: str, args: list[str], status: int) -> None:
    done = run(*args, line=f'exec "$@" {closed}', stdout=subprocess.PIPE)
    assert done.returncode == status
    assert (b"config.toml" in done.stdout) == (status == 0 and ">&- 2" not in closed)
    assert done.stderr == (
        b"paces-live: stdin ended before any data came: pipe raw PCM into it, such as "
        b"ffmpeg -i song.m4a -f s16le -ac 1 -ar 44100 - | paces-live listen --input - --rate 44100\n"
        if closed == "<&-"
        else b""
    )


def test_no_file_gets_the_number_of_a_closed_stream() -> None:
    program = (
        "import os\n"
        "from paces_live.system.streams import standard_streams\n"
        "with standard_streams():\n"
        "    print(os.open('/dev/null', os.O_RDONLY))\n"
    )
    command = ["sh", "-c", 'exec "$@" <&- 2>&-', "sh", sys.executable, "-c", program]
    assert subprocess.run(command, stdout=subprocess.PIPE, cwd=REPO, check=True).stdout == b"3\n"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("ascii", b"+- 5 %: Caf\\xe9 \\u041d ?\n"),
        ("latin-1", "± 5 %: Café \\u041d ?\n".encode("latin-1")),
        ("utf-8", "± 5 %: Café Н \ufffd\n".encode()),
    ],
)
def test_what_an_encoding_lacks_is_replaced(tmp_path: Path, encoding: str, expected: bytes) -> None:
    with (tmp_path / "out").open("w", encoding=encoding) as file:
        print("± 5 %: Café Н \udce9", file=StandardStream(file))
    assert (tmp_path / "out").read_bytes() == expected


def test_a_stream_that_does_not_raise_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full, (tmp_path / "out").open("w") as file:
        stream = StandardStream(full, raises=False)
        print("lost or late", file=stream)
        assert isinstance(stream.failure, OSError)
        os.dup2(file.fileno(), full.fileno())
        print("here", file=stream)
    assert (tmp_path / "out").read_text().endswith("here\n")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_every_line_of_a_song_with_a_name_in_another_script_arrives(tmp_path: Path, encoding: str) -> None:
    song = Path(os.fsdecode(os.fsencode(tmp_path) + "/Ночь".encode() + b"\xe9.ogg"))
    song.write_bytes(excerpt().read_bytes())
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "env": os.environ | {"PYTHONIOENCODING": encoding}}
    done = run("listen", "--no-history", "--fast", "--json", "--input", song, **options)
    events = [validated(line.decode("ascii")) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, b"")
    assert [events[0]["type"], events[-1]["type"]] == ["start", "end"]
    assert "Ночь" in events[-2]["track"]["title"]
    assert events[-2]["track"]["location"].endswith("/%D0%9D%D0%BE%D1%87%D1%8C%E9.ogg")
    done = run("analyze", song, song.with_name("missing–.ogg"), **options)
    assert done.returncode == 1
    assert b"\\u041d\\u043e\\u0447\\u044c?.ogg  1:31" in done.stdout
    assert b"missing-.ogg: no such file" in done.stderr
