"""The report: every measure on cases small enough to count by hand, and the whole page from made-up findings."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import training.__main__
from paces_live.analysis.classifier import FixedClassifier
from paces_live.events import Match, Reading
from tests.support.fakes import reading
from tests.support.signals import RATE, rock
from training.annotations.truth import Meter, Truth, truth
from training.corpus import generate as corpus
from training.corpus.families import Family
from training.errors import TrainingError
from training.evaluate.metrics import diagnosis, reliability
from training.evaluate.metrics import groups as needs
from training.evaluate.metrics.groups import Group, Needs
from training.evaluate.metrics.songs import SongResult
from training.evaluate.report import markdown
from training.evaluate.report.goals import Outcome, outcomes
from training.evaluate.report.wording import of_windows
from training.evaluate.run import baselines as rivals
from training.evaluate.run import everything as report
from training.evaluate.run import songs as listening
from training.evaluate.run import sounds
from training.evaluate.run.evaluate import evaluate_openset
from training.evaluate.run.findings import HELD_OUT, OPEN_CLEAN, Findings
from training.evaluate.run.predictions import Verdicts, tempo_band
from training.evaluate.run.songs import Heard, Item
from training.evaluate.run.sounds import Flags

SHIPPED = Path(__file__).parents[2] / "models" / "paces.tflite"


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
        np.full(count, fill_value=True),
    )


def test_calibration_of_honest_and_of_boastful_probabilities() -> None:
    label = np.array([1] * 8 + [0] * 2, np.int8)
    assert reliability.calibration_error(label, [0.8] * 10) == pytest.approx(0.0)
    assert reliability.calibration_error(label, [1.0] * 10) == pytest.approx(0.2)
    (only,) = reliability.reliability(label, [1.0] * 10)
    assert (only.count, only.high, only.true) == (10, 1.0, 0.8)


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
        ((30.5, 480.0), "no compatible pace"),
        ((40.0, 120.0), "off the ladder"),
        ((120.0, 60.0, 240.0, 80.0), "off the ladder"),
        ((), "nothing found"),
    ],
)
def test_failures(found: tuple[float, ...], kind: str) -> None:
    known = Truth((60.0, 120.0, 240.0))
    assert diagnosis.failure(120.0, "duple", SongResult(known, found)) == kind


def test_a_third_of_the_beat_is_a_level_of_a_waltz_alone() -> None:
    result = SongResult(Truth((120.0,)), (40.0, 120.0))
    assert diagnosis.failure(120.0, "triple", result) == "ambiguous"
    assert diagnosis.failure(120.0, "quintuple", result) == "off the ladder"
    assert (diagnosis.ratio_name(81.0, 120.0), diagnosis.ratio_name(107.0, 120.0)) == ("2/3", "0.89")


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
    assert tempo_band(np.array([tempo])).tolist() == [band]


def test_few_cases_do_not_make_a_group_look_bad() -> None:
    groups = {"few": Group(4, 2), "bad": Group(400, 80), "good": Group(4000, 40)}
    assert list(needs.worst(groups, enough=1, count=5)) == ["bad", "few"]
    assert list(needs.worst(groups, enough=100, count=5)) == ["bad"]
    keys, wrong = np.array(["a", "b", "a"]), np.array([True, False, False])
    assert needs.grouped(keys, wrong) == {"a": Group(2, 1), "b": Group(1, 0)}


def test_shares_of_more_songs_go_half_to_families_and_half_to_meters() -> None:
    shares = needs.weights({"a": Group(10, 1)}, {"triple": Group(10, 2)}, {"triple": ["b", "a"]})
    assert shares == pytest.approx({"a": 0.75, "b": 0.25})
    assert needs.weights({"a": Group(10, 1)}, {}, {}) == pytest.approx({"a": 1.0})
    assert needs.weights({}, {"triple": Group(10, 2)}, {}) == {}


def test_a_flag_is_counted_when_it_goes_up_and_a_stretch_is_none() -> None:
    def at(t: float, match: Match | None) -> Reading:
        plain = reading(t)
        return Reading(t, 1, plain.state, plain.paces, match, plain.health)

    lock, stretch = Match(165.0, 0.0, "lock"), Match(176.0, 0.07, "stretch")
    flags = sounds.count_flags("noise", [at(n, m) for n, m in enumerate([None, lock, lock, stretch, lock])], 5.0)
    assert (flags.flags, flags.flagged_s, flags.shown_s) == (2, 3.0, 0.0)
    both = sounds.total_flags([flags, flags])
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
def listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Heard]:
    """Return a function that hears a drum pattern of 120 through a classifier that knows the answer."""
    monkeypatch.setattr(
        listening,
        "loaded",
        lambda _path: FixedClassifier(lambda spm: float(min(abs(spm / x - 1) for x in (60, 120, 240)) < 0.03)),
    )
    monkeypatch.setattr(listening, "RIVALS", {"echo": ("none", lambda _samples: 80.0)})
    soundfile.write(tmp_path / "song.flac", rock(120.0, 30.0) * 0.5, RATE)

    def hear(name: str) -> Heard:
        known = truth(120.0, "duple")
        item = Item(name, tmp_path / "song.flac", "own/a", "duple", 120.0, known, 0, "clean", ("echo",))
        return listening.hear(item, {"paces-live": Path("a"), "stage0": Path("b")}, 1)

    return hear


def test_a_song_is_heard_by_every_model_and_rival(listen: Callable[[str], Heard]) -> None:
    heard = listen("one")
    assert heard.judged().right
    assert heard.judged("stage0").right
    assert heard.verdict_s is not None
    assert 4.0 <= heard.verdict_s <= 10.0
    assert set(heard.took_s) == {"paces-live", "stage0", "echo"}
    judged = heard.singles()
    assert len(judged.label) > 20
    assert judged.measures()["accuracy"] > 0.95
    assert judged.exact[judged.label == 0].all()


def test_one_tempo_stands_for_a_pace_set_and_for_verdicts_on_the_same_candidates(
    listen: Callable[[str], Heard],
) -> None:
    heard = listen("one")
    assert heard.tempi == {"echo": 80.0}
    assert heard.judged("echo").result.found == (80.0, 40.0, 160.0)
    judged, same = heard.singles("echo"), heard.singles()
    np.testing.assert_array_equal(judged.spm, same.spm)
    said = judged.spm[judged.probability >= 0.5]
    assert len(said)
    assert all(min(abs(spm / pace - 1.0) for pace in (40.0, 80.0, 160.0)) <= 0.05 for spm in said)
    assert of_windows([heard, heard], "echo").measures()["recall"] == 0.0


def findings(heard: Heard) -> Findings:
    bad = Heard(heard.item, dict.fromkeys(heard.found, (120.0, 80.0)), heard.verdicts, None, heard.tempi, heard.took_s)
    rng = np.random.default_rng(1)
    label = (rng.random(400) < 0.3).astype(np.int8)
    many = verdicts([120.0] * 400, label.tolist(), np.where(label, 0.9, 0.05).tolist(), family="own/a")
    worse = verdicts([120.0] * 400, label.tolist(), [0.1] * 400, family="own/a")
    return Findings(
        model=Path("models/paces.tflite"),
        identity="sha256:00",
        slope=1.5,
        offset=0.25,
        models=("paces-live", "stage0"),
        singles=dict.fromkeys(("train", "validation", "test"), many),
        beside={"stage0": worse},
        heard={HELD_OUT: [heard, bad], OPEN_CLEAN: [heard]},
        flags=[Flags("noise", 3600.0, 2, 5.0, 6.0), Flags("rubato", 3600.0, 9, 9.0, 9.0)],
        cost={"cpu": 0.005, "inference_s": 0.003, "first_reading_s": 0.4, "peak_mb": 58.0, "model_kb": 45.0},
        needs=Needs({"own/a": Group(200, 20)}, {}, {}, {"own/a": 1.0}),
        missing=["not installed, so not measured beside: echo"],
    )


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_page_tells_it_all(listen: Callable[[str], Heard], tmp_path: Path, suffix: str) -> None:
    report.write(findings(listen("one")), tmp_path / "page", suffix)
    text = (tmp_path / "page" / "README.md").read_text("utf-8")
    assert "1 of 2 with a pace missed or wrong" in text
    assert "60.0 (1/2), 240.0 (2) | 80.0 (2/3) | **off the ladder** |" in text
    assert "| noise | false flags an hour at 165 | less than 1 | 2 | **missed by 1** |" in text
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


def test_goals_are_reached_or_missed_by_what_was_measured(listen: Callable[[str], Heard]) -> None:
    found = findings(listen("one"))
    rows = {(row.data, row.measure): row for row in outcomes(found)}
    ahead = rows[HELD_OUT, "candidates: accuracy ahead of stage0"]
    share = float(found.singles["test"].label.mean())
    assert ahead.found == pytest.approx(share)
    assert ahead.missed_by == 0.0
    assert rows[OPEN_CLEAN, "candidates: accuracy ahead of stage0"].missed_by == pytest.approx(0.04)
    assert rows["model file", "inference for 16 candidates on one core, ms"].missed_by == pytest.approx(1.0)
    assert rows["model file", "size, kB"].missed_by == 0.0
    assert not any(data == "rubato" for data, _ in rows)


def test_a_goal_that_was_not_measured_is_neither_reached_nor_missed() -> None:
    for found in (None, float("nan")):
        assert Outcome("songs", "flag F1", 0.9, found).row()[-2:] == ("not measured", "")
    assert Outcome("noise", "flags", 1.0, 1.0, "less than").row()[-1] != "reached"


def page_figures(text: str) -> list[str]:
    return [part.partition(")")[0] for part in text.split("](")[1:]]


def test_every_row_of_a_table_has_the_columns_of_its_head() -> None:
    lines = markdown.table(("a", "b"), [("1", "2")]).splitlines()
    assert [line.count("|") for line in lines] == [3, 3, 3]


def test_a_made_sound_is_heard_live_and_flags_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "PIECE_S", 20.0)
    soundfile.write(tmp_path / "song.flac", rock(120.0, 12.0) * 0.5, RATE)
    flags = sounds.flag(sounds.Sound("noise", 0, tmp_path / "song.flac"), SHIPPED, 1)
    assert (flags.kind, flags.seconds, flags.flags) == ("noise", 20.0, 0)


def test_the_open_set_is_measured_in_both_conditions_into_manifest_card_and_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("librosa")
    monkeypatch.chdir(tmp_path)
    for file in (SHIPPED, SHIPPED.with_suffix(".json")):
        shutil.copy(file, tmp_path)
    (tmp_path / "work" / "openset").mkdir(parents=True)
    soundfile.write(tmp_path / "work" / "openset" / "mod_drums.flac", rock(120.0, 40.0) * 0.5, RATE)
    head = "id,family,source,title,tempo_bpm,meter,constant_tempo,tempo_from,notes"
    row = "mod_drums,tracker,deb:own /drums.it,Drums,120.0,4/4,yes,,"
    (tmp_path / "list.csv").write_text(f"{head}\n{row}\n", "utf-8")
    arguments = ["openset", "--csv", "list.csv", "--work", "work", "--model", "paces.tflite", "--report", "music.md"]
    result = CliRunner().invoke(training.__main__.app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    metrics = json.loads((tmp_path / "paces.json").read_text("utf-8"))["metrics"]
    for condition in ("", ", degraded"):
        measured = metrics[f"open real set, constant tempo{condition}"]
        assert measured["songs"] == 1.0
        assert 0.5 < measured["candidates"]["balanced_accuracy"] <= 1.0
    assert "## open real set, constant tempo, degraded" in (tmp_path / "README.md").read_text("utf-8")
    assert "| mod_drums | 120 |" in (tmp_path / "music.md").read_text("utf-8")


def test_a_list_of_which_nothing_is_rendered_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        "id,family,source,title,tempo_bpm,meter,constant_tempo,tempo_from,notes\n", "utf-8"
    )
    with pytest.raises(TrainingError, match="no track"):
        evaluate_openset(tmp_path / "list.csv", tmp_path, SHIPPED, "clean", seed=1)


def test_the_command_explains_itself_and_wants_models_by_name(tmp_path: Path) -> None:
    app, runner = training.__main__.app, CliRunner()
    assert "Example: python -m training report" in runner.invoke(app, ["report", "--help"]).output
    result = runner.invoke(app, ["report", "--work", str(tmp_path), "--beside", "nothing"])
    assert isinstance(result.exception, TrainingError)
    assert "NAME=PATH" in str(result.exception)


def test_a_rival_that_raises_is_named_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(_samples: rivals.Samples) -> float:
        raise ImportError("cannot import name 'MutableSequence'")

    monkeypatch.setattr(rivals, "RIVALS", {"works": ("numpy", lambda _samples: 120.0), "does not": ("numpy", raises)})
    assert rivals.broken(rivals.installed()) == {"does not": "ImportError: cannot import name 'MutableSequence'"}
