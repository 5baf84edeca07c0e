"""The sound card: what is handed to it, and how much of that has been heard."""

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.collection.items import Item
from paces_live.events import Track
from paces_live.sources.ring import SampleRing


@dataclass(frozen=True, slots=True)
class Play:
    """One play of an item.

    Attributes
    ----------
    number : int
        Counts the plays of a run.
    item : Item
    place : int
        Place of the item in the queue.
    track : Track or None
        What the item is called.
    """

    number: int
    item: Item
    place: int
    track: Track | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where the sound is not continuous.

    Attributes
    ----------
    position : int
        Frames that were handed to the card before it.
    lost : int
        Frames of silence that the card played there because it ran dry.
    play : Play or None
        What begins there.
    """

    position: int
    lost: int = 0
    play: Play | None = None


class Feed:
    """What goes to the card: the feeder thread fills it, and the card empties it.

    Only one thread writes each attribute: the feeder's, the card's in `callback`, or the reader's. No thread waits for
    another, and the callback only copies.

    Parameters
    ----------
    rate, channels : int
        The card's: Hz, and samples in a frame.

    Attributes
    ----------
    ring : SampleRing
        The samples that were handed to the card, interleaved.
    cuts : deque of Cut
        Places where they are not continuous, in order.
    heard : int
        Frames that had left the card when it last asked for more.
    calls : int
        Number of times that it asked.
    over : bool
        Whether everything was heard, and nothing more comes.
    ended : bool
        Set by the feeder: it has nothing to add.
    looking : bool
        Set by the feeder: it does not know yet what to add. Silence until it adds something is no loss.
    paused : bool
        Set by the reader: the card plays silence, and the music waits.
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
        self.looking = False
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
        """Add `frames`, shape (n, channels), after those added before."""
        self._waiting.append((play, frames))
        self._added += len(frames)
        self.ended = self.looking = False

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
        """Count what the card still holds as heard, because nobody ever will hear it; only once the card is closed."""
        self.heard = self._handed

    def rewind_clock(self) -> None:
        """Get ready for a card that starts empty; only while it does not run."""
        self._silence = 0
        self._due = 0.0

    def callback(self, outdata: NDArray[np.float32], frames: int, time: Any, status: Any) -> None:
        """Hand the next `frames` to the card; a thread of PortAudio calls this."""
        self.calls += 1
        leaves = time.outputBufferDacTime
        in_card = round((leaves - time.currentTime) * self.rate)
        self.heard = max(self.heard, self._handed - max(0, in_card - self._silence))
        if status.output_underflow and self._due and not self._silence:
            self.cuts.append(Cut(self._handed, lost=max(1, round((leaves - self._due) * self.rate))))
        self._due = leaves + frames / self.rate
        # Asked before: frames that the feeder adds in the meantime are neither played nor the end.
        ended, looking = self.ended, self.looking
        filled = 0 if self.paused else self._fill(outdata)
        outdata[filled:] = 0.0
        self.ring.write(outdata[:filled].reshape(-1))
        self._handed += filled
        self._silence = frames - filled if filled else self._silence + frames
        if self.paused or filled == frames or (looking and not ended):
            return
        if not ended and self._play:
            self.cuts.append(Cut(self._handed, lost=frames - filled))
        elif not filled and self.all_heard:
            self.over = True

    def _fill(self, outdata: NDArray[np.float32]) -> int:
        """Copy what waits into `outdata`; return the number of frames."""
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
        """Return the next frames, at least one; those of plays that were broken off are skipped."""
        while self._rest is None or not len(self._rest[1]) or self._rest[0].number < self._earliest:
            self._taken += len(self._rest[1]) if self._rest else 0
            self._rest = None
            if not self._waiting:
                return None
            self._rest = self._waiting.popleft()
        return self._rest
