"""Sessions for tests: a classifier with known paces, a source of given blocks, and events checked by the schema."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from paces_live.analysis.classifier import Classifier, FixedClassifier
from paces_live.errors import SourceError
from paces_live.events import Event, Reading, Song
from paces_live.match import Listener
from paces_live.render.json_lines import event_line
from paces_live.session import Session, run
from paces_live.sources import ArraySource, Block
from tests.support.schemas import validated
from tests.support.signals import RATE, Samples


def only(*tempi: float) -> FixedClassifier:
    """Return a classifier that finds exactly these tempi compatible."""
    return FixedClassifier(lambda spm: 0.95 if any(abs(spm / tempo - 1.0) < 0.015 for tempo in tempi) else 0.05)


def checked(events: Iterable[Event]) -> Iterator[Event]:
    """Yield each of `events` after validating its JSON form by the schema."""
    for event in events:
        validated(event_line(event, Listener(), rejected=True))
        yield event


def hear(
    samples: Samples, classifier: Classifier, block: int = 4096, listeners: Sequence[Listener] = ()
) -> list[Event]:
    """Return the events of a session that gets `samples` in blocks of `block` samples."""
    return list(checked(run(ArraySource(samples, RATE, RATE, block=block), Session(classifier), listeners=listeners)))


def readings(events: Iterable[Event]) -> list[Reading]:
    return [event for event in events if isinstance(event, Reading)]


def songs(events: Iterable[Event]) -> list[Song]:
    return [event for event in events if isinstance(event, Song)]


def without_load(event: Event) -> Event:
    return replace(event, health=replace(event.health, load=0.0)) if isinstance(event, Reading) else event


@dataclass
class Blocks:
    """A source of given blocks, which may fail at the end."""

    given: Iterable[Block]
    failure: str | None = None
    name: str = "blocks"
    live: bool = False

    def blocks(self) -> Generator[Block, None, None]:
        yield from self.given
        if self.failure:
            raise SourceError(self.failure)
