"""Explanations of music whose beats are known: what lines up, and what wanders."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from paces_live.analysis.classifier import TfliteClassifier, load_classifier
from paces_live.demo import excerpt
from paces_live.errors import SourceError, UsageError
from paces_live.library.corrections import Correction
from paces_live.library.explanation import Explanation, explain, mean_rate, song_beats
from tests.support.library import write
from tests.support.signals import RATE, beats, drums


@pytest.fixture(scope="module")
def classifier() -> TfliteClassifier:
    return load_classifier()


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("music") / "rock.wav", 165.0, 60.0)


def lined_up(why: Explanation) -> float:
    """Return how much stronger the strongest column is than the mean of the others."""
    strengths = why.fold.sum(axis=0)
    return float(strengths[0] / strengths[1:].mean())


def test_what_you_can_jog_to_is_compatible_and_lines_up(song: Path, classifier: TfliteClassifier) -> None:
    why = explain(song, classifier)
    assert {round(one.spm / 82.5, 2) for one in why.candidates if one.compatible} == {1.0, 2.0}
    assert why.chosen == why.candidates[0]
    assert [one.probability for one in why.candidates] == sorted(
        (one.probability for one in why.candidates), reverse=True
    )
    at = explain(song, classifier, pace=164.0)
    assert at.chosen.spm == pytest.approx(165.0, abs=0.1)
    # A pace that is near one of the song's stands for it, and is not judged besides.
    assert explain(song, classifier, pace=170.0).candidates == why.candidates
    assert explain(song, classifier, pace=170.0).chosen == at.chosen
    assert at.fold.shape == (16, 12)
    # The strongest column comes first, and the eighths between are in the middle.
    assert at.fold.sum(axis=0).argmax() == 0
    assert lined_up(at) > 3.0


def test_another_pace_is_judged_and_wanders(song: Path, classifier: TfliteClassifier) -> None:
    why = explain(song, classifier, pace=146.0)
    assert why.chosen.spm == pytest.approx(146.0, rel=0.01)
    assert not why.chosen.compatible
    assert why.chosen in why.candidates
    assert lined_up(why) < 3.0


def test_peaks_of_the_agreement_are_where_the_music_repeats(song: Path, classifier: TfliteClassifier) -> None:
    why = explain(song, classifier)
    assert why.rates[[0, -1]].tolist() == pytest.approx([40.0, 320.0])
    assert why.agreement[np.abs(why.rates / 165.0 - 1.0).argmin()] > 0.7
    assert why.agreement[np.abs(why.rates / 150.0 - 1.0).argmin()] < 0.3


@pytest.mark.parametrize(
    ("at", "window"), [(None, (17.5, 42.5)), (30.0, (17.5, 42.5)), (0.0, (0.0, 25.0)), (59.0, (35.0, 60.0))]
)
def test_the_window_is_where_it_is_asked_for(
    at: float | None, window: tuple[float, float], song: Path, classifier: TfliteClassifier
) -> None:
    why = explain(song, classifier, at=at)
    assert (why.start, why.end) == pytest.approx(window, abs=0.3)


def test_a_short_song_has_as_many_beats_as_there_are(tmp_path: Path, classifier: TfliteClassifier) -> None:
    short = write(tmp_path / "short.wav", 120.0, 7.0)
    why = explain(short, classifier, pace=120.0)
    assert why.fold.shape == (12, 12)
    with pytest.raises(UsageError, match="60 has too few beats in 7 s"):
        explain(short, classifier, pace=60.0)
    with pytest.raises(UsageError, match=r"short\.wav is 7 s long: choose an earlier --at"):
        explain(short, classifier, at=90.0)


def test_there_must_be_something_to_hear(tmp_path: Path, classifier: TfliteClassifier) -> None:
    path = tmp_path / "quiet.wav"
    for seconds in (0.01, 2.0, 30.0):
        soundfile.write(path, np.zeros(round(seconds * RATE), np.float32), RATE)
        with pytest.raises(UsageError, match=r"quiet\.wav: there is too little to hear"):
            explain(path, classifier)
    with pytest.raises(SourceError, match="no pace found: name one: --pace 164"):
        song_beats(path, classifier)


def test_steps_are_those_of_the_pace_that_the_song_has_near(song: Path, classifier: TfliteClassifier) -> None:
    for pace, spm in ((160.0, 165.0), (84.0, 82.5), (None, 165.0)):
        assert mean_rate(song_beats(song, classifier, pace)) == pytest.approx(spm, abs=0.1)
    times = song_beats(song, classifier)
    truth = beats(165.0, 59.5)[2:]
    assert max(float(np.abs(times - time).min()) for time in truth) < 0.03


@pytest.mark.parametrize("pace", [113.0, 134.0, 152.0, 185.0, 200.0])
def test_steps_at_a_pace_that_the_song_does_not_have_keep_it(
    pace: float, song: Path, classifier: TfliteClassifier
) -> None:
    # Two thirds of the beat, 110, and three quarters of it, 123.75, would fit.
    assert mean_rate(song_beats(song, classifier, pace)) == pytest.approx(pace, rel=0.01)


def test_steps_at_half_the_beat_go_with_the_music_and_others_keep_their_pace(classifier: TfliteClassifier) -> None:
    # Two songs, at 168 and at 184.
    half, beat = (song_beats(excerpt(), classifier, pace) for pace in (84.0, None))
    assert max(float(np.abs(beat - time).min()) for time in half) < 0.06
    for pace in (120.0, 184.0, 320.0):
        rates = 60.0 / np.diff(song_beats(excerpt(), classifier, pace))
        for part in np.array_split(rates, 3):
            assert part.mean() == pytest.approx(pace, rel=0.015)


def test_what_a_person_says_is_drawn_and_clicked_at_the_same_pace(tmp_path: Path, classifier: TfliteClassifier) -> None:
    short, said = write(tmp_path / "short.wav", 165.0, 7.0), Correction("sound:1", "short", (55.0, 82.5, 165.0))
    assert explain(short, classifier, correction=said).chosen.spm == pytest.approx(165.0, abs=0.5)
    assert mean_rate(song_beats(short, classifier, correction=said)) == pytest.approx(165.0, abs=0.5)
    # All that were said are too slow for it.
    assert explain(short, classifier, correction=Correction("sound:1", "short", (55.0,))).chosen.spm > 60.0


def test_steps_are_those_that_a_person_says(song: Path, classifier: TfliteClassifier) -> None:
    said = Correction("sound:1", "rock", (55.0, 110.0))
    assert mean_rate(song_beats(song, classifier, correction=said)) == pytest.approx(110.0, abs=0.1)
    assert mean_rate(song_beats(song, classifier, 56.0, said)) == pytest.approx(55.0, abs=0.1)
    with pytest.raises(SourceError, match="no pace found"):
        song_beats(song, classifier, correction=Correction("sound:1", "rock", ()))


@pytest.mark.parametrize(("bpm", "pace"), [(162.0, 320.0), (162.0, 319.0), (157.5, 40.0)])
def test_a_pace_at_an_end_of_the_range_is_the_one_that_is_shown(
    bpm: float, pace: float, tmp_path: Path, classifier: TfliteClassifier
) -> None:
    why = explain(write(tmp_path / "song.wav", bpm, 40.0), classifier, pace=pace)
    assert why.chosen.spm == pytest.approx(pace, rel=0.02)


def test_steps_follow_a_tempo_that_changes_a_lot(tmp_path: Path, classifier: TfliteClassifier) -> None:
    path = tmp_path / "rising.wav"
    soundfile.write(path, 0.4 * drums(lambda time: 140.0 + time / 4.0, 120.0), RATE)
    times = song_beats(path, classifier, 155.0)
    rates = 60.0 / np.diff(times)
    for at in (10.0, 60.0, 110.0):
        near = rates[(np.abs(times[1:] - at) < 5.0)]
        assert near.mean() == pytest.approx(140.0 + at / 4.0, rel=0.01)
