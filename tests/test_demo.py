"""The main job with the shipped model: the paces of the demo through every input, and none if there is none."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from paces_live.analysis.classifier import TfliteClassifier, load_classifier
from paces_live.demo import DemoSong, excerpt, songs
from paces_live.events import Event, Pace, Reading, Song
from paces_live.match import DEFAULT_TARGET, Listener, match
from paces_live.session import Session, run, whole_song
from paces_live.sources import ArraySource
from tests.support.schemas import validated
from tests.support.signals import RATE, Samples, beats, clicks, noisy, strokes, thuds
from tests.support.soundserver import SoundServer, portaudio, sound_server

__all__ = ["portaudio", "sound_server"]

ROOT = Path(__file__).parents[1]
DEMO = songs()


@pytest.fixture(scope="module")
def classifier() -> TfliteClassifier:
    return load_classifier()


def listen(*arguments: str | Path, env: dict[str, str] | None = None, stdin: int | None = None) -> list[dict[str, Any]]:
    """Return the events of ``paces-live listen --json`` with these arguments."""
    command = [sys.executable, "-m", "paces_live", "listen", "--json", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdin=stdin, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return [validated(line) for line in done.stdout.splitlines()]


def hear(samples: Samples, rate: int, classifier: TfliteClassifier) -> list[Event]:
    return list(run(ArraySource(samples, rate, RATE), Session(classifier), listeners=[Listener()]))


def logged(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == "song"]


def shows(paces: list[dict[str, float]], tempo: float) -> bool:
    return any(abs(pace["spm"] / tempo - 1.0) <= 0.01 for pace in paces)


@pytest.fixture(scope="module")
def by_file() -> list[dict[str, Any]]:
    return logged(listen("--input", excerpt(), "--fast"))


def test_the_excerpt_is_two_songs_of_different_meter_and_tempo() -> None:
    first, second = DEMO
    assert first.meter != second.meter
    assert abs(first.tempo / second.tempo - 1.0) > 0.08
    assert second.start - first.end >= 3.0
    assert 80.0 <= second.end <= 100.0
    assert excerpt().stat().st_size <= 1_500_000


def test_both_songs_show_their_paces_and_nothing_else(by_file: list[dict[str, Any]]) -> None:
    assert len(by_file) == len(DEMO)
    for song, truth in zip(by_file, DEMO, strict=True):
        assert song["start"] == pytest.approx(truth.start, abs=1.0)
        assert song["end"] == pytest.approx(truth.end, abs=1.0)
        for tempo in truth.compatible:
            assert shows(song["paces"], tempo), tempo


def test_nothing_wrong_is_shown_on_the_way() -> None:
    readings = [event for event in listen("--input", excerpt(), "--fast") if event["type"] == "reading"]
    for truth in DEMO:
        shown = [pace for event in readings if truth.start < event["t"] < truth.end for pace in event["paces"]]
        assert len(shown) > 60
        # The half of a waltz is a matter of taste; it may be shown for a moment.
        known = (*truth.compatible, truth.tempo / 2.0)
        assert all(any(abs(pace["spm"] / tempo - 1.0) <= 0.02 for tempo in known) for pace in shown)


def test_the_demo_begins_with_the_song_that_matches_the_default_target() -> None:
    assert [match([Pace(spm, 1.0) for spm in song.compatible], DEFAULT_TARGET) is None for song in DEMO] == [
        False,
        True,
    ]


@pytest.mark.parametrize("ratio", [2 / 3, 3 / 4, 4 / 3, 3 / 2])
def test_the_usual_wrong_tempi_are_not_shown(by_file: list[dict[str, Any]], ratio: float) -> None:
    for song, truth in zip(by_file, DEMO, strict=True):
        assert not any(abs(pace["spm"] / (ratio * truth.tempo) - 1.0) <= 0.04 for pace in song["paces"])


def test_readings_settle_on_the_truth(classifier: TfliteClassifier) -> None:
    samples, rate = soundfile.read(excerpt(), dtype="float32")
    for truth in DEMO:
        part = samples[int(truth.start * rate) : int(truth.end * rate)]
        events = hear(part, rate, classifier)
        settled = [event for event in events if isinstance(event, Reading) and event.state == "settled"]
        right = [
            all(any(abs(p.spm / tempo - 1.0) < 0.01 for p in reading.paces) for tempo in truth.compatible)
            for reading in settled
        ]
        assert np.mean(right) >= 0.8


def test_a_song_change_without_a_gap_begins_a_new_song(classifier: TfliteClassifier) -> None:
    samples, rate = soundfile.read(excerpt(), dtype="float32")
    first, second = DEMO
    ends = [int(time * rate) for time in (first.start, first.end, second.start, second.end)]
    joined = np.concatenate([samples[ends[0] : ends[1]], samples[ends[2] : ends[3]]])
    events = list(hear(joined, rate, classifier))
    one, two = (event for event in events if isinstance(event, Song))
    assert one.end == two.start == pytest.approx(first.end - first.start, abs=4.0)
    for song, truth in ((one, first), (two, second)):
        assert any(abs(pace.spm / truth.tempo - 1.0) < 0.01 for pace in song.paces)


def test_a_break_is_no_song_change(classifier: TfliteClassifier) -> None:
    samples, rate = soundfile.read(excerpt(), dtype="float32")
    for truth in DEMO:
        part = samples[int(truth.start * rate) : int(truth.end * rate)].copy()
        # For eight seconds everything below a snare is gone, and the rest is a third as loud.
        pause = slice(20 * rate, 28 * rate)
        part[pause] = np.diff(part[pause], prepend=np.float32(0.0)) / 3.0
        events = hear(part, rate, classifier)
        assert sum(isinstance(event, Song) for event in events) == 1


@pytest.mark.slow
def test_a_pipe_gives_the_same_paces(by_file: list[dict[str, Any]], tmp_path: Path) -> None:
    samples, rate = soundfile.read(excerpt(), dtype="float32")
    for form, values in (("s16le", np.rint(samples * 32767).astype("<i2")), ("f32le", samples.astype("<f4"))):
        raw = tmp_path / form
        raw.write_bytes(values.tobytes())
        with raw.open("rb") as stream:
            songs = logged(listen("--input", "-", "--format", form, "--rate", str(rate), stdin=stream.fileno()))
        _same_paces(songs, by_file)


@pytest.mark.usefixtures("portaudio")
def test_microphone_and_monitor_give_the_same_paces(
    sound_server: SoundServer, by_file: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Both listen at the same time while a private sound server plays the excerpt once."""
    played = tmp_path / "played.wav"
    samples, rate = soundfile.read(excerpt(), dtype="float32")
    soundfile.write(played, np.concatenate([samples, np.zeros(4 * rate, np.float32)]), rate, subtype="PCM_16")
    listeners = {
        spec: subprocess.Popen(
            [sys.executable, "-m", "paces_live", "listen", "--json", "--input", spec],
            cwd=ROOT,
            env=sound_server.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for spec in ("mic", "monitor")
    }
    try:
        for process in listeners.values():
            assert process.stdout is not None
            while '"reading"' not in process.stdout.readline():
                assert process.poll() is None, process.communicate()[1]
        sound_server.play(played)
        for spec, process in listeners.items():
            process.terminate()
            lines, problems = process.communicate(timeout=30)
            assert process.returncode == 0, problems
            events = [validated(line) for line in lines.splitlines()]
            assert [event for event in events if event["type"] == "reading"][-1]["health"]["dropped_s"] == 0.0
            _same_paces(logged(events), by_file, what=spec)
    finally:
        for process in listeners.values():
            process.kill()
            process.communicate()


def _same_paces(heard: list[dict[str, Any]], expected: list[dict[str, Any]], what: str = "pipe") -> None:
    assert len(heard) == len(expected), what
    for song, reference in zip(heard, expected, strict=True):
        tempi, wanted = (sorted(pace["spm"] for pace in each["paces"]) for each in (song, reference))
        np.testing.assert_allclose(tempi, wanted, rtol=0.01, err_msg=what)


def paces_of(samples: Samples, classifier: TfliteClassifier) -> tuple[float, ...]:
    """Return all paces that any reading or song showed."""
    shown: list[float] = []
    for event in hear(samples, RATE, classifier):
        if isinstance(event, Reading | Song):
            shown.extend(pace.spm for pace in event.paces)
    return tuple(shown)


def test_silence_has_no_pace(classifier: TfliteClassifier) -> None:
    assert paces_of(np.zeros(40 * RATE, np.float32), classifier) == ()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("loud", [0.3, 0.003])
def test_white_noise_has_no_pace(classifier: TfliteClassifier, loud: float, seed: int) -> None:
    hiss = loud * np.random.default_rng(seed).standard_normal(60 * RATE).astype(np.float32)
    assert paces_of(hiss, classifier) == ()


SPEECH = (
    "When you go out in the morning, take a bottle of water with you. The first kilometre is always the hardest. "
    "Nobody should judge the day by it. After the bridge the path turns left, follows the river for a while, and "
    "then climbs slowly through the wood. At the top there is a bench. Sit down and look back at the town."
)


@pytest.mark.parametrize("voice", ["en-us", "de", "fr-fr"])
def test_speech_has_no_pace(classifier: TfliteClassifier, voice: str, tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    path = tmp_path / "speech.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-w", path, SPEECH], check=True)
    samples, rate = soundfile.read(path, dtype="float32")
    found = whole_song(ArraySource(samples, rate, RATE).blocks(), classifier).paces
    assert found == ()


def drum_waltz(bpm: float) -> Samples:
    """Return kick, snare, snare, with eighths on the hat, for a minute."""
    kick = thuds(beats(bpm, 60.0, every=3), 60.0)
    two, three = (strokes(beats(bpm, 60.0, every=3, shift=n), 60.0, seed=2) for n in (1.0, 2.0))
    hat = strokes(beats(2.0 * bpm, 60.0), 60.0, loud=0.15, seed=3)
    return noisy(kick + two + three + hat, 30.0)


@pytest.mark.parametrize("bpm", [103.0, 113.4, 123.9, 134.3, 144.8, 155.2, 165.7, 176.1, 186.6, 197.0])
def test_a_plain_waltz_shows_its_beat_and_nothing_that_contradicts_it(classifier: TfliteClassifier, bpm: float) -> None:
    """The bar fits; the half and the double are a matter of taste, see docs/running.md."""
    paces = whole_song(ArraySource(drum_waltz(bpm), RATE, RATE).blocks(), classifier).paces
    ratios = [pace.spm / bpm for pace in paces]
    assert any(abs(ratio - 1.0) < 0.01 for ratio in ratios)
    assert all(min(abs(ratio / known - 1.0) for known in (1 / 3, 1 / 2, 1, 2)) < 0.01 for ratio in ratios)


@pytest.mark.parametrize("bpm", [90.0, 165.0])
def test_a_metronome_has_its_pace(classifier: TfliteClassifier, bpm: float) -> None:
    assert any(abs(spm / bpm - 1.0) < 0.005 for spm in paces_of(noisy(clicks(bpm, 30.0), 20.0), classifier))


def test_the_tempo_of_each_demo_song_is_compatible() -> None:
    assert all(isinstance(song, DemoSong) and song.tempo in song.compatible for song in DEMO)
