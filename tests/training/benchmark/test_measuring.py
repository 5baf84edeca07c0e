"""Splits, rendering and figures of the benchmark, and other programs in environments of their own."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.annotations.truth import Truth, truth
from training.benchmark.figures import MEASURES, Sample, counts, figures, lenient
from training.benchmark.judging import Judged, Remembered
from training.benchmark.page import Findings, page, parts
from training.benchmark.pieces import NO_BEAT, Piece, split_of
from training.benchmark.rendering import Rendered, render
from training.commands.benchmark import benchmark
from training.dataset.degrade import in_room
from training.errors import TrainingError
from training.evaluate.metrics.candidates import Predictions
from training.evaluate.metrics.songs import SongResult, shares, song_measures, tallies
from training.evaluate.run.baselines import BASELINES, LIBROSA
from training.evaluate.run.latency import TARGETS, Start
from training.evaluate.run.programs import Program, programs
from training.evaluate.run.songs import NAME, Evaluated, Item
from training.evaluate.run.sounds import Flags

OTHER = "aubio tempo"


def judged(number: int, found: tuple[float, ...], tempo: float, *, part: str = "jig", other: float = 80.0) -> Judged:
    """Return a piece in which the model found paces, and another program a tempo."""
    piece = Piece(f"piece{number}", "test", part, "folk", f"tune{number}", f"family{number}", "clean", lead="harp")
    fits = truth(tempo, "duple") if part != NO_BEAT else Truth(())
    rendered = Rendered(piece, Path("piece.flac"), tempo, "duple", False, fits)
    cases = {name: np.zeros(2) for name in ("spm", "label", "probability", "tempo", "exact")}
    names = {name: np.array(["x", "x"]) for name in ("family", "meter")}
    windows = Predictions(**(cases | {"label": np.array([1, 0]), "probability": np.array([0.9, 0.1])}), **names)
    item = Item(piece.id, rendered.audio, part, "duple", tempo, fits, 0, "clean")
    evaluated = Evaluated(item, {NAME: found}, {NAME: windows}, 5.0, {OTHER: other}, {})
    if part == NO_BEAT:
        flags = tuple(Flags(piece.id, 120.0, int(target == 165), 2.0, 6.0) for target in TARGETS)
        return Judged(rendered, evaluated, None, flags)
    return Judged(rendered, evaluated, Start(piece.id, 5.0, 5.0, 1, 1.0))


def test_the_splits_share_no_family() -> None:
    names = [f"family {number}" for number in range(31)] * 2
    validation, test = split_of(names, "validation"), split_of(names, "test")
    assert not set(validation) & set(test)
    assert sorted((*validation, *test)) == sorted(set(names))
    assert abs(len(validation) - len(test)) <= 1
    assert split_of(reversed(names), "test") == test


def test_counts_of_songs_give_the_measures() -> None:
    results = [
        SongResult(Truth((82.5, 165.0)), (165.0, 110.0)),
        SongResult(Truth((100.0,), (50.0,)), (100.0, 50.0)),
        SongResult(Truth((70.0, 140.0)), ()),
    ]
    counted = tallies(results)
    found = shares(counted.sum(axis=0))
    assert float(found["set_precision"]) == song_measures(results)["set_precision"] == pytest.approx(2 / 3)
    assert float(found["set_recall"]) == pytest.approx(2 / 5)
    assert float(found["songs_without_wrong_pace"]) == pytest.approx(2 / 3)
    # A sample of the songs: the first one twice.
    twice = shares(np.array([[2, 0, 0], [0, 1, 1]]) @ counted)
    assert twice["set_recall"].tolist() == pytest.approx([1 / 2, 1 / 3])


def test_the_band_counts_what_is_inside_it() -> None:
    result = SongResult(Truth((82.5, 165.0)), (165.0, 110.0))
    band = shares(tallies([result], (130.0, 200.0)).sum(axis=0))
    assert float(band["set_f1"]) == 1.0
    edge = SongResult(Truth((129.0,)), (131.0,))  # found inside, right by a pace outside
    assert float(shares(tallies([edge], (130.0, 200.0)).sum(axis=0))["set_precision"]) == 1.0


def test_a_slow_half_is_a_matter_of_taste_but_a_slow_song_is_not() -> None:
    half = SongResult(Truth((52.0, 104.0)), (104.0,))
    assert lenient(half).missed() == ()
    assert lenient(SongResult(Truth((52.0,)), ())).missed() == (52.0,)


def test_families_are_drawn_together() -> None:
    sample = Sample.of(["a", "b", "a"], samples=50)
    sums = sample.sums(np.array([[1.0], [10.0], [1.0]]))[:, 0]
    assert set(sums.tolist()) <= {4.0, 12.0, 20.0}  # two of: both a (2), b (10)


def test_intervals_and_the_distance_of_another_program() -> None:
    pieces = [judged(number, (100.0, 200.0), 100.0, other=100.0 if number % 2 else 130.0) for number in range(20)]
    found = figures(pieces, [NAME, OTHER])
    own, other = found[NAME]["set F1"], found[OTHER]["set F1"]
    assert (own.value, own.low, own.high) == (1.0, 1.0, 1.0)
    assert other.low < other.value < other.high
    ahead = found[OTHER]["ahead in set F1"]
    assert ahead.high < 0.0
    assert ahead.value == pytest.approx(other.value - own.value)
    assert set(MEASURES) <= set(found[NAME])
    assert counts(pieces, NAME)[""].shape == (20, 10)


def test_the_page_shows_each_part_and_says_what_is_missing() -> None:
    pieces = [judged(number, (100.0, 200.0), 100.0) for number in range(4)]
    pieces += [judged(9, (), 0.0, part=NO_BEAT)]
    text = page(Findings("validation", pieces, {NAME: "", OTHER: "aubio 0.4"}, ["madmom comb filter is not installed"]))
    assert list(parts(pieces)) == ["waltz, jig, slip jig, clean", "jig, clean"]
    assert "**validation" in text
    assert "- aubio tempo (aubio 0.4)" in text
    assert "- missing: madmom comb filter is not installed" in text
    assert "| jig, clean | 4 | 1.000 (1.000 to 1.000) |" in text
    assert "| jig, clean | 5 s | 100.0 % | 100.0 % | 20.00 |" in text  # one imagined change a minute
    assert "| all | 0.03 | 30.0 | 5.0 % | 0.0 % | 100.0 % |" in text  # a flag in two minutes, at one target


def test_sounds_are_rendered_once_and_the_same_everywhere(tmp_path: Path) -> None:
    piece = Piece("sound-scatter-0", "test", NO_BEAT, "sound", "scatter", "scatter-0", "room")
    first = render(piece, tmp_path)
    samples, rate = soundfile.read(first.audio)
    assert (rate, len(samples) / rate, first.truth.compatible) == (44_100, 120.0, ())
    made = first.audio.stat().st_mtime_ns
    assert render(piece, tmp_path) == first
    assert first.audio.stat().st_mtime_ns == made
    again = render(piece, tmp_path / "elsewhere")
    assert np.array_equal(soundfile.read(again.audio)[0], samples)
    other = render(replace(piece, id="sound-scatter-1"), tmp_path)
    assert not np.array_equal(soundfile.read(other.audio)[0], samples)


def test_the_noise_of_the_room_is_15_db_below_the_music() -> None:
    rng = np.random.default_rng(0)
    click = np.zeros(44_100 * 4, np.float32)
    click[44_100 * 2] = 1.0
    heard = in_room(click, 44_100, np.random.default_rng(1))
    quiet = heard[: 44_100 * 2]
    power = np.mean(in_room(click, 44_100, np.random.default_rng(1), snr_db=200.0) ** 2)
    assert 10 * np.log10(power / np.mean(quiet**2)) == pytest.approx(15.0, abs=1.0)
    tone = rng.standard_normal(44_100).astype(np.float32)
    assert np.array_equal(
        in_room(tone, 44_100, np.random.default_rng(2)), in_room(tone, 44_100, np.random.default_rng(2))
    )


def clicks(path: Path, bpm: float) -> Path:
    samples = np.zeros(22_050 * 12, np.float32)
    samples[:: round(22_050 * 60 / bpm)] = 0.5
    soundfile.write(path, samples, 22_050)
    return path


@pytest.mark.slow
def test_a_program_hears_files_in_order_and_what_it_found_is_remembered(tmp_path: Path) -> None:
    files = [clicks(tmp_path / f"{bpm}.wav", bpm) for bpm in (90, 120, 150)]
    program = Program(LIBROSA, sys.executable)
    assert program.version().startswith("librosa ")
    pieces = [replace(judged(place, (), 100.0).rendered, audio=file) for place, file in enumerate(files)]
    found = Remembered(tmp_path / "tempi.json").tempi(program, pieces, workers=2)
    assert [round(bpm / wanted, 1) for bpm, wanted in zip(found, (90, 120, 150), strict=True)] == [1.0, 1.0, 1.0]
    # Without the files' contents, only memory can answer.
    times = [file.stat() for file in files]
    for file, stat in zip(files, times, strict=True):
        file.write_bytes(b"nothing")
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert Remembered(tmp_path / "tempi.json").tempi(program, pieces) == found
    with pytest.raises(TrainingError, match=rf"^{LIBROSA} failed at .*90\.wav: "):
        program.tempi(files)


@pytest.mark.slow
def test_what_was_found_before_a_failure_is_not_searched_again(tmp_path: Path) -> None:
    good, bad = clicks(tmp_path / "120.wav", 120), tmp_path / "bad.wav"
    bad.write_bytes(b"nothing")
    pieces = [replace(judged(place, (), 100.0).rendered, audio=file) for place, file in enumerate((good, bad))]
    program = Program(LIBROSA, sys.executable)
    with pytest.raises(TrainingError, match=r"failed at .*bad\.wav"):
        Remembered(tmp_path / "tempi.json").tempi(program, pieces)
    (known,) = Remembered(tmp_path / "tempi.json").known.values()
    assert [round(bpm) for bpm in known.values()] in ([120], [123], [117])  # librosa's nearest lags


def test_an_unknown_part_is_named_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"^polka: no part of the benchmark: use one of steady, with drums, drift"):
        benchmark(tmp_path, only=["polka", "jig"])


def test_each_baseline_has_the_python_of_its_environment(tmp_path: Path) -> None:
    python = tmp_path / "mixxx" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    found, missing = programs(tmp_path)
    assert Program("Mixxx", str(python)) in found
    assert Program(LIBROSA, sys.executable) in found
    assert {program.name for program in found} | set(missing) == set(BASELINES)
