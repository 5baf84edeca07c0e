"""What the machine itself plays: the monitor of an output, or one player, through the server's own capture tool."""

import contextlib
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from typing import IO, BinaryIO, cast

from paces_live.errors import SourceError
from paces_live.sources import pulse
from paces_live.sources.block import Block
from paces_live.sources.pcm import PipeSource
from paces_live.sources.reconnect import Reconnection

RATE = 44_100
"""Rate asked of the sound server, Hz."""
END_S = 2.0
"""Time that the capture tool has to end after it was asked to."""
MISSING = (
    "what the machine plays is captured with parec or pw-record, and neither is there: "
    "apt install pulseaudio-utils (PulseAudio) or pipewire-bin (PipeWire)"
)


class PlaybackSource:
    """What goes to an output, or what one player plays, captured by ``parec``, else by ``pw-record``.

    PortAudio does not list the monitors of PulseAudio and PipeWire, so a child process reads them; it ends with the
    iterator. Where the output, the player or the server goes away it is looked for by its name until it is back; the
    default output is followed when another becomes it.

    Parameters
    ----------
    sample_rate : int
        The engine's rate, Hz.
    output : str, optional
        The output's name or a part of it; otherwise the default output. Needs ``parec``.
    player : str, optional
        The player's name or a part of it: of all that is played, this alone. Needs ``parec``.
    """

    live = True

    def __init__(self, sample_rate: int, *, output: str | None = None, player: str | None = None) -> None:
        self._sample_rate = sample_rate
        self._output = output
        self._player = player
        self._reconnection = Reconnection("player" if player else "playback", sample_rate)

    @property
    def name(self) -> str:
        """``playback``, ``playback:NAME`` or ``player:NAME``, as asked for."""
        if self._player:
            return f"player:{self._player}"
        return f"playback:{self._output}" if self._output else "playback"

    @property
    def note(self) -> str | None:
        """That it is gone, and when it is tried again."""
        return self._reconnection.note

    def blocks(self) -> Generator[Block, None, None]:
        """Yield what is played when it is played, and an empty block each half second that nothing comes."""
        return self._reconnection.blocks(self._session)

    def _session(self) -> Generator[Block, None, None]:
        tool = capture_tool()
        if tool is None:
            raise SourceError(MISSING)
        if tool == "pw-record":
            if self._output or self._player:
                raise SourceError(f"{self.name} needs parec and pactl: apt install pulseaudio-utils")
            yield from self._captured(_pw_record(), lambda: False)
            return
        tap = self._tap()
        with _news() as changed:
            yield from self._captured(_parec(tap), lambda: changed() and self._tap() != tap)

    def _tap(self) -> str:
        """Return the option that lets ``parec`` hear what is wanted, as things are now."""
        if self._player:
            return f"--monitor-stream={pulse.find_player(pulse.players(), self._player).index}"
        return f"--device={pulse.find_output(pulse.outputs(), self._output).monitor}"

    def _captured(self, command: list[str], elsewhere: Callable[[], bool]) -> Generator[Block, None, None]:
        """Yield what `command` captures until it ends or what is wanted is `elsewhere`."""
        with tempfile.TemporaryFile() as words, _running(command, words) as stream:
            for samples in PipeSource(stream, RATE, "s16le", sample_rate=self._sample_rate, name=self.name).samples():
                if elsewhere():
                    raise SourceError(f"{self.name}: the output is another one now")
                yield Block(samples)
            words.seek(0)
            lines = words.read().decode(errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
            raise SourceError(
                f"{self.name}: {command[0]} ended ({last}): see whether the sound server runs with: paces-live doctor"
            )


def capture_tool() -> str | None:
    """Return the program that captures what is played; None where there is none."""
    if shutil.which("parec") and shutil.which("pactl"):
        return "parec"
    return "pw-record" if shutil.which("pw-record") else None


def _parec(tap: str) -> list[str]:
    return [
        *("parec", tap, "--format=s16le", f"--rate={RATE}", "--channels=1"),
        *("--latency-msec=100", "--client-name=paces-live"),
    ]


def _pw_record() -> list[str]:
    """Return what captures the default output; PipeWire lets it follow where another becomes that."""
    told = subprocess.run(["pw-record", "--help"], capture_output=True, text=True, check=False)
    # Old ones always write bare samples, new ones an AU file.
    raw = ["--raw"] if "--raw" in told.stdout + told.stderr else []
    # Without the property it records the default *source*; only PulseAudio knows the name `<sink>.monitor`.
    tap = ["-P", "{ stream.capture.sink=true }"]
    return ["pw-record", *tap, "--format=s16", f"--rate={RATE}", "--channels=1", *raw, "-"]


@contextlib.contextmanager
def _news() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether outputs came, went or changed places since it was last called.

    The server moves a capture whose output goes away to any other source, and leaves it there.
    """
    with tempfile.TemporaryFile() as words, _running(["pactl", "subscribe"], words) as stream:

        def changed() -> bool:
            told = b""
            while select.select([stream], [], [], 0.0)[0] and (chunk := os.read(stream.fileno(), 4096)):
                told += chunk
            return any(event in told for event in (b"'new' on sink #", b"'remove' on sink #", b"on server"))

        yield changed


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
