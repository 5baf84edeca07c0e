"""Plays files through the sound card and gives what is heard to whoever analyses it: one clock for both."""

import math
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.playback.feeder import POLL_S, READY_S, Feeder
from paces_live.playback.output import Feed, Play, find_output, list_outputs
from paces_live.playback.queue import Playlist, Unplayable
from paces_live.sources.block import Block
from paces_live.sources.microphone import load_portaudio, look_again, reason, stable_name
from paces_live.sources.reconnect import Reconnection
from paces_live.sources.resample import MonoResampler

LATENCY_S = 0.4
"""Sound in the card: enough that a busy machine does not run dry, short for whoever presses a key."""
STALLED_S = 5.0
"""A card that asks for nothing for so long is taken for gone; a sound server may need 2 s to start."""
RESTART_S = 3.0
"""A song heard for longer is begun again by `Controls.previous`, as players do."""


class Controls(Protocol):
    """What a user interface needs to steer a player; may be called from any thread, and returns at once."""

    def next(self) -> None:
        """Go on with the next song."""

    def previous(self) -> None:
        """Begin the song again; near its beginning, go back to the one before."""

    def pause(self, paused: bool) -> None:
        """Stop the card and the clock, or go on where they stopped."""


class Player:
    """A source that plays: its blocks are what has left the sound card, and its time is the card's.

    A thread of its own decodes, the card's thread copies, and whoever takes the blocks gets the very samples that the
    card got, when they were heard. What was played between two blocks but lost to silence because the card ran dry is
    in `Block.dropped`, and so is what was not taken within 25 s. A file is a song, and ends one.

    Parameters
    ----------
    playlist : Playlist
        What to play; files that cannot be read are left out and told in `failures`.
    sample_rate : int
        The engine's rate, Hz.
    output : str or None
        The output's name or a part of it, in any case; None is the system's default.

    Attributes
    ----------
    playing : Play or None
        What is heard now.
    heard_s : float
        Seconds heard of it.
    """

    live = True

    def __init__(self, playlist: Playlist, sample_rate: int, *, output: str | None = None) -> None:
        self._playlist = playlist
        self._sample_rate = sample_rate
        self._output = output
        self._name = output or "default"
        self._feeder = Feeder(playlist)
        self._listener: _Listener | None = None
        self._reconnection = Reconnection("sound card", sample_rate, waits=True)
        self._place = 0
        self._paused = False
        self.playing: Play | None = None
        self.heard_s = 0.0

    @property
    def failures(self) -> tuple[Unplayable, ...]:
        """The files that could not be read, so far."""
        return tuple(self._feeder.failures)

    @property
    def name(self) -> str:
        """``play:`` and the output's full name; before it is opened, the name asked for or ``default``."""
        return f"play:{self._name}"

    @property
    def title(self) -> str | None:
        """Title of the song that is heard now."""
        return self.playing.title if self.playing else None

    @property
    def note(self) -> str | None:
        """What a listener should know of the player now; first of all that its card is gone."""
        if self._reconnection.note:
            return self._reconnection.note
        if self._paused:
            return "paused"
        return f"cannot play {self.failures[-1].path.name}" if self.failures else None

    def next(self) -> None:
        """Go on with the next song; after the last one, end."""
        self._go_to(self._place + 1)

    def previous(self) -> None:
        """Begin the song again; in its first seconds, go back to the one before."""
        self._go_to(self._place if self.heard_s > RESTART_S else self._playlist.preceding(self._place))

    def pause(self, paused: bool) -> None:
        """Stop the card and the clock, or go on where they stopped."""
        self._paused = paused

    def _go_to(self, place: int) -> None:
        # Known at once, so that two keys pressed in a row are two songs; the songs follow as the card gets them.
        self._place = place
        self.heard_s = 0.0
        self._feeder.go_to(place)

    def blocks(self) -> Generator[Block, None, None]:
        """Play, and yield what was heard, at least every half second, until all was; see `Source.blocks`."""
        try:
            yield from self._reconnection.blocks(self._session)
        finally:
            self._feeder.close()

    def _session(self) -> Generator[Block, None, None]:
        """Open the card, play and yield what was heard until all was, or until the card is gone: a `SourceError`."""
        portaudio = load_portaudio()
        if self._listener:
            look_again(portaudio)
        outputs = list_outputs(portaudio)
        output = find_output(portaudio, outputs, self._output)
        self._name = output.name
        # Whatever the system's default is by then, what is looked for again is the same card.
        self._output = stable_name(output.name, [one.name for one in outputs])
        # What was decoded ahead goes to the card that comes back.
        feed = self._listener.feed if self._listener else Feed(output.rate, output.channels)
        try:
            stream = portaudio.OutputStream(
                device=output.index,
                samplerate=feed.rate,
                channels=feed.channels,
                dtype="float32",
                blocksize=0,
                latency=LATENCY_S,
                callback=feed.callback,
            )
        except portaudio.PortAudioError as error:
            raise SourceError(f"{self.name} cannot be opened ({reason(error)}): {_BUSY}") from error
        if self._listener is None:
            self._listener = _Listener(feed, self._sample_rate, self.name)
            self._feeder.start(feed)
        try:
            yield from self._hear(self._listener, stream)
        except portaudio.PortAudioError as error:
            raise SourceError(f"{self.name} cannot be started ({reason(error)}): {_BUSY}") from error
        finally:
            # A card that is gone cannot be stopped.
            with suppress(portaudio.PortAudioError):
                stream.abort()
            with suppress(portaudio.PortAudioError):
                stream.close()
            self._listener.lose()

    def _hear(self, listener: "_Listener", stream: Any) -> Iterator[Block]:
        """Run the card and yield what has left it."""
        feed = listener.feed
        calls, moved = -1, time.monotonic()
        while not feed.over:
            for block in listener.blocks():
                if listener.play and listener.play is not self.playing:
                    self.playing, self._place, self.heard_s = listener.play, listener.play.place, 0.0
                self.heard_s += len(block.samples) / self._sample_rate
                yield block
            if self._feeder.fault:
                raise self._feeder.fault
            self._start_or_stop(feed, stream)
            if stream.stopped or feed.calls != calls:
                calls, moved = feed.calls, time.monotonic()
            elif not stream.active or time.monotonic() - moved > STALLED_S:
                raise SourceError(f"{self.name} takes no more sound: check its plug, then start again")
            time.sleep(POLL_S)
        yield from listener.blocks()
        yield listener.end()

    def _start_or_stop(self, feed: Feed, stream: Any) -> None:
        """Let the card run while there is something to play."""
        feed.paused = self._paused
        if stream.stopped and not self._paused and (feed.ahead_s >= READY_S or feed.ended):
            feed.rewind_clock()
            stream.start()
        elif not stream.stopped and self._paused and feed.all_heard:
            # Not stop: with a sound server it was measured to wait for 2 s; what it would wait for is silence.
            stream.abort()


class _Listener:
    """Turns what has left the card into blocks, cut where songs begin and where something was lost."""

    def __init__(self, feed: Feed, sample_rate: int, name: str) -> None:
        self.feed = feed
        self._sample_rate = sample_rate
        self._name = name
        self._resampler = MonoResampler(feed.rate, sample_rate, name=name)
        self._lost = 0
        self._gone_at: int | None = None
        self.play: Play | None = None

    def lose(self) -> None:
        """Let what a closed card still held be lost, not heard; the next blocks tell."""
        self._gone_at = self.feed.heard
        self.feed.give_up_card()

    def blocks(self) -> Iterator[Block]:
        """Yield what is new, at least an empty block."""
        heard = self.feed.heard
        while self.feed.cuts and self.feed.cuts[0].position <= heard:
            cut = self.feed.cuts.popleft()
            yield from self._until(cut.position)
            yield self.end(song=self.play is not None and cut.play is not None)
            self._lost += cut.lost
            self.play = cut.play or self.play
        yield from self._until(heard)
        self._gone_at = None

    def end(self, *, song: bool = False) -> Block:
        """Return the rest of what is of one piece, or of a song: the resampler must not join it to what comes then."""
        samples = self._resampler.flush()
        self._resampler = MonoResampler(self.feed.rate, self._sample_rate, name=self._name)
        return self._block(samples, ends=song)

    def _until(self, position: int) -> Iterator[Block]:
        """Yield what was heard before `position`, a count of frames."""
        channels = self.feed.channels
        if self._gone_at is not None and position > self._gone_at:
            gone_at, self._gone_at = self._gone_at, None
            yield from self._until(gone_at)
            yield self.end()
            self._gone_at = gone_at
            values, missed = self.feed.ring.read(position * channels)
            self._lost += (len(values) + missed) // channels
            return
        values, missed = self.feed.ring.read(position * channels)
        if missed:
            yield self.end()
            self._lost += missed // channels
        yield self._block(self._resampler.push(values.reshape(-1, channels)))

    def _block(self, samples: NDArray[np.float32], *, ends: bool = False) -> Block:
        dropped = math.ceil(self._lost * self._sample_rate / self.feed.rate)
        self._lost = 0
        return Block(samples, dropped, ends)


_BUSY = "close other programs that use it, or choose another with --output"
