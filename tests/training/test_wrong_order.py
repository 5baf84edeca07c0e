"""Commands in the wrong order, or with nothing to work on: each error says what is missing and what to type."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import training.__main__
from paces_live.analysis.feature_config import FeatureConfig
from tests.support.corpus import make_corpus
from training.dataset import megabatch
from training.errors import TrainingError

ROOT = Path(__file__).parents[2]
SHIPPED = str(ROOT / "models" / "paces.tflite")
EXPERIMENT = str(ROOT / "training" / "experiments" / "shipped.toml")


def error_of(*arguments: str | Path) -> str:
    """Run a command that must fail, and return its message."""
    result = CliRunner().invoke(training.__main__.app, [str(argument) for argument in arguments])
    assert isinstance(result.exception, TrainingError), result.output
    return str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("megabatch",),
        ("evaluate", "--model", SHIPPED),
        ("report", "--model", SHIPPED, "--csv", "tracks.csv"),
        ("excerpt", "00001=Song"),
        ("calibrate", "anna.csv"),
        ("add", "chunk"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_without_songs_a_command_says_how_to_get_them(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chunk").mkdir()
    (tmp_path / "anna.csv").write_text("Help,96\n", "utf-8")
    (tmp_path / "tracks.csv").touch()
    message = error_of(*arguments, "--work", "new")
    assert "no songs in new/corpus" in message
    assert "python -m training corpus --work new" in message
    assert "python -m training annotations LABELS.csv --audio MUSIC --into new/corpus" in message


@pytest.mark.parametrize("command", ["train", "sweep", "crossvalidate"])
def test_training_without_songs_says_how_to_get_them(command: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    arguments = [EXPERIMENT] if command != "train" else ["--experiment", EXPERIMENT]
    assert "no songs in" in error_of(command, *arguments, "--work", tmp_path)


def test_songs_without_cases_need_a_megabatch(tmp_path: Path) -> None:
    make_corpus(tmp_path / "corpus", 3)
    with pytest.raises(TrainingError, match="python -m training megabatch --work") as caught:
        megabatch.shards(tmp_path / "megabatch", "train")
    assert f"no cases in {tmp_path / 'megabatch' / 'train'}" in str(caught.value)


def test_a_split_without_songs_needs_songs_and_no_megabatch(tmp_path: Path) -> None:
    make_corpus(tmp_path / "corpus", 1)
    megabatch.build(tmp_path / "corpus", tmp_path / "megabatch", FeatureConfig(), seed=1, variants=1, windows=1)
    with pytest.raises(TrainingError) as caught:
        megabatch.shards(tmp_path / "megabatch", "validation")
    assert "none of the 1 songs in" in str(caught.value)
    assert "is in the validation split" in str(caught.value)
    assert "megabatch --work" not in str(caught.value)
    result = CliRunner().invoke(
        training.__main__.app, ["megabatch", "--work", str(tmp_path), "--variants", "1", "--windows", "1"]
    )
    assert result.exit_code == 0
    assert result.output.count("is in the validation split") == 1
    assert "is in the train split" not in result.output


@pytest.mark.parametrize("command", ["evaluate", "report", "latency", "real-music", "ship"])
def test_without_a_model_a_command_says_how_to_make_or_name_one(command: str, tmp_path: Path) -> None:
    arguments = [] if command in ("evaluate", "ship") else ["--csv", EXPERIMENT]
    message = error_of(command, "--work", tmp_path, *arguments)
    assert f"{tmp_path / 'model' / 'paces.tflite'} is missing" in message
    assert f"python -m training export --work {tmp_path}" in message
    assert "--model" in message


def test_a_model_without_its_manifest_is_named(tmp_path: Path) -> None:
    shutil.copy(SHIPPED, tmp_path / "mine.tflite")
    message = error_of("evaluate", "--work", tmp_path, "--model", tmp_path / "mine.tflite")
    assert "mine.json is missing" in message


def test_a_broken_song_is_named(tmp_path: Path) -> None:
    make_corpus(tmp_path / "corpus", 2)
    (tmp_path / "corpus" / "songs" / "00001.json").write_text(json.dumps({"id": "00001"}), "utf-8")
    message = error_of("megabatch", "--work", tmp_path)
    assert "00001.json does not describe a song" in message
    assert "delete it" in message


def test_without_anything_to_hear_latency_names_both_ways(tmp_path: Path) -> None:
    (tmp_path / "tracks.csv").touch()
    message = error_of("latency", "--work", tmp_path, "--model", SHIPPED, "--csv", tmp_path / "tracks.csv")
    assert "training corpus --work" in message
    assert "training real-music" in message


def test_a_split_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(training.__main__.app, ["evaluate", "--work", str(tmp_path), "--split", "all"])
    assert result.exit_code == 2
    assert "'all' is not one of" in " ".join(result.output.split())


def test_the_old_model_of_a_data_log_is_named_with_before(tmp_path: Path) -> None:
    assert "--before" in error_of("log", SHIPPED, "--work", tmp_path)


def test_export_does_not_replace_the_model_that_ships(tmp_path: Path) -> None:
    assert "then run python -m training ship" in error_of("export", "--work", tmp_path, "--model", SHIPPED)


def test_shards_of_other_songs_are_refused_before_a_training(tmp_path: Path) -> None:
    make_corpus(tmp_path / "corpus", 2)
    (tmp_path / "megabatch").mkdir()
    (tmp_path / "megabatch" / megabatch.MADE_WITH).write_text(json.dumps({"songs": "of yesterday"}), "utf-8")
    message = error_of("train", "--work", tmp_path)
    assert "are not those of the songs in" in message
    assert f"delete {tmp_path / 'megabatch'} and run python -m training megabatch --work {tmp_path}" in message
