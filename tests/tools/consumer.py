"""A program of somebody else, with public names only; mypy checks its types, strictly, like those of all tests."""

import numpy as np

from paces_live.analysis import Classifier, load_classifier
from paces_live.events import Event, Reading, Song
from paces_live.match import Listener
from paces_live.session import Block, Session, SessionConfig
from paces_live.sources import MonoResampler


def paces(stereo: "np.ndarray[tuple[int, ...], np.dtype[np.int16]]", rate: int, classifier: Classifier) -> list[float]:
    """Return the paces of a song given as 16-bit frames at any rate, as an app has them."""
    session = Session(classifier, SessionConfig(interval=2.0), stream="app")
    listener = Listener(target=170.0)
    resampler = MonoResampler(rate, session.sample_rate, name="app")
    events: list[Event] = [session.start("app")]
    for part in np.array_split(stereo, max(1, len(stereo) // rate)):
        events += session.push(Block(resampler.push(part.astype(np.float32) / np.float32(32768.0))))
    events += session.push(Block(resampler.flush(), ends=True))
    events += session.finish()
    found = [pace.spm for event in events if isinstance(event, Song) for pace in event.paces]
    assert all(listener.match(event.paces) for event in events if isinstance(event, Reading) and event.paces)
    return found


def default() -> Classifier:
    return load_classifier()
