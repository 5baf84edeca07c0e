"""The sound card: what is handed to it, and how much of that has been heard."""

from collections import deque
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.playback.queue import Track
from paces_live.sources.ring import SampleRing

CHANNELS_MAX = 2


@dataclass(frozen=True, slots=True)
class Output:
    """An output of PortAudio: its index now, its name, its own rate (Hz) and how many channels are used."""

    index: int
    name: str
    rate: int
    channels: int


def list_outputs(portaudio: ModuleType) -> list[Output]:
    """Return all outputs, in PortAudio's order."""
    return [
        Output(
            index=record["index"],
            name=" ".join(record["name"].split()),
            rate=round(record["default_samplerate"]),
            channels=min(CHANNELS_MAX, record["max_output_channels"]),
        )
        for record in portaudio.query_devices()
        if record["max_output_channels"] > 0
    ]


def find_output(portaudio: ModuleType, outputs: list[Output], wanted: str | None) -> Output:
    """Return the output that `wanted` names, fully or in part, or the default; none or several is a `SourceError`."""
    if not outputs:
        raise SourceError("no sound card was found: plug one in, or analyze the files instead: paces-live analyze")
    names = ", ".join(dict.fromkeys(output.name for output in outputs))
    if wanted is None:
        found = [output for output in outputs if output.index == portaudio.default.device[1]]
        if not found:
            raise SourceError(f"the system has no default output: choose one with --output NAME, of: {names}")
        return found[0]
    name = wanted.strip().casefold()
    found = [output for output in outputs if output.name.casefold() == name]
    found = found or [output for output in outputs if name in output.name.casefold()]
    if not name or not found:
        raise SourceError(f"no output is called {wanted!r}: choose one of: {names}")
    if len(found) > 1:
        several = ", ".join(output.name for output in found)
        raise SourceError(f"several outputs are called {wanted!r}: give more of the name of one of: {several}")
    return found[0]


@dataclass(frozen=True, slots=True)
class Play:
    """One time that a track is played: the how-manieth of the run, the track, its place in the playlist, its title."""

    number: int
    track: Track
    place: int
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where what is played is not of one piece.

    Attributes
    ----------
    position : int
        Frames handed to the card before it.
    lost : int
        Frames of silence that the card played there because it ran dry.
    play : Play or None
        What begins there.
    """

    position: int
    lost: int = 0
    play: Play | None = None


class Feed:
    """What goes to the card: filled by the thread that decodes, emptied by the card, whose samples are then heard.

    Each attribute is written by one thread alone: the feeder's, the card's in `callback`, the listener's. Nobody
    waits for anybody, and the callback only copies.

    Parameters
    ----------
    rate, channels : int
        The card's: Hz, and samples in a frame.

    Attributes
    ----------
    ring : SampleRing
        The very samples that were handed to the card, interleaved.
    cuts : deque of Cut
        Where they are not of one piece, in order.
    heard : int
        Frames that have left the card, as it said when it last asked for more.
    calls : int
        How often it asked.
    over : bool
        Whether all was heard, and nothing more comes.
    ended : bool
        Set by the feeder: it has nothing to add to what waits.
    paused : bool
        Set by the listener: the card plays silence, and what waits goes on waiting.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self.rate = rate
        self.channels = channels
        self.ring = SampleRing.of_seconds(rate, channels=channels)
        self.cuts: deque[Cut] = deque()
        self.heard = 0
        self.calls = 0
        self.over = False
        self.ended = False
        self.paused = False
        self._added = 0
        self._earliest = 0
        self._waiting: deque[tuple[Play, NDArray[np.float32]]] = deque()
        self._play: Play | None = None
        self._rest: tuple[Play, NDArray[np.float32]] | None = None
        self._taken = 0
        self._handed = 0
        self._silence = 0
        self._due = 0.0

    def add(self, play: Play, frames: NDArray[np.float32]) -> None:
        """Let `frames`, shape (n, channels), follow what was added before."""
        self._waiting.append((play, frames))
        self._added += len(frames)
        self.ended = False

    def break_off(self, number: int) -> None:
        """Play no more of the plays below `number`."""
        self._earliest = number

    @property
    def ahead_s(self) -> float:
        """Seconds of music that wait for the card."""
        return (self._added - self._taken) / self.rate

    @property
    def all_heard(self) -> bool:
        """Whether the card holds nothing but silence."""
        return self.heard >= self._handed

    def give_up_card(self) -> None:
        """Count what the card still holds as heard, for it never will be; only once the card is closed."""
        self.heard = self._handed

    def rewind_clock(self) -> None:
        """Make ready for a card that starts with nothing in it; only while it does not run."""
        self._silence = 0
        self._due = 0.0

    def callback(self, outdata: NDArray[np.float32], frames: int, time: Any, status: Any) -> None:
        """Hand the next `frames` to the card; called by PortAudio's thread."""
        self.calls += 1
        leaves = time.outputBufferDacTime
        in_card = round((leaves - time.currentTime) * self.rate)
        self.heard = max(self.heard, self._handed - max(0, in_card - self._silence))
        if status.output_underflow and self._due and not self._silence:
            self.cuts.append(Cut(self._handed, lost=max(1, round((leaves - self._due) * self.rate))))
        self._due = leaves + frames / self.rate
        # Asked before: what the feeder adds meanwhile is neither played nor the end.
        ended = self.ended
        filled = 0 if self.paused else self._fill(outdata)
        outdata[filled:] = 0.0
        self.ring.write(outdata[:filled].reshape(-1))
        self._handed += filled
        self._silence = frames - filled if filled else self._silence + frames
        if self.paused or filled == frames:
            return
        if not ended and self._play:
            self.cuts.append(Cut(self._handed, lost=frames - filled))
        elif not filled and self.all_heard:
            self.over = True

    def _fill(self, outdata: NDArray[np.float32]) -> int:
        """Copy what waits into `outdata`; return how many frames there were."""
        filled = 0
        while filled < len(outdata) and (waiting := self._next()):
            play, frames = waiting
            if play is not self._play:
                self._play = play
                self.cuts.append(Cut(self._handed + filled, play=play))
            part = frames[: len(outdata) - filled]
            outdata[filled : filled + len(part)] = part
            filled += len(part)
            self._taken += len(part)
            self._rest = (play, frames[len(part) :])
        return filled

    def _next(self) -> tuple[Play, NDArray[np.float32]] | None:
        """Return the frames that come next, at least one; those of plays that were broken off are passed over."""
        while self._rest is None or not len(self._rest[1]) or self._rest[0].number < self._earliest:
            self._taken += len(self._rest[1]) if self._rest else 0
            self._rest = None
            if not self._waiting:
                return None
            self._rest = self._waiting.popleft()
        return self._rest
