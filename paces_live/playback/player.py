"""Plays files through the sound card, and gives the blocks that were heard: one clock for both."""

import math
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from paces_live.collection.items import Unreadable
from paces_live.errors import SourceError
from paces_live.events import Condition
from paces_live.playback.feeder import POLL_S, READY_S, Feeder
from paces_live.playback.look_ahead import LookAhead
from paces_live.playback.output import Feed, Play
from paces_live.playback.queue import Queue, UndecidedError
from paces_live.sources import portaudio
from paces_live.sources.block import Block
from paces_live.sources.reconnect import Reconnection
from paces_live.sources.resample import MonoResampler
from paces_live.text import shown_path

LATENCY_S = 0.4
"""Sound in the card, seconds: enough for a busy machine, short for someone who presses a key."""
CHANNELS_MAX = 2
"""Most channels that are played: more are mixed down."""
STALLED_S = 5.0
"""Time after which a card that asks for nothing is gone, seconds; a sound server may need 2 s to start."""
RESTART_S = 3.0
"""Time after which `Controls.previous` restarts the song, seconds, as other players do."""


class Controls(Protocol):
    """What a user interface needs to control a player; callable from any thread, and quick."""

    def next(self) -> None:
        """Play the next song."""

    def previous(self) -> None:
        """Restart the song; near its beginning, go back to the one before."""

    def pause(self, paused: bool) -> None:
        """Stop the card and the clock, or go on where they stopped."""


class Player:
    """A source that plays: its blocks are what has left the sound card, and its time is the card's.

    A thread of its own decodes, and the card's thread copies. The blocks are the samples that the card got, when they
    were heard. Silence that the card played because it ran dry is in `Block.dropped`, and so are samples that nobody
    took within 25 s. Each file is a song.

    Parameters
    ----------
    queue : Queue
        What to play; files that cannot be read are left out, and listed in `failures`.
    sample_rate : int
        Sample rate of the blocks, Hz.
    output : str or None
        Name of the sound card or a part of it, in any case; None is the default of the system.
    look_ahead : LookAhead, optional
        Knows which items of the queue match: the player says what it does, and fails if none does.

    Attributes
    ----------
    playing : Play or None
        What is heard now.
    heard_s : float
        Seconds heard of it.
    """

    live = True

    def __init__(
        self, queue: Queue, sample_rate: int, *, output: str | None = None, look_ahead: LookAhead | None = None
    ) -> None:
        self._queue = queue
        self._sample_rate = sample_rate
        self._output = output
        self._look_ahead = look_ahead
        self._name = output or "default"
        self._feeder = Feeder(queue)
        self._heard: _Heard | None = None
        self._reconnection = Reconnection("sound card", sample_rate, waits=True)
        self._place = 0
        self._paused = False
        self._left: Play | None = None
        self.playing: Play | None = None
        self.heard_s = 0.0

    @property
    def failures(self) -> tuple[Unreadable, ...]:
        """The files that could not be read, so far."""
        return tuple(self._feeder.failures)

    @property
    def name(self) -> str:
        """``play:`` and the full name of the sound card; before it is open, the name asked for or ``default``."""
        return f"play:{self._name}"

    @property
    def condition(self) -> Condition | None:
        """What is wrong with the player; most important is that its card is gone."""
        if self._reconnection.condition:
            return self._reconnection.condition
        if self._paused:
            return Condition("paused", "paused")
        if self._look_ahead and self._feeder.looking:
            return Condition("waiting", self._look_ahead.progress)
        if self.playing and (damaged_s := self._feeder.damaged_s.get(self.playing.number)):
            return Condition(
                "lost_audio", f"{damaged_s:.2f} s of {shown_path(self.playing.item.path.name)} are damaged"
            )
        if self.failures:
            return Condition("unplayable", f"cannot play {shown_path(self.failures[-1].path.name)}")
        return None

    def next(self) -> None:
        """Play the next song, and call this one skipped; after the last one, end."""
        self._left = self.playing
        self.pass_over()

    def pass_over(self) -> None:
        """Play the next song because this one does not match; after the last one, end."""
        place = self._place + 1
        with suppress(UndecidedError):
            found = self._queue.following(place)
            place = found[0] if found else place
        self._go_to(place)

    def previous(self) -> None:
        """Restart the song; in its first seconds, go back to the one before."""
        self._left = self.playing
        back = self._queue.preceding(self._place) if self.heard_s <= RESTART_S else self._place
        self._go_to(back, exactly=True)

    def pause(self, paused: bool) -> None:
        """Stop the card and the clock, or go on where they stopped."""
        self._paused = paused

    def _go_to(self, place: int, *, exactly: bool = False) -> None:
        # Known immediately, so that two keys in a row are two songs; the songs follow when the card gets them.
        self._place = place
        self.heard_s = 0.0
        self._feeder.go_to(place, exactly=exactly)

    def blocks(self) -> Generator[Block, None, None]:
        """Play, and yield what was heard, at least every half second, to the end; see `Source.blocks`.

        Raises
        ------
        SourceError
            There is no such sound card, or no song matches.
        """
        try:
            for block in self._reconnection.blocks(self._connect):
                track = self.playing.track if self.playing else None
                yield replace(block, condition=self.condition, track=track)
            if self._look_ahead and (failure := self._look_ahead.failure):
                raise failure
        finally:
            self._feeder.close()

    def _connect(self) -> Generator[Block, None, None]:
        """Open the card, play, and yield what was heard, to the end or until the card is gone: a `SourceError`."""
        if self._heard:
            portaudio.refresh()
        cards = portaudio.devices("output")
        card = portaudio.find(cards, self._output, "output")
        self._name = card.name
        # Even if the system has another default by then, we look for the same card again.
        self._output = portaudio.stable_name(card.name, [one.name for one in cards])
        # Music that was decoded ahead goes to the card that returns.
        feed = self._heard.feed if self._heard else Feed(card.rate, min(CHANNELS_MAX, card.channels))
        opening = portaudio.stream(
            "output",
            card,
            channels=feed.channels,
            latency=LATENCY_S,
            callback=feed.callback,
            rate=feed.rate,
            name=self.name,
        )
        opened = False
        try:
            with opening as stream:
                opened = True
                if self._heard is None:
                    self._heard = _Heard(feed, self._sample_rate, self.name)
                    self._feeder.start(feed)
                yield from self._play(self._heard, stream)
        finally:
            # Only now: the card counts frames until it is closed.
            if opened and self._heard:
                self._heard.lose()

    def _play(self, heard: "_Heard", stream: Any) -> Iterator[Block]:
        """Run the card, and yield what has left it."""
        feed = heard.feed
        calls, moved = -1, time.monotonic()
        while not feed.over:
            for block in heard.blocks():
                if heard.play and heard.play is not self.playing:
                    self.playing, self._place, self.heard_s = heard.play, heard.play.place, 0.0
                self.heard_s += len(block.samples) / self._sample_rate
                yield replace(block, skipped=block.ends and self.playing is self._left)
            if self._feeder.error:
                raise self._feeder.error
            self._start_or_stop(feed, stream)
            if stream.stopped or feed.calls != calls:
                calls, moved = feed.calls, time.monotonic()
            elif not stream.active or time.monotonic() - moved > STALLED_S:
                raise SourceError(f"{self.name} takes no more sound", hint="check its plug, then start again")
            time.sleep(POLL_S)
        yield from heard.blocks()
        skipped = self.playing is not None and self.playing is self._left
        yield replace(heard.end(), ends=skipped, skipped=skipped)

    def _start_or_stop(self, feed: Feed, stream: Any) -> None:
        """Let the card run while there is something to play."""
        feed.paused = self._paused
        if stream.stopped and not self._paused and (feed.ahead_s >= READY_S or feed.ended):
            feed.rewind_clock()
            stream.start()
        elif not stream.stopped and self._paused and feed.all_heard:
            # Not stop: with a sound server it waited for 2 s (measured), and only for silence.
            stream.abort()


class _Heard:
    """Turns what has left the card into blocks, cut at the beginnings of songs and at losses."""

    def __init__(self, feed: Feed, sample_rate: int, name: str) -> None:
        self.feed = feed
        self._sample_rate = sample_rate
        self._name = name
        self._resampler = MonoResampler(feed.rate, sample_rate, name=name)
        self._lost = 0
        self._gone_at: int | None = None
        self.play: Play | None = None

    def lose(self) -> None:
        """Count what a closed card still held as lost; the next blocks say so."""
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
        """Return the rest of a continuous stretch, or of a song: the resampler must not join it to the next."""
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
        return Block(samples, dropped, ends=ends)
