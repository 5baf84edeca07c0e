"""What the machine itself plays: the monitor of the default output, through the server's own capture tool."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from typing import IO, BinaryIO, cast

from paces_live.errors import SourceError
from paces_live.sources.block import Block
from paces_live.sources.stdin import PipeSource

RATE = 44_100
"""Rate asked of the sound server, Hz."""
END_S = 2.0
"""Time that the capture tool has to end after it was asked to."""
MISSING = (
    "what the machine plays is captured with parec or pw-record, and neither is there: "
    "apt install pulseaudio-utils (PulseAudio) or pipewire-bin (PipeWire)"
)


class PlaybackSource:
    """What goes to the default output, captured by ``parec``, else by ``pw-record``.

    PortAudio does not list the monitors of PulseAudio and PipeWire, so a child process reads them; it ends
    with the iterator. It never ends by itself: where it does, that is an error with the tool's last words.

    Parameters
    ----------
    sample_rate : int
        The engine's rate, Hz.
    """

    live = True

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate

    @property
    def name(self) -> str:
        """``playback``."""
        return "playback"

    def blocks(self) -> Generator[Block, None, None]:
        """Yield what is played when it is played, and an empty block each half second that nothing comes."""
        command = capture_command()
        if command is None:
            raise SourceError(MISSING)
        with tempfile.TemporaryFile() as words, _running(command, words) as stream:
            pipe = PipeSource(stream, RATE, "s16le", sample_rate=self._sample_rate, name=self.name)
            # A pipe that ends at once is an error of its own; here, as at a later end, the tool's words say
            # more.
            with contextlib.suppress(SourceError):
                yield from pipe.blocks()
            words.seek(0)
            lines = words.read().decode(errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
            raise SourceError(
                f"playback: {command[0]} ended ({last}): see whether the sound server runs with: paces-live doctor"
            )


def capture_command() -> list[str] | None:
    """Return the command that writes the default output's monitor to standard output; None without a tool."""
    if shutil.which("parec"):
        return [
            "parec",
            "--device=@DEFAULT_MONITOR@",
            "--format=s16le",
            f"--rate={RATE}",
            "--channels=1",
            "--latency-msec=100",
            "--client-name=paces-live",
        ]
    if shutil.which("pw-record"):
        # Without the property it records the default *source*; only PulseAudio knows the name
        # `<sink>.monitor`.
        command = [
            "pw-record",
            "-P",
            "{ stream.capture.sink=true }",
            "--format=s16",
            f"--rate={RATE}",
            "--channels=1",
        ]
        return [*command, *_raw_option(), "-"]
    return None


def _raw_option() -> list[str]:
    """Return what makes ``pw-record -`` write bare samples: old ones always do, new ones write an AU file."""
    told = subprocess.run(["pw-record", "--help"], capture_output=True, text=True, check=False)
    return ["--raw"] if "--raw" in told.stdout + told.stderr else []


@contextlib.contextmanager
def _running(command: list[str], words: IO[bytes]) -> Iterator[BinaryIO]:
    """Run `command`, its standard error going to `words`, and give its standard output; end it at the end."""
    # A file, not a pipe, for its words: nobody reads them before the end, and a full pipe would stop it.
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words, bufsize=0)
    stream = cast("BinaryIO", process.stdout)
    try:
        yield stream
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        stream.close()
