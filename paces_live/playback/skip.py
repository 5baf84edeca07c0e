"""Moves a player on from songs that surely do not fit the target."""

from collections.abc import Hashable, Iterator

from paces_live.analysis.classifier import Classifier
from paces_live.analysis.song_change import INTRODUCTION_S
from paces_live.events import Event, Reading
from paces_live.playback.player import Player
from paces_live.session.engine import Engine, EngineConfig
from paces_live.sources.block import Source

DOUBT_S = 10.0
"""Settled readings in a row that all match, or of which none does, make sure what a song is; seconds of audio."""
PACELESS_S = 60.0
"""A song that had no pace for so long has none: the longest introductions are over by then."""


class Mismatch:
    """Judges from the readings of a song whether it surely does not fit the target.

    Sure it is when the introduction is over and nothing has matched for a while, be it a stretch, though the full
    window was heard. A song that has matched for as long fits, whatever comes in its course.
    """

    def __init__(self) -> None:
        self._song: Hashable = None
        self._target: float | None = None
        self._begun = self._paced = 0.0
        self._matched = self._unmatched = 0.0
        self._fits = False

    def sure(self, reading: Reading, song: Hashable, target: float | None) -> bool:
        """Take in the next reading, of `song`; tell whether that surely does not fit `target`."""
        now = reading.t
        if song != self._song:
            self._begun = self._paced = now
        if song != self._song or target != self._target:
            self._song, self._target, self._fits = song, target, False
            self._matched = self._unmatched = now
        if reading.paces:
            self._paced = now
        if reading.match or reading.state != "settled":
            self._matched = now
        if not reading.match or reading.state != "settled":
            self._unmatched = now
        self._fits = self._fits or now - self._unmatched >= DOUBT_S
        if target is None or self._fits:
            return False
        if now - self._paced >= PACELESS_S:
            return True
        return now - self._begun >= INTRODUCTION_S and now - self._matched >= DOUBT_S


class SkippingEngine(Engine):
    """An engine that hears a player and lets it go on from what surely does not fit."""

    def __init__(self, classifier: Classifier, config: EngineConfig, player: Player) -> None:
        super().__init__(classifier, config)
        self._player = player

    def events(self, source: Source) -> Iterator[Event]:
        """Yield what `Engine.events` does."""
        mismatch = Mismatch()
        skipped = None
        for event in super().events(source):
            yield event
            playing = self._player.playing
            if not isinstance(event, Reading) or playing is None or playing.number == skipped:
                continue
            if mismatch.sure(event, playing.number, self.target):
                skipped = playing.number
                self._player.next()
