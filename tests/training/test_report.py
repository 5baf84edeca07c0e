"""The report: every measure on cases small enough to count by hand, and all pages from invented findings."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import training.__main__
from paces_live.analysis.classifier import FixedClassifier
from paces_live.analysis.manifest import Manifest
from tests.support.corpus import make_corpus
from tests.support.signals import RATE, rock
from training.annotations.truth import Meter, Truth, truth
from training.corpus import generate as corpus
from training.corpus.contents import trained_on
from training.corpus.families import Family
from training.corpus.songs import load
from training.errors import TrainingError
from training.evaluate.metrics import groups, ratios, reliability
from training.evaluate.metrics import songs as song_metrics
from training.evaluate.metrics.candidates import Predictions, tempo_band
from training.evaluate.metrics.groups import Group, Needs
from training.evaluate.metrics.songs import SongResult
from training.evaluate.metrics.times import time_to_verdict
from training.evaluate.report import markdown, page
from training.evaluate.report.card import card
from training.evaluate.run import baselines, songs, sounds
from training.evaluate.run.baselines import Baseline
from training.evaluate.run.findings import HELD_OUT, REAL_CLEAN, Findings
from training.evaluate.run.measures import real_music_set
from training.evaluate.run.songs import Evaluated, Item, window_predictions
from training.evaluate.run.sounds import Flags

SHIPPED = Path(__file__).parents[2] / "models" / "paces.tflite"


def predictions(
    spm: list[float], label: list[int], probability: list[float], *, tempo: float = 120.0, family: str = "f"
) -> Predictions:
    count = len(spm)
    return Predictions(
        np.array(spm),
        np.array(label, np.int8),
        np.array(probability),
        np.full(count, tempo),
        np.full(count, family),
        np.full(count, "duple"),
        np.full(count, fill_value=True),
    )


def test_probabilities_that_are_too_sure_have_a_calibration_error() -> None:
    label = np.array([1] * 8 + [0] * 2, np.int8)
    assert reliability.calibration_error(label, [0.8] * 10) == pytest.approx(0.0)
    assert reliability.calibration_error(label, [1.0] * 10) == pytest.approx(0.2)
    (only,) = reliability.reliability(label, [1.0] * 10)
    assert (only.count, only.high, only.compatible) == (10, 1.0, 0.8)


def test_predictions_are_counted_by_ratio() -> None:
    found = predictions([120.0, 61.0, 80.0, 80.5, 107.0], [1, 1, 0, 0, 0], [0.9, 0.2, 0.9, 0.1, 0.1])
    rows = {row.name: row for row in ratios.ratio_confusion(found)}
    assert (rows["1"].count, rows["1"].predicted, rows["1"].wrong) == (1, 1.0, 0.0)
    assert (rows["1/2"].predicted, rows["1/2"].compatible, rows["1/2"].wrong) == (0.0, 1.0, 1.0)
    assert (rows["2/3"].count, rows["2/3"].predicted, rows["2/3"].compatible) == (2, 0.5, 0.0)
    assert rows["other"].count == 1
    assert sum(row.count for row in rows.values()) == 5


def test_negatives_have_no_ratio() -> None:
    assert all(not row.count for row in ratios.ratio_confusion(predictions([120.0], [0], [0.1], tempo=np.nan)))


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ((120.0, 60.0, 240.0), "right"),
        ((120.0, 60.0, 240.0, 30.5), "ambiguous"),
        ((120.0, 60.0), "ambiguous"),
        ((30.5, 480.0), "no compatible pace"),
        ((40.0, 120.0), "off the ladder"),
        ((120.0, 60.0, 240.0, 80.0), "off the ladder"),
        ((), "nothing found"),
    ],
)
def test_outcomes_of_a_song(found: tuple[float, ...], kind: str) -> None:
    known = Truth((60.0, 120.0, 240.0))
    assert song_metrics.outcome(120.0, "duple", SongResult(known, found)) == kind


def test_a_third_of_the_beat_is_a_level_only_of_a_waltz() -> None:
    result = SongResult(Truth((120.0,)), (40.0, 120.0))
    assert song_metrics.outcome(120.0, "triple", result) == "ambiguous"
    assert song_metrics.outcome(120.0, "quintuple", result) == "off the ladder"
    assert (ratios.ratio_name(81.0, 120.0), ratios.ratio_name(107.0, 120.0)) == ("2/3", "0.89")


def test_the_time_to_verdict_is_that_of_the_reading_that_stays_right() -> None:
    known = truth(120.0, "duple")
    readings = [(4.0, (120.0,)), (5.0, (80.0,)), (6.0, (60.0,)), (7.0, (60.0, 120.0))]
    assert time_to_verdict(readings, known) == 6.0
    assert time_to_verdict(readings[:2], known) is None
    assert time_to_verdict([(1.0, ())], known) is None


@pytest.mark.parametrize(
    ("tempo", "band"), [(100.0, "100-120"), (39.0, "40-60"), (319.0, "180-320"), (320.0, "180-320"), (np.nan, "none")]
)
def test_every_tempo_has_a_band(tempo: float, band: str) -> None:
    assert tempo_band(np.array([tempo])).tolist() == [band]


def test_few_cases_do_not_make_a_group_look_bad() -> None:
    by_name = {"few": Group(4, 2), "bad": Group(400, 80), "good": Group(4000, 40)}
    assert list(groups.worst(by_name, enough=1, count=5)) == ["bad", "few"]
    assert list(groups.worst(by_name, enough=100, count=5)) == ["bad"]
    keys, wrong = np.array(["a", "b", "a"]), np.array([True, False, False])
    assert groups.grouped(keys, wrong) == {"a": Group(2, 1), "b": Group(1, 0)}


def test_additional_songs_go_half_to_families_and_half_to_meters() -> None:
    shares = groups.weights({"a": Group(10, 1)}, {"triple": Group(10, 2)}, {"triple": ["b", "a"]})
    assert shares == pytest.approx({"a": 0.75, "b": 0.25})
    assert groups.weights({"a": Group(10, 1)}, {}, {}) == pytest.approx({"a": 1.0})
    assert groups.weights({}, {"triple": Group(10, 2)}, {}) == {}


def test_a_flag_counts_each_time_it_goes_up() -> None:
    flags = sounds.count_flags("noise", [(), (165.0,), (165.0, 82.5), (176.0,), (164.0,)], 5.0)
    assert (flags.flags, flags.flagged_s, flags.shown_s) == (2, 3.0, 4.0)
    both = sounds.total_flags([flags, flags])
    assert [(sound.kind, sound.seconds, sound.flags) for sound in both] == [("noise", 10.0, 4)]


METERS: tuple[Meter, ...] = ("duple", "duple", "duple", "triple", "compound", "quintuple")
FAMILIES = tuple(
    Family(f"own/{name}", meter, 1, 4, 120.0, f"own/{name}") for name, meter in zip("abcdef", METERS, strict=True)
)


def test_additional_songs_follow_the_others_and_continue(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "00006.json").touch()
    weights = {"own/a": 0.75, "own/b": 0.25}
    plan = corpus._plan(tmp_path, FAMILIES, 4, 1, weights)
    assert {index: family.name for index, (family, _) in plan.items()} == {
        7: "own/a",
        8: "own/a",
        9: "own/b",
        10: "own/a",
    }
    (tmp_path / "songs" / "00009.json").touch()
    assert corpus._plan(tmp_path, FAMILIES, 4, 1, weights) == plan
    for index in plan:
        (tmp_path / "songs" / f"{index:05d}.json").touch()
    assert list(corpus._plan(tmp_path, FAMILIES, 4, 1, weights)) == [11, 12, 13, 14]
    regular = corpus._plan(tmp_path, FAMILIES, 9, 1, None)
    assert list(regular) == list(range(9))
    assert {index: regular[index] for index in (7, 8)} == {index: plan[index] for index in (7, 8)}


def test_additional_songs_of_unknown_families_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="own/z"):
        corpus._plan(tmp_path, FAMILIES, 4, 1, {"own/z": 1.0})
    (tmp_path / "list.json").write_text("[]", "utf-8")
    with pytest.raises(TrainingError, match="does not hold"):
        corpus.shares(tmp_path / "list.json")


@pytest.fixture
def evaluated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluated:
    """Return a drum pattern of 120 bpm, judged by a classifier that knows the answer, and by a baseline."""
    monkeypatch.setattr(
        songs,
        "loaded",
        lambda _path: FixedClassifier(lambda spm: float(min(abs(spm / x - 1) for x in (60, 120, 240)) < 0.03)),
    )
    echo = Baseline("none", baselines.RATE, 1, lambda: lambda _samples: 80.0)
    monkeypatch.setattr(songs, "BASELINES", {"echo": echo})
    soundfile.write(tmp_path / "song.flac", rock(120.0, 30.0) * 0.5, RATE)
    known = truth(120.0, "duple")
    item = Item("one", tmp_path / "song.flac", "own/a", "duple", 120.0, known, 0, "clean", ("echo",))
    return songs.evaluate(item, {"paces-live": Path("a"), "stage0": Path("b")}, 1)


def test_every_model_and_baseline_hears_a_song(evaluated: Evaluated) -> None:
    assert evaluated.result().right(120.0)
    assert evaluated.result("stage0").right(120.0)
    assert evaluated.verdict_s is not None
    assert 4.0 <= evaluated.verdict_s <= 10.0
    assert set(evaluated.cpu_s) == {"paces-live", "stage0", "echo"}
    found = evaluated.predictions()
    assert len(found.label) > 20
    assert found.measures()["accuracy"] > 0.95
    assert found.exact[found.label == 0].all()


def test_the_tempo_of_a_baseline_implies_a_pace_set_and_predictions(evaluated: Evaluated) -> None:
    assert evaluated.tempi == {"echo": 80.0}
    assert evaluated.result("echo").found == (80.0, 40.0, 160.0)
    implied, same = evaluated.predictions("echo"), evaluated.predictions()
    np.testing.assert_array_equal(implied.spm, same.spm)
    positive = implied.spm[implied.positive]
    assert len(positive)
    assert all(min(abs(spm / pace - 1.0) for pace in (40.0, 80.0, 160.0)) <= 0.05 for spm in positive)
    assert window_predictions([evaluated, evaluated], "echo").measures()["recall"] == 0.0


def findings(song: Evaluated) -> Findings:
    bad = Evaluated(song.item, dict.fromkeys(song.found, (120.0, 80.0)), song.windows, None, song.tempi, song.cpu_s)
    rng = np.random.default_rng(1)
    label = (rng.random(400) < 0.3).astype(np.int8)
    many = predictions([120.0] * 400, label.tolist(), np.where(label, 0.9, 0.05).tolist(), family="own/a")
    worse = predictions([120.0] * 400, label.tolist(), [0.1] * 400, family="own/a")
    return Findings(
        model=Path("models/paces.tflite"),
        identity="sha256:00",
        slope=1.5,
        offset=0.25,
        models=("paces-live", "stage0"),
        predictions=dict.fromkeys(("train", "validation", "test"), many),
        others={"stage0": worse},
        songs={HELD_OUT: [song, bad], REAL_CLEAN: [song]},
        flags=[Flags("noise", 3600.0, 2, 5.0, 6.0), Flags("rubato", 3600.0, 9, 9.0, 9.0)],
        cost={"cpu": 0.005, "inference_s": 0.003, "first_reading_s": 0.4, "peak_mb": 58.0, "model_kb": 45.0},
        needs=Needs({"own/a": Group(200, 20)}, {}, {}, {"own/a": 1.0}),
        contents={"generated": {"train": 3, "validation": 1, "test": 2}},
        own=False,
        missing=["baselines that are not installed: echo"],
    )


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_page_has_all_findings(evaluated: Evaluated, tmp_path: Path, suffix: str) -> None:
    page.write(findings(evaluated), tmp_path / "page", suffix)
    text = (tmp_path / "page" / "README.md").read_text("utf-8")
    assert "1 of 2 with a pace missed or wrong" in text
    assert "generated, in groove families that the training split of the corpus lacks" in " ".join(text.split())
    assert "60.0 (1/2), 240.0 (2) | 80.0 (2/3) | unrelated pace |" in text
    assert "| noise | 1.00 | 2 | 2.0 | 5 | 6 |" in text
    assert "| echo | " in text
    assert "not installed" in text
    assert "nan" not in text
    assert str(tmp_path) not in text
    for name in page_figures(text):
        assert (tmp_path / "page" / name).stat().st_size > 1000
        assert name.endswith(suffix)
    assert len(page_figures(text)) == 5
    assert corpus.shares(tmp_path / "page" / "more.json") == {"own/a": 1.0}
    assert json.loads((tmp_path / "page" / "more.json").read_text("utf-8"))["meters"] == {}


def page_figures(text: str) -> list[str]:
    return [part.partition(")")[0] for part in text.split("](")[1:]]


def test_every_row_of_a_table_has_the_columns_of_its_head() -> None:
    lines = markdown.table(("a", "b"), [("1", "2")]).splitlines()
    assert [line.count("|") for line in lines] == [3, 3, 3]


def test_noise_raises_no_flag_in_a_live_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "PIECE_S", 20.0)
    soundfile.write(tmp_path / "song.flac", rock(120.0, 12.0) * 0.5, RATE)
    flags = sounds.flag(sounds.Sound("noise", 0, tmp_path / "song.flac"), SHIPPED, 1)
    assert (flags.kind, flags.seconds, flags.flags) == ("noise", 20.0, 0)


def test_the_real_music_set_goes_into_manifest_card_and_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("librosa")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work" / "openset").mkdir(parents=True)
    (tmp_path / "work" / "model").mkdir()
    for file in (SHIPPED, SHIPPED.with_suffix(".json")):
        shutil.copy(file, tmp_path / "work" / "model")
    soundfile.write(tmp_path / "work" / "openset" / "mod_drums.flac", rock(120.0, 40.0) * 0.5, RATE)
    head = "id,family,source,title,tempo_bpm,meter,constant_tempo,tempo_from,notes"
    row = "mod_drums,tracker,deb:own /drums.it,Drums,120.0,4/4,yes,,"
    (tmp_path / "list.csv").write_text(f"{head}\n{row}\n", "utf-8")
    arguments = ["real-music", "--csv", "list.csv", "--work", "work"]
    result = CliRunner().invoke(training.__main__.app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    metrics = json.loads((tmp_path / "work" / "model" / "paces.json").read_text("utf-8"))["metrics"]
    for condition in ("", ", degraded"):
        measured = metrics[f"open real set, constant tempo{condition}"]
        assert measured["songs"] == 1.0
        assert 0.5 < measured["candidates"]["balanced_accuracy"] <= 1.0
    assert "real-music set, degraded" in (tmp_path / "work" / "model" / "README.md").read_text("utf-8")
    assert "| mod_drums | 120 |" in (tmp_path / "work" / "real-music.md").read_text("utf-8")


def test_a_list_without_a_rendered_track_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        "id,family,source,title,tempo_bpm,meter,constant_tempo,tempo_from,notes\n", "utf-8"
    )
    with pytest.raises(TrainingError, match="no track"):
        real_music_set(tmp_path / "list.csv", tmp_path, SHIPPED, "clean", seed=1)


def test_the_model_card_of_the_shipped_model_is_up_to_date() -> None:
    assert card(Manifest.read(SHIPPED), SHIPPED) == (SHIPPED.parent / "README.md").read_text("utf-8")


def card_of(provenance: dict[str, Any], group: str = "held-out annotated songs, degraded") -> str:
    """Return the card of a model with this provenance, measured on one group of songs."""
    manifest = Manifest.read(SHIPPED)
    measures = manifest.metrics["held-out generated songs, degraded"]
    provenance = {"songs": 9, "training_songs": 5, "soundfonts": "", **provenance}
    return card(replace(manifest, provenance=provenance, metrics={group: measures}), SHIPPED)


def test_the_card_of_a_model_of_recordings_does_not_speak_of_generated_music() -> None:
    text = " ".join(card_of({"corpus": {"annotated": {"train": 5, "validation": 2, "test": 2}}}).split())
    assert "trained on 5 recordings" in text
    assert "no artist of the test songs was in the training" in text
    assert "generated" not in text
    assert "groove" not in text
    assert "Singing" not in text


def test_the_card_names_both_kinds_of_songs() -> None:
    corpus = {"generated": {"train": 60, "test": 20}, "annotated": {"train": 5, "test": 2}}
    text = " ".join(card_of({"corpus": corpus}, "held-out generated and annotated songs, degraded").split())
    assert "60 generated songs" in text
    assert "5 recordings" in text
    assert "only on generated" not in text
    assert "*Held-out generated and annotated songs* are generated, in groove families, and recordings" in text


def test_the_card_says_which_model_the_training_began_with() -> None:
    before = {"sha256": "ab12", "provenance": Manifest.read(SHIPPED).provenance}
    corpus = {"annotated": {"train": 5, "validation": 2, "test": 2}}
    text = " ".join(card_of({"corpus": corpus, "began_with": before}).split())
    assert "began with the weights of another model (`ab12`)" in text
    assert "That model was trained only on generated music" in text
    assert "the training split of the corpus lacks" in text
    assert "no artist of the test songs was in this training" in text


def test_a_model_is_of_a_corpus_if_it_learned_from_as_many_songs(tmp_path: Path) -> None:
    known = load(make_corpus(tmp_path, 5))  # two of them to train on
    assert trained_on(known, {"corpus": {"generated": {"train": 2, "validation": 2, "test": 1}}})
    assert trained_on(known, {"soundfonts": "a.sf2", "training_songs": 2})
    assert not trained_on(known, {"corpus": {"generated": {"train": 3}}})
    assert not trained_on(known, {"corpus": {"generated": {"train": 2}, "annotated": {"train": 1}}})
    assert not trained_on(known, {"corpus": {"generated": {"train": 2}}, "began_with": {}})
    assert not trained_on(known, {})


def test_a_manifest_without_the_corpus_is_not_guessed_at() -> None:
    assert "does not say what the model was trained on" in card_of({})


def test_the_report_wants_other_models_by_name(tmp_path: Path) -> None:
    app, runner = training.__main__.app, CliRunner()
    assert "Example: python -m training report" in runner.invoke(app, ["report", "--help"]).output
    result = runner.invoke(app, ["report", "--work", str(tmp_path), "--model", str(SHIPPED), "--compare", "nothing"])
    assert isinstance(result.exception, TrainingError)
    assert "NAME=PATH" in str(result.exception)


def test_a_baseline_that_fails_is_named_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> baselines.Estimate:
        raise ImportError("cannot import name 'MutableSequence'")

    works = Baseline("numpy", baselines.RATE, 1, lambda: lambda _samples: 120.0)
    monkeypatch.setattr(baselines, "BASELINES", {"works": works, "fails": Baseline("numpy", baselines.RATE, 1, fails)})
    assert baselines.broken(baselines.installed()) == {"fails": "ImportError: cannot import name 'MutableSequence'"}


def test_a_live_baseline_estimates_each_second_from_the_last_25() -> None:
    lengths = Baseline("numpy", baselines.RATE, 1, lambda: lambda samples: len(samples) / baselines.RATE)
    silence = np.zeros(30 * 2 * baselines.RATE, np.float32)
    estimates = list(lengths.follow(silence, 2 * baselines.RATE))  # resampled from twice the rate
    assert estimates == [*range(1, 25), *[25] * 5]
