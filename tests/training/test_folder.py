"""A folder of one's own: its labels, what the model finds in it, and clips that a network can learn from."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from tests.support.signals import RATE, clicks, noisy, rock, waltz
from training.__main__ import app
from training.annotations.annotators import Annotations
from training.annotations.labelled import read
from training.corpus import imported
from training.corpus.songs import load
from training.errors import TrainingError


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of clips, one of them too short, one no audio."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "sub").mkdir()
    for name, samples in {
        "rock 164.flac": noisy(rock(164.0, 30.0), 30.0),
        "sub/waltz.wav": noisy(waltz(150.0, 30.0), 30.0),
        "clicks.ogg": noisy(clicks(90.0, 12.0), 20.0),
        "short.wav": clicks(120.0, 6.0),
    }.items():
        soundfile.write(folder / name, samples.astype(np.float32), RATE)
    (folder / "broken.mp3").write_bytes(b"no music")
    return folder


def test_every_file_is_judged_and_all_rows_are_kept(music: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "file,tempo_bpm,meter,paces\n"
        "rock 164.flac,82,4/4,\n"
        "sub/waltz.wav,150,3/4,\n"
        'clicks.ogg,,,"100, 50"\n'
        "short.wav,120,duple,\n"
        "broken.mp3,120,duple,\n"
        "gone.mp3,120,duple,\n",
        "utf-8",
    )
    done = run("evaluate-folder", labels, "--audio", music, "--workers", "1")
    assert done.exit_code == 0, done.output
    with (tmp_path / "labels-results.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["file"]: row for row in csv.DictReader(stream)}
    assert len(rows) == 6
    assert rows["rock 164.flac"] | {"seconds": ""} == {
        "file": "rock 164.flac",
        "seconds": "",
        "meter": "duple",
        "tempo_bpm": "82",
        "compatible": "82.0 164.0",
        "found": "82.0 164.0",
        "wrong": "",
        "missed": "",
        "outcome": "right",
        "error": "",
    }
    assert "150.0" in rows["sub/waltz.wav"]["found"]
    assert "90.0" in rows["clicks.ogg"]["wrong"]
    assert rows["clicks.ogg"]["missed"] == "50.0 100.0"
    assert "too short" in rows["short.wav"]["error"]
    assert rows["broken.mp3"]["error"]
    assert "no such file" in rows["gone.mp3"]["error"]
    assert "wrong paces at 0.9 times the tempo" in done.output
    again = run("evaluate-folder", labels, "--audio", music)
    assert re.search("exists: delete it", str(again.exception))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,tempo\na,120\n", "must name the columns"),
        ("file,paces\n", "no file has a label"),
        ("file,paces\na.wav,fast\n", "labels.csv:2: 'fast' is not a rate"),
        ("file,paces\na.wav,20\n", "labels.csv:2: 20 is outside 40..320"),
        ("file,tempo_bpm,meter\na.wav,120,7/8\n", "unknown meter '7/8': use one of duple"),
        ("file,tempo_bpm,meter\na.wav,120,\n", "a.wav has neither paces nor a tempo and a meter"),
        ("file,paces\n,120\n", "there is no file"),
    ],
)
def test_a_wrong_label_is_named(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(text, "utf-8")
    with pytest.raises(TrainingError, match=re.escape(words)):
        read(tmp_path / "labels.csv")


def test_clips_of_30_seconds_are_used_as_a_whole(music: Path, tmp_path: Path) -> None:
    anna = Annotations("anna", {"rock 164": (82.0, 164.0), "waltz": (150.0,), "clicks": (90.0,)})
    update = imported.import_songs([anna], music, tmp_path / "corpus")
    assert list(update.failed) == ["clicks"]
    assert [song.duration for song in load(tmp_path / "corpus")] == pytest.approx([30.0, 30.0], abs=0.01)
    again = imported.import_songs([anna], music, tmp_path / "corpus")
    assert (again.made, again.found) == (0, 2)
    with pytest.raises(TrainingError, match="other paces or parameters"):
        imported.import_songs([anna], music, tmp_path / "corpus", edge=2.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("megabatch",), "no songs in .*corpus: make them with python -m training corpus"),
        (("train",), "there is no megabatch in .*: make it with python -m training megabatch"),
        (("export",), "no songs in"),
        (("evaluate",), "there is no model .*paces.tflite: make it with python -m training export"),
        (("ship",), "there is no model"),
        (("report",), "there is no model"),
        (("latency",), "there is no model"),
        (("latency", "--model", "models/paces.tflite"), "has no songs of the test split and no rendered track"),
        (("evaluate", "--model", "models/paces.tflite"), "no songs in"),
        (("excerpt", "00001"), "no songs in"),
        (("crossvalidate", "training/experiments/shipped.toml"), "no songs in"),
        (("train", "--from", "docs"), "there is no model docs/paces.tflite"),
    ],
)
def test_a_command_that_comes_too_early_says_what_is_missing(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    done = run(*arguments, "--work", tmp_path)
    assert isinstance(done.exception, TrainingError), done.output
    assert re.search(words, str(done.exception))


def test_only_the_three_splits_can_be_asked_for(tmp_path: Path) -> None:
    done = run("evaluate", "--work", tmp_path, "--split", "all")
    assert done.exit_code == 2
    assert "validation" in done.output
