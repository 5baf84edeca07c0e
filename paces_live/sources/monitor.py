"""The sound that this machine plays: the monitor of an output, or one player, through the server's capture tool."""

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
"""Sample rate that the sound server is asked for, Hz."""
END_S = 2.0
"""Time that the capture tool has to end after it was asked to, seconds."""
INSTALL = "apt install pulseaudio-utils (PulseAudio) or pipewire-bin (PipeWire)"
"""What installs a capture tool."""


class MonitorSource:
    """The sound of an output or of one player, captured by ``parec``, or else by ``pw-record``.

    PortAudio does not list the monitors of PulseAudio and PipeWire, so a child process reads them; it ends with the
    iterator. If the output, the player or the server goes away, it is opened again by its name when it returns. If
    another output becomes the default, the source follows.

    Parameters
    ----------
    sample_rate : int
        Sample rate of the blocks, Hz.
    output : str, optional
        Name of the output or a part of it; the default output if it is missing. Needs ``parec``.
    player : str, optional
        Name of the player or a part of it: only this program is heard. Needs ``parec``.
    """

    live = True

    def __init__(self, sample_rate: int, *, output: str | None = None, player: str | None = None) -> None:
        self._sample_rate = sample_rate
        self._output = output
        self._player = player
        self._reconnection = Reconnection("player" if player else "output", sample_rate)

    @property
    def name(self) -> str:
        """``monitor``, ``monitor:NAME`` or ``player:NAME``, as asked for."""
        if self._player:
            return f"player:{self._player}"
        return f"monitor:{self._output}" if self._output else "monitor"

    def blocks(self) -> Generator[Block, None, None]:
        """Yield samples as they are played, and an empty block every half second without data; see `Source.blocks`."""
        return self._reconnection.blocks(self._connect)

    def _connect(self) -> Generator[Block, None, None]:
        tool = capture_tool()
        if tool is None:
            raise SourceError(
                "neither parec nor pw-record is installed, which capture what the machine plays",
                hint=INSTALL,
                code="source.no_capture_tool",
            )
        if tool == "pw-record":
            if self._output or self._player:
                raise SourceError(
                    f"{self.name} needs parec and pactl",
                    hint="apt install pulseaudio-utils",
                    code="source.no_capture_tool",
                )
            yield from self._captured(_pw_record(), lambda: False)
            return
        tap = self._tap()
        with _changes() as changed:
            yield from self._captured(_parec(tap), lambda: changed() and self._tap() != tap)

    def _tap(self) -> str:
        """Return the option with which ``parec`` captures what is wanted, as things are now."""
        if self._player:
            return f"--monitor-stream={pulse.find_program(pulse.programs(), self._player).index}"
        return f"--device={pulse.find_sink(pulse.sinks(), self._output).monitor}"

    def _captured(self, command: list[str], elsewhere: Callable[[], bool]) -> Generator[Block, None, None]:
        """Yield what `command` captures until it ends, or until what is wanted is `elsewhere`."""
        with tempfile.TemporaryFile() as words, _running(command, words) as stream:
            for samples in PipeSource(stream, RATE, "s16le", sample_rate=self._sample_rate, name=self.name).samples():
                if elsewhere():
                    raise SourceError(f"{self.name}: the output is another one now")
                yield Block(samples)
            words.seek(0)
            lines = words.read().decode(errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
            raise SourceError(
                f"{self.name}: {command[0]} ended ({last})",
                hint="check that the sound server runs: paces-live doctor",
            )


def capture_tool() -> str | None:
    """Return the program that captures what is played; None if there is none."""
    if shutil.which("parec") and shutil.which("pactl"):
        return "parec"
    return "pw-record" if shutil.which("pw-record") else None


def _parec(tap: str) -> list[str]:
    return [
        *("parec", tap, "--format=s16le", f"--rate={RATE}", "--channels=1"),
        *("--latency-msec=100", "--client-name=paces-live"),
    ]


def _pw_record() -> list[str]:
    """Return the command that captures the default output; with PipeWire it follows if another becomes the default."""
    answer = subprocess.run(["pw-record", "--help"], capture_output=True, text=True, check=False)
    # Old versions always write bare samples, new ones an AU file.
    raw = ["--raw"] if "--raw" in answer.stdout + answer.stderr else []
    # Without the property it records the default *source*. Only PulseAudio knows the name `<sink>.monitor`.
    tap = ["-P", "{ stream.capture.sink=true }"]
    return ["pw-record", *tap, "--format=s16", f"--rate={RATE}", "--channels=1", *raw, "-"]


@contextlib.contextmanager
def _changes() -> Iterator[Callable[[], bool]]:
    """Give a function that returns whether outputs came, went or changed since it was last called.

    If an output goes away, the server moves its capture to any other source, and leaves it there.
    """
    with tempfile.TemporaryFile() as words, _running(["pactl", "subscribe"], words) as stream:

        def changed() -> bool:
            news = b""
            while select.select([stream], [], [], 0.0)[0] and (chunk := os.read(stream.fileno(), 4096)):
                news += chunk
            return any(event in news for event in (b"'new' on sink #", b"'remove' on sink #", b"on server"))

        yield changed


@contextlib.contextmanager
def _running(command: list[str], words: IO[bytes]) -> Iterator[BinaryIO]:
    """Run `command`, write its standard error to `words`, give its standard output, and end it at the end."""
    # A file, not a pipe: nobody reads it before the end, and a full pipe would stop the command.
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
