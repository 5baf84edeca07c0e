"""The report: every measure on cases small enough to count by hand, and the whole page from made-up findings."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import training.__main__
from paces_live.classifier import FixedClassifier
from paces_live.events import Match, Reading
from tests.fakes import reading
from tests.signals import RATE, rock
from training.corpus import generate as corpus
from training.corpus.families import Family
from training.errors import TrainingError
from training.evaluation import diagnosis, page, report
from training.evaluation.diagnosis import Group, Verdicts
from training.evaluation.metrics import SongResult
from training.labels.truth import Meter, Truth, truth


def verdicts(
    spm: list[float], label: list[int], probability: list[float], *, tempo: float = 120.0, family: str = "f"
) -> Verdicts:
    count = len(spm)
    return Verdicts(
        np.array(spm),
        np.array(label, np.int8),
        np.array(probability),
        np.full(count, tempo),
        np.full(count, family),
        np.full(count, "duple"),
    )


def test_calibration_of_honest_and_of_boastful_probabilities() -> None:
    label = np.array([1] * 8 + [0] * 2, np.int8)
    assert diagnosis.calibration_error(label, [0.8] * 10) == pytest.approx(0.0)
    assert diagnosis.calibration_error(label, [1.0] * 10) == pytest.approx(0.2)
    (only,) = diagnosis.reliability(label, [1.0] * 10)
    assert (only.count, only.high, only.true) == (10, 1.0, 0.8)


def test_the_temperature_undoes_what_made_the_probabilities_too_sure() -> None:
    rng = np.random.default_rng(1)
    honest = rng.uniform(0.05, 0.95, 20_000)
    label = (rng.random(20_000) < honest).astype(np.int8)
    sure = diagnosis.cooled(honest, 0.5)
    assert diagnosis.best_temperature(label, sure) == pytest.approx(2.0, rel=0.05)
    assert diagnosis.calibration_error(label, diagnosis.cooled(sure, 2.0)) < 0.02
    assert diagnosis.cooled(0.5, 3.0) == pytest.approx(0.5)


def test_confusion_over_ratios() -> None:
    found = verdicts([120.0, 61.0, 80.0, 80.5, 107.0], [1, 1, 0, 0, 0], [0.9, 0.2, 0.9, 0.1, 0.1])
    rows = {row.name: row for row in diagnosis.ratio_confusion(found)}
    assert (rows["1"].count, rows["1"].said, rows["1"].wrong) == (1, 1.0, 0.0)
    assert (rows["1/2"].said, rows["1/2"].true, rows["1/2"].wrong) == (0.0, 1.0, 1.0)
    assert (rows["2/3"].count, rows["2/3"].said, rows["2/3"].true) == (2, 0.5, 0.0)
    assert rows["other"].count == 1
    assert sum(row.count for row in rows.values()) == 5


def test_sounds_without_a_tempo_have_no_ratio() -> None:
    assert all(not row.count for row in diagnosis.ratio_confusion(verdicts([120.0], [0], [0.1], tempo=np.nan)))


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ((120.0, 60.0, 240.0), "right"),
        ((120.0, 60.0, 240.0, 30.5), "ambiguous"),
        ((120.0, 60.0), "ambiguous"),
        ((40.0, 120.0), "ambiguous"),
        ((120.0, 60.0, 240.0, 80.0), "off the ladder"),
        ((), "nothing found"),
    ],
)
def test_failures(found: tuple[float, ...], kind: str) -> None:
    known = Truth((60.0, 120.0, 240.0))
    assert diagnosis.failure(120.0, SongResult(known, found)) == kind


def test_most_probable_pace_against_the_tempo() -> None:
    assert diagnosis.accuracies([100.0, 100.0, 100.0, 100.0], [103.0, 200.0, 150.0, None]) == {
        "acc1": 0.25,
        "acc2": 0.5,
    }
    assert diagnosis.octaves(180.0) == (180.0, 90.0)


def test_time_to_verdict_is_of_the_reading_that_stays_right() -> None:
    known = truth(120.0, "duple")
    readings = [(4.0, [120.0]), (5.0, [80.0]), (6.0, [60.0]), (7.0, [60.0, 120.0])]
    assert diagnosis.time_to_verdict(readings, known) == 6.0
    assert diagnosis.time_to_verdict(readings[:2], known) is None
    assert diagnosis.time_to_verdict([(1.0, [])], known) is None


@pytest.mark.parametrize(
    ("tempo", "band"), [(100.0, "100-120"), (39.0, "40-60"), (319.0, "180-320"), (320.0, "180-320"), (np.nan, "none")]
)
def test_tempo_bands(tempo: float, band: str) -> None:
    assert diagnosis.tempo_band(tempo) == band


def test_few_cases_do_not_make_a_group_look_bad() -> None:
    groups = {"few": Group(4, 2), "bad": Group(400, 80), "good": Group(4000, 40)}
    assert list(diagnosis.worst(groups, enough=1, count=5)) == ["bad", "few"]
    assert list(diagnosis.worst(groups, enough=100, count=5)) == ["bad"]
    keys, wrong = np.array(["a", "b", "a"]), np.array([True, False, False])
    assert diagnosis.grouped(keys, wrong) == {"a": Group(2, 1), "b": Group(1, 0)}


def test_shares_of_more_songs_go_half_to_families_and_half_to_meters() -> None:
    shares = diagnosis.weights({"a": Group(10, 1)}, {"triple": Group(10, 2)}, {"triple": ["b", "a"]})
    assert shares == pytest.approx({"a": 0.75, "b": 0.25})
    assert diagnosis.weights({"a": Group(10, 1)}, {}, {}) == pytest.approx({"a": 1.0})
    assert diagnosis.weights({}, {"triple": Group(10, 2)}, {}) == {}


def test_a_flag_is_counted_when_it_goes_up_and_a_stretch_is_none() -> None:
    def at(t: float, match: Match | None) -> Reading:
        plain = reading(t)
        return Reading(t, 1, plain.state, plain.paces, match, plain.health)

    lock, stretch = Match(165.0, 0.0, "lock"), Match(176.0, 0.07, "stretch")
    flags = report.count_flags("noise", [at(n, m) for n, m in enumerate([None, lock, lock, stretch, lock])], 5.0)
    assert (flags.flags, flags.flagged_s, flags.shown_s) == (2, 3.0, 0.0)
    both = report.total_flags([flags, flags])
    assert [(sound.kind, sound.seconds, sound.flags) for sound in both] == [("noise", 10.0, 4)]


METERS: tuple[Meter, ...] = ("duple", "duple", "duple", "triple", "compound", "quintuple")
FAMILIES = tuple(
    Family(f"own/{name}", meter, 1, 4, 120.0, f"own/{name}") for name, meter in zip("abcdef", METERS, strict=True)
)


def test_more_songs_come_after_those_there_are_and_go_on_where_they_were(tmp_path: Path) -> None:
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


def test_more_songs_of_what_nobody_knows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="own/z"):
        corpus._plan(tmp_path, FAMILIES, 4, 1, {"own/z": 1.0})
    (tmp_path / "list.json").write_text("[]", "utf-8")
    with pytest.raises(TrainingError, match="does not hold"):
        corpus.shares(tmp_path / "list.json")


@pytest.fixture
def listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], report.Heard]:
    """Return a function that hears a drum pattern of 120 through a classifier that knows the answer."""
    monkeypatch.setattr(
        report,
        "_classifier",
        lambda _path: FixedClassifier(lambda spm: float(min(abs(spm / x - 1) for x in (60, 120, 240)) < 0.03)),
    )
    monkeypatch.setattr(report, "RIVALS", {"echo": ("none", lambda _samples: 120.0)})
    soundfile.write(tmp_path / "song.flac", rock(120.0, 30.0) * 0.5, RATE)

    def hear(name: str) -> report.Heard:
        known = truth(120.0, "duple")
        item = report.Item(name, tmp_path / "song.flac", "own/a", "duple", 120.0, known, 0, "clean", ("echo",))
        return report._hear(item, {"paces-live": Path("a"), "other": Path("b")}, 1)

    return hear


def test_a_song_is_heard_by_every_model_and_rival(listen: Callable[[str], report.Heard]) -> None:
    heard = listen("one")
    assert heard.judged().right
    assert heard.judged("other").right
    assert heard.tempi == {"echo": 120.0}
    assert heard.verdict_s is not None
    assert 4.0 <= heard.verdict_s <= 10.0
    judged = heard.verdicts["paces-live"]
    assert len(judged.label) > 20
    assert judged.measures()["accuracy"] > 0.95


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_page_tells_it_all(listen: Callable[[str], report.Heard], tmp_path: Path, suffix: str) -> None:
    heard = listen("one")
    bad = report.Heard(
        heard.item, dict.fromkeys(heard.found, (120.0, 80.0)), heard.verdicts, None, {"echo": 80.0}, heard.took_s
    )
    rng = np.random.default_rng(1)
    label = (rng.random(400) < 0.3).astype(np.int8)
    many = verdicts([120.0] * 400, label.tolist(), np.where(label, 0.9, 0.05).tolist(), family="own/a")
    findings = report.Findings(
        model=Path("models/paces.tflite"),
        identity="sha256:00",
        models=("paces-live", "other"),
        singles=dict.fromkeys(("train", "validation", "test"), many),
        heard={"held-out generated": [heard, bad], "open real set, clean": [heard]},
        sounds=[report.Flags("noise", 3600.0, 2, 5.0, 6.0)],
        cost={"cpu": 0.005, "first_reading_s": 0.4, "peak_mb": 58.0},
        needs=report.Needs({"own/a": Group(200, 20)}, {}, {}, {"own/a": 1.0}),
        missing=["not installed, so not measured beside: echo"],
    )
    report.write(findings, tmp_path / "page", suffix)
    text = (tmp_path / "page" / "README.md").read_text("utf-8")
    assert "1 of 2 with a pace missed or wrong" in text
    assert "**off the ladder**" in text
    assert "| noise | false flags an hour at 165 | below 1 | 2.0 | **missed by 1.0** |" in text
    assert "| echo | " in text
    assert "not installed" in text
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
    lines = page._table(("a", "b"), [("1", "2")]).splitlines()
    assert [line.count("|") for line in lines] == [3, 3, 3]


def test_the_command_explains_itself_and_wants_models_by_name(tmp_path: Path) -> None:
    app, runner = training.__main__.app, CliRunner()
    assert "Example: python -m training report" in runner.invoke(app, ["report", "--help"]).output
    result = runner.invoke(app, ["report", "--work", str(tmp_path), "--beside", "nothing"])
    assert isinstance(result.exception, TrainingError)
    assert "NAME=PATH" in str(result.exception)
