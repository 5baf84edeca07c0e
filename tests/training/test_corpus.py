"""The corpus: truth, genres, grooves, scores, and generated songs."""

import io
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy import signal

from training.annotations.genres import genre_of
from training.annotations.truth import Meter, Truth, is_compatible, labels, truth
from training.corpus import generate as corpus
from training.corpus import synthesis, tunes
from training.corpus.families import SHARES, Family, families, library_root, splits
from training.corpus.harmony import Chord, Harmony, Key
from training.corpus.patterns import PATTERNS
from training.corpus.performance import DRUMS, Feel, Note, feel_of, midi_tempo, onset_histogram
from training.corpus.score import Score, compose
from training.corpus.songs import load
from training.corpus.timing import CONSTANT, Knots, bar_drift
from training.corpus.tunes import STYLES, Style
from training.errors import TrainingError

SEED = 3
SECONDS = 12.0


def _missing() -> str | None:
    for program in ("mma", "fluidsynth"):
        if not shutil.which(program):
            return f"{program} is not installed"
    try:
        library_root()
        synthesis.soundfonts()
    except TrainingError as error:
        return str(error)
    return None


needs_synthesis = pytest.mark.skipif(_missing() is not None, reason=_missing() or "")


@pytest.fixture(scope="module")
def everything() -> tuple[Family, ...]:
    return families()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a corpus of five short songs."""
    path = tmp_path_factory.mktemp("corpus")
    update = corpus.generate(path, songs=5, seed=SEED, workers=2, seconds=SECONDS)
    assert update.failed == {}
    assert update.made == 5
    return path


def _compose(everything: tuple[Family, ...], name: str, seed: int = 0) -> Score:
    family = next(family for family in everything if family.name == name)
    return compose(family, np.random.default_rng([SEED, seed]), SECONDS)


# Truth


@pytest.mark.parametrize(
    ("tempo", "meter", "swung", "offbeats", "compatible", "ambiguous"),
    [
        (120, "duple", False, 1.0, (60, 120, 240), (480, 30)),
        (80, "duple", False, 1.0, (80, 160), (40, 320)),
        (86, "duple", False, 1.0, (86, 172), (43,)),
        (150, "duple", False, 1.0, (75, 150), (300,)),
        (120, "duple", True, 1.0, (60, 120), (90, 180, 240)),
        (120, "duple", False, 0.5, (60, 120), (240,)),
        (142, "duple", False, 1.0, (71, 142), (284,)),
        (142, "duple", False, 2.0, (71, 142, 284), ()),
        (168, "triple", False, 1.0, (56, 168), (84,)),
        (180, "triple", False, 1.0, (60, 180), (90, 120)),
        (120, "triple", False, 1.0, (120,), (40, 60, 80, 240)),
        (120, "compound", False, 1.0, (60, 120), (90, 180, 240)),
        (120, "quintuple", False, 1.0, (120,), (48, 60, 240)),
        (210, "septuple", False, 1.0, (210,), (60, 105)),
    ],
)
def test_the_truth_follows_tempo_meter_and_performance(
    tempo: float,
    meter: Meter,
    swung: bool,
    offbeats: float,
    compatible: tuple[float, ...],
    ambiguous: tuple[float, ...],
) -> None:
    known = truth(tempo, meter, swung=swung, offbeats=offbeats)
    assert known.compatible == pytest.approx(compatible)
    assert {round(pace, 6) for pace in ambiguous if 40 <= pace <= 320} <= {round(pace, 6) for pace in known.ambiguous}
    assert not set(known.compatible) & set(known.ambiguous)
    assert tempo in known.compatible


def test_a_slip_jig_has_its_beat_alone() -> None:
    jig, slip_jig = truth(120.0, "compound"), truth(120.0, "compound triple")
    assert [is_compatible(spm, jig) for spm in (120, 60, 180)] == [True, True, None]
    assert [is_compatible(spm, slip_jig) for spm in (120, 60, 40, 80, 180)] == [True, None, None, None, False]


@pytest.mark.parametrize("meter", SHARES)
def test_paces_stay_in_range(meter: Meter) -> None:
    for tempo in np.geomspace(40, 320, 50):
        known = truth(float(tempo), meter)
        assert all(40 <= pace <= 320 for pace in known.compatible + known.ambiguous)
        assert float(tempo) in known.compatible


def test_a_tempo_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        truth(39.9, "duple")


@pytest.mark.parametrize(
    ("spm", "expected"),
    [(120, True), (125.9, True), (114.1, True), (126.1, False), (60, True), (240, True), (90, False), (30.5, None)],
)
def test_a_pace_within_the_tolerance_is_compatible(spm: float, expected: bool | None) -> None:
    assert is_compatible(spm, replace(truth(120, "duple"), ambiguous=(30.0,))) is expected


def test_compatible_wins_over_ambiguous() -> None:
    assert is_compatible(103, Truth((100.0,), (104.0,))) is True
    assert is_compatible(106, Truth((100.0,), (104.0,))) is None


def test_labels_agree_with_single_paces() -> None:
    known = truth(100, "compound")
    spm = np.linspace(40, 320, 281).reshape(1, -1)
    found = labels(spm, known)
    assert found.dtype == np.int8
    assert found.shape == spm.shape
    as_numbers = {True: 1, False: 0, None: -1}
    assert found.ravel().tolist() == [as_numbers[is_compatible(float(pace), known)] for pace in spm.ravel()]
    assert labels([50.0, 120.0], Truth(())).tolist() == [0, 0]


# Genres


@pytest.mark.parametrize(
    ("text", "genre"),
    [
        ("stdlib/bossanova", "latin"),
        ("casio/discosoul", "soul"),
        ("stdlib/jazzrock", "jazz"),
        ("casio/rock1", "rock"),
        ("stdlib/fastwaltz", "folk"),
        ("casio/r+b", "soul"),
        ("Hip-Hop", "hip hop"),
        ("R&B", "soul"),
        ("Hard Rock", "rock"),
        ("Classic Rock", "rock"),
        ("Symphonic Rock", "rock"),
        ("Neoclassical", "classical"),
        ("casio/triphop", "hip hop"),
        ("Dance Hall", "reggae"),
        ("Striptease", ""),
        ("Travel", ""),
        ("Operation", ""),
        ("Drum & Bass", "electronic"),
        ("Rumba", "latin"),
        ("own/prog54", ""),
        ("", ""),
    ],
)
def test_genres_of_tags_and_families(text: str, genre: str) -> None:
    assert genre_of(text) == genre


# Onsets


@pytest.mark.parametrize(
    ("phases", "feel"),
    [
        ((0.0,), "plain"),
        ((0.0, 0.5), "straight"),
        ((0.0, 0.25, 0.5, 0.75), "straight"),
        ((0.0, 2 / 3), "swung"),
        ((0.0, 1 / 3, 2 / 3), "swung"),
        ((0.0, 0.75), "swung"),
        ((0.0, 1 / 3, 0.5, 5 / 6), "straight"),
    ],
)
def test_the_feel_follows_the_onsets(phases: tuple[float, ...], feel: Feel) -> None:
    notes = [Note(beat + phase, 0.1, 42, 80, DRUMS) for beat in range(8) for phase in phases]
    assert feel_of(onset_histogram(notes)) == feel


def test_a_strummed_chord_is_one_onset() -> None:
    strummed = [Note(beat + 0.05 * string, 0.5, 50 + string, 80, 0) for beat in range(4) for string in range(5)]
    histogram = onset_histogram(strummed)
    assert histogram[0] == pytest.approx(1.0)
    assert feel_of(histogram) == "plain"


def test_chords_have_names_and_tones() -> None:
    assert Chord(10, "m7").name == "Bbm7"
    assert Chord(7, "7").tones == (7, 11, 2, 5)
    roots = {chord.root for chord in Key(2, "blues").progression(np.random.default_rng(0))}
    assert roots <= {2, 7, 9}


# Families


@needs_synthesis
def test_no_group_is_in_two_splits(everything: tuple[Family, ...]) -> None:
    split_of = splits(everything, SEED)
    assert set(split_of) == {family.name for family in everything}
    for group in {family.group for family in everything}:
        assert len({split_of[family.name] for family in everything if family.group == group}) == 1


@needs_synthesis
def test_every_split_has_every_meter(everything: tuple[Family, ...]) -> None:
    split_of = splits(everything, corpus.SEED)
    for split in ("train", "validation", "test"):
        count = dict.fromkeys(SHARES, 0)
        for family in everything:
            count[family.meter] += split_of[family.name] == split
        assert count["triple"] >= 3
        assert count["compound"] >= 3
        assert count["quintuple"] >= 2
        assert count["septuple"] >= 2
        slip_jigs = [family for family in everything if family.in_threes and split_of[family.name] == split]
        assert {family.library for family in slip_jigs} == {"own", "tune"}


@needs_synthesis
@pytest.mark.parametrize("meter", ["triple", "compound"])
def test_every_split_has_drum_patterns_tunes_and_grooves_of_mma(everything: tuple[Family, ...], meter: str) -> None:
    split_of = splits(everything, corpus.SEED)
    for split in ("train", "validation", "test"):
        origins = [family.kind[1] for family in everything if family.meter == meter and split_of[family.name] == split]
        assert all(0.1 <= origins.count(origin) / len(origins) <= 0.7 for origin in ("own", "tune", "mma"))


def test_drum_patterns_fill_their_bar() -> None:
    patterns = {name: (beats, pattern) for name, _, beats, pattern in PATTERNS}
    assert len(patterns) == len(PATTERNS)
    for name, (beats, pattern) in patterns.items():
        for note, steps in pattern.voices:
            assert len(steps) % (beats * pattern.steps_per_beat) == 0, (name, note)
            assert set(steps) <= set("xo.")


@needs_synthesis
def test_meters_get_their_shares(everything: tuple[Family, ...]) -> None:
    chosen = corpus.schedule(everything, 1000, SEED)
    for meter, share in SHARES.items():
        assert sum(family.meter == meter for family, _ in chosen) == pytest.approx(1000 * share, abs=1)
    assert {family.name for family, _ in chosen} == {family.name for family in everything}


@needs_synthesis
@needs_synthesis
@pytest.mark.parametrize(
    ("name", "meter", "beats_per_bar"),
    [
        ("stdlib/polka", "duple", 2),
        ("stdlib/basicrock", "duple", 4),
        ("stdlib/waltz", "triple", 3),
        ("stdlib/68swing", "compound", 2),
        ("stdlib/afro-cuban", "compound", 2),
        ("stdlib/ballad68", "compound", 2),
        ("stdlib/rock-128", "compound", 4),
        ("zoom/rock34", "compound", 2),  # snare and accents halfway through a bar of three
        ("stdlib/jazz-54", "quintuple", 5),
        ("tune/slipjig", "compound", 3),
        ("own/balkan78", "septuple", 7),
    ],
)
def test_the_felt_beat_of_families(everything: tuple[Family, ...], name: str, meter: str, beats_per_bar: int) -> None:
    family = next(family for family in everything if family.name == name)
    assert family.meter == meter
    assert family.beats_per_bar == beats_per_bar


# Scores


@needs_synthesis
@pytest.mark.parametrize(
    "name",
    [
        *("stdlib/polka", "stdlib/waltz", "stdlib/68swing", "own/prog54", "casio/swing"),
        *("own/waltz34", "own/kalamata78", "own/triplets44", "tune/slipjig", "tune/reel", "tune/waltz"),
    ],
)
def test_onsets_lie_on_the_stated_beat(everything: tuple[Family, ...], name: str) -> None:
    score = _compose(everything, name)
    assert midi_tempo(score.midi) == score.tempo
    file = mido.MidiFile(file=io.BytesIO(score.midi))
    now, seconds = 0.0, []
    for message in file:
        now += message.time
        if message.type == "note_on" and message.velocity:
            seconds.append(now)
    beats = _beats(np.array(seconds), score.curve.knots(score.tempo), score.tempo)
    # The phases of onsets concentrate at the stated tempo, but not at one 7 % off.
    assert _concentration(beats) > 0.3
    assert _concentration(beats * 1.07) < 0.25


@needs_synthesis
@pytest.mark.parametrize(
    ("name", "feels"),
    [
        ("casio/swing", {"swung"}),
        ("casio/house", {"straight"}),
        ("stdlib/68swing", {"swung"}),
        ("stdlib/ballad68", {"swung", "plain"}),  # plain where one part plays alone
        ("own/jig", {"swung"}),
        ("own/prog54", {"straight"}),
        ("own/gallop44", {"straight"}),
        ("own/triplets44", {"plain"}),
        ("tune/reel", {"straight"}),
        ("tune/hornpipe", {"swung"}),
        ("tune/slipjig", {"swung"}),
    ],
)
def test_styles_have_their_feel(everything: tuple[Family, ...], name: str, feels: set[Feel]) -> None:
    assert {_compose(everything, name, seed).feel for seed in range(3)} <= feels


@needs_synthesis
def test_three_halves_of_a_beat_of_triplets_are_wrong(everything: tuple[Family, ...]) -> None:
    score = _compose(everything, "own/triplets44")
    assert [is_compatible(score.tempo * ratio, score.truth) for ratio in (1, 3 / 2, 3 / 4)] == [True, False, False]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_tunes_repeat_their_parts_without_drums(style: Style) -> None:
    bars = 8 if style.beats <= 4 else 4
    key = Key(2, "major")
    harmony = Harmony(key, (0.0,), key.progression(np.random.default_rng(0))[:1], 4.0 * bars * style.beats)
    textures = set()
    for seed in range(30):
        played = tunes.play(np.random.default_rng(seed), style, harmony)
        assert DRUMS not in played.channels
        assert all(note.length > 0 and 0 < note.velocity < 128 for note in played.notes)
        textures.add(1 in played.channels)
        # Grace notes come and go: the beats of the notes are what repeats.
        halves = [
            {round(n.start % (bars * style.beats)) for n in played.notes if n.channel == 0 and first <= n.start < last}
            for first, last in ((0, bars * style.beats - 0.5), (bars * style.beats, 2 * bars * style.beats - 0.5))
        ]
        assert halves[0] == halves[1]
    assert textures == {True, False}


@needs_synthesis
def test_a_third_of_the_songs_have_no_drums(everything: tuple[Family, ...]) -> None:
    chosen = corpus.schedule(everything, 2000, SEED)
    assert 0.22 < np.mean([family.style is not None for family, _ in chosen]) < 0.3


@needs_synthesis
def test_the_same_seed_gives_the_same_score(everything: tuple[Family, ...]) -> None:
    first, again, other = (_compose(everything, "stdlib/swing", seed) for seed in (1, 1, 2))
    assert first == again
    assert first.midi != other.midi


@needs_synthesis
def test_songs_are_played_in_peoples_timing(everything: tuple[Family, ...]) -> None:
    family = next(family for family in everything if family.name == "own/rock68")
    scores = [compose(family, np.random.default_rng([SEED, seed]), 30.0) for seed in range(60)]
    drifts = np.array([bar_drift(score.curve, score.tempo, family.beats_per_bar) for score in scores])
    assert 0.15 < np.mean(drifts == 0.0) < 0.45
    assert 0.3 < np.mean((drifts > 0.0) & (drifts <= 0.03)) < 0.65
    assert 0.08 < np.mean(drifts > 0.03) < 0.4
    assert max(drifts) < 0.065
    ending = [score for score in scores if score.curve is not CONSTANT]
    assert any(abs(score.steady_s - 30.0) > 1.0 for score in ending)


# Corpus


@needs_synthesis
def test_songs_match_their_records(folder: Path) -> None:
    songs = load(folder)
    assert [song.id for song in songs] == [f"{index:05d}" for index in range(5)]
    for song in songs:
        samples, rate = soundfile.read(song.audio, dtype="float32")
        assert rate == 22_050
        assert samples.ndim == 1
        assert len(samples) / rate == pytest.approx(song.duration, abs=0.01)
        assert 10 ** (-12.1 / 20) <= np.abs(samples).max() <= 10 ** (-0.9 / 20)
        known = truth(
            song.tempo,
            "compound triple" if song.time_signature == "9/8" else song.meter,
            swung=song.swung,
            offbeats=song.offbeats,
        )
        assert song.truth == known
        assert soundfile.info(song.audio).subtype == "PCM_16"


@needs_synthesis
def test_audio_repeats_at_the_beat(folder: Path) -> None:
    for song in load(folder):
        samples, rate = soundfile.read(song.audio, dtype="float32")
        samples = samples[: round(min(song.steady_s, song.duration) * rate)]
        envelope, frames_per_second = _onset_envelope(samples, rate)
        beats = _beats(np.arange(len(envelope)) / frames_per_second, song.curve, song.tempo)
        beat = 64.0
        envelope = np.interp(np.arange(0.0, beats[-1], 1 / beat), beats, envelope)
        # The music is similar after eight beats, and less so a sixth of a beat earlier or later.
        similarity = [_autocorrelation(envelope, 8 * beat + shift * beat) for shift in (0, -1 / 6, 1 / 6)]
        assert similarity[0] == max(similarity), song


@needs_synthesis
def test_generation_continues_and_is_deterministic(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "corpus"
    shutil.copytree(folder, copy)
    before = json.loads((copy / "songs" / "00002.json").read_text(encoding="utf-8"))
    samples = soundfile.read(copy / "audio" / "00002.flac", dtype="int16")[0]
    (copy / "songs" / "00002.json").unlink()
    (copy / "audio" / "00002.flac").write_bytes(b"half a file")
    calls: list[tuple[int, int]] = []
    update = corpus.generate(
        copy, songs=5, seed=SEED, workers=1, seconds=SECONDS, on_done=lambda done, total: calls.append((done, total))
    )
    assert (update.made, update.found, update.failed) == (1, 4, {})
    assert calls == [(5, 5)]
    assert json.loads((copy / "songs" / "00002.json").read_text(encoding="utf-8")) == before
    np.testing.assert_array_equal(soundfile.read(copy / "audio" / "00002.flac", dtype="int16")[0], samples)
    with pytest.raises(TrainingError, match="another seed"):
        corpus.generate(copy, songs=5, seed=SEED + 1, workers=1, seconds=SECONDS)
    path = copy / "songs" / "00002.json"
    other = {"train": "test", "test": "validation", "validation": "train"}[before["split"]]
    path.write_text(json.dumps(before | {"split": other}), "utf-8")
    with pytest.raises(TrainingError, match="a version with other splits"):
        corpus.generate(copy, songs=5, seed=SEED, workers=1, seconds=SECONDS)


def test_errors_name_the_package_of_a_missing_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesis, "SOUNDFONT_ROOTS", ())
    with pytest.raises(TrainingError, match="fluid-soundfont-gm"):
        synthesis.soundfonts()
    monkeypatch.setattr("training.corpus.families.LIBRARY_ROOTS", ())
    with pytest.raises(TrainingError, match="Debian package mma"):
        library_root()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TrainingError, match="Debian package fluidsynth"):
        synthesis.render(b"", synthesis.Synth(Path("none.sf2")))


def _beats(seconds: NDArray[np.float64], curve: Knots, tempo: float) -> NDArray[np.float64]:
    """Return the felt beats that have passed at ascending times; the speed of the curve adds up."""
    times = np.linspace(0.0, seconds[-1], 100_000)
    speeds = np.interp(times, *np.array(curve or [(0.0, 1.0)]).T)
    passed = np.concatenate([[0.0], np.cumsum((speeds[1:] + speeds[:-1]) / 2 * np.diff(times))])
    return np.asarray(np.interp(seconds, times, passed) * tempo / 60)


def _concentration(phases: NDArray[np.float64]) -> float:
    """Strongest of the first three harmonics of the onsets' phases."""
    return max(float(np.abs(np.exp(2j * math.pi * k * phases).mean())) for k in (1, 2, 3))


def _onset_envelope(samples: NDArray[np.float32], rate: int) -> tuple[NDArray[np.float64], float]:
    hop = 128
    _, _, spectrum = signal.stft(samples, rate, nperseg=512, noverlap=512 - hop, boundary=None)
    loudness = np.log(np.abs(spectrum) + 1e-4)
    envelope = np.maximum(np.diff(loudness, axis=1), 0).sum(axis=0)
    return envelope - envelope.mean(), rate / hop


def _autocorrelation(envelope: NDArray[np.float64], lag: float) -> float:
    near = range(round(lag * 0.995), round(lag * 1.005) + 1)
    return max(float(envelope[:-shift] @ envelope[shift:]) / (len(envelope) - shift) for shift in near)
