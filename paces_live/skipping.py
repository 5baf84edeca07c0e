"""Moves a player on from songs that surely do not fit the target."""

from collections.abc import Hashable, Iterator

from paces_live.classifier import Classifier
from paces_live.engine import Engine, EngineConfig
from paces_live.events import Event, Reading
from paces_live.player import Player
from paces_live.sources.block import Source

DOUBT_S = 10.0
"""Settled readings without a match in a row, seconds of audio, that make it sure that a song does not fit."""
PACELESS_S = 60.0
"""A song may be without any pace for so long: introductions of 40 s are known."""


class Mismatch:
    """Judges from its readings whether a song surely does not fit.

    Sure it is only of what is settled: the full window was heard, and all of a song's paces are known. As long as
    something fits, be it a stretch, or where there is no target, it is never sure.
    """

    def __init__(self) -> None:
        self._song: Hashable = None
        self._begun = 0.0
        self._fitted = 0.0
        self._paced = 0.0

    def sure(self, reading: Reading, song: Hashable, target: float | None) -> bool:
        """Take in the next reading, of `song`; tell whether that surely does not fit `target`."""
        if song != self._song:
            self._song, self._fitted, self._paced = song, reading.t, reading.t
        if reading.paces:
            self._paced = reading.t
        if target is None or reading.match or reading.state != "settled":
            self._fitted = reading.t
        return reading.t - self._fitted >= DOUBT_S or (target is not None and reading.t - self._paced >= PACELESS_S)


class SkippingEngine(Engine):
    """An engine that hears a player and lets it skip what does not fit."""

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
            if not isinstance(event, Reading) or playing is None or playing is skipped:
                continue
            if mismatch.sure(event, playing.number, self.target):
                skipped = playing
                self._player.next()
