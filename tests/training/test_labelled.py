"""A folder of labelled songs: the labels, the files, and what `evaluate-folder` says of them."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import training.__main__
from tests.support.signals import RATE, rock
from training.annotations import labels
from training.annotations.labels import Label
from training.annotations.truth import Truth, truth
from training.errors import TrainingError
from training.evaluate.run import labelled
from training.evaluate.run.labelled import Judged


def label_file(folder: Path, *lines: str) -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_tempo_and_meter_give_the_paces_by_rule_and_paces_stand_as_they_are(tmp_path: Path) -> None:
    path = label_file(
        tmp_path,
        "genre,file,tempo_bpm,meter,paces,swung",
        "rock,a.wav,82.5,4/4,,",
        "jazz,b.wav,120,duple,,yes",
        'waltz,"c, d.wav",150,3/4,,no',
        ",e.wav,,,180 90,",
        ",,,,,",
    )
    found = labels.read(path)
    assert [label.file for label in found] == ["a.wav", "b.wav", "c, d.wav", "e.wav"]
    assert [label.truth for label in found] == [
        truth(82.5, "duple"),
        truth(120.0, "duple", swung=True),
        truth(150.0, "triple"),
        Truth((90.0, 180.0)),
    ]
    assert [(label.tempo, label.meter) for label in found[2:]] == [(150.0, "triple"), (180.0, "unknown")]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("a.wav,120,4/4",), "the first line must name a column file"),
        (("file;tempo_bpm;meter", "a.wav;120;4/4"), "separated by commas"),
        (("file,tempo_bpm", "a.wav,120"), "and tempo_bpm and meter, or paces; it has file, tempo_bpm"),
        (("file,paces",), "no row"),
        (("file,paces", "a.wav,fast"), "labels.csv:2: 'fast' is not a pace"),
        (("file,paces", "a.wav,400"), "labels.csv:2: the pace 400 is outside 40..320"),
        (("file,paces", "a.wav,90", "a.wav,80"), "labels.csv:3: a.wav is already in line 2"),
        (("file,paces", "a, b.wav,90"), "labels.csv:2: more cells than columns"),
        (("file,tempo_bpm,meter", "a.wav,120,11/8"), "labels.csv:2: unknown meter '11/8': use one of duple"),
        (("file,tempo_bpm,meter", "a.wav,,4/4"), "a.wav needs tempo_bpm and meter"),
        (("file,tempo_bpm,meter,swung", "a.wav,90,4/4,perhaps"), "write yes or no"),
    ],
)
def test_a_wrong_label_is_named_by_its_line(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(TrainingError) as caught:
        labels.read(label_file(tmp_path, *lines))
    assert message in str(caught.value)


def test_a_file_is_found_at_its_path_or_by_its_name_below(tmp_path: Path) -> None:
    for name in ("top.wav", "rock/rock.0001.wav", "rock/twin.wav", "jazz/twin.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = labelled.find(["top.wav", "rock.0001", "rock.0001.wav", "jazz/twin.wav", "twin.wav", "gone.wav"], tmp_path)
    assert found[:4] == [
        *(tmp_path / name for name in ("top.wav", "rock/rock.0001.wav", "rock/rock.0001.wav", "jazz/twin.wav")),
    ]
    assert "2 files" in str(found[4])
    assert found[5] == f"not in {tmp_path}"
    assert labelled.find(["pop/top.wav"], tmp_path) == [f"not in {tmp_path}"]  # it may be another song


def test_errors_are_counted_by_their_ratio_to_the_tempo() -> None:
    label = Label("a.wav", Truth((60.0, 120.0, 240.0)), 120.0, "duple")
    judged = [
        Judged(label, (120.0, 80.0), 30.0),
        Judged(label, (60.0, 120.0, 107.0), 30.0),
        Judged(label, reason="not there"),
    ]
    assert labelled.ratios(judged) == [("1/2", 0, 1), ("2/3", 1, 0), ("2", 0, 2), ("0.89", 1, 0)]


@pytest.mark.slow
def test_every_labelled_song_has_a_row_and_nothing_is_overwritten(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    soundfile.write(music / "right.flac", rock(120.0, 30.0) * 0.5, RATE)
    soundfile.write(music / "ten.wav", rock(120.0, 11.0) * 0.5, RATE)
    soundfile.write(music / "wrong.wav", rock(128.0, 30.0) * 0.5, RATE)  # the label says 96
    soundfile.write(music / "short.wav", rock(120.0, 9.0) * 0.5, RATE)
    (music / "broken.mp3").write_bytes(bytes(range(256)) * 8)
    path = label_file(
        tmp_path,
        "file,tempo_bpm,meter",
        *("broken.mp3,100,4/4", "right.flac,120,4/4", "gone.wav,90,3/4"),
        *("ten.wav,120,4/4", "wrong.wav,96,4/4", "short.wav,120,4/4"),
    )
    runner, app = CliRunner(), training.__main__.app
    arguments = ["evaluate-folder", str(path), "--audio", str(music), "--work", str(tmp_path / "work")]
    result = runner.invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    out = tmp_path / "work" / "labels-evaluated.csv"
    with out.open(encoding="utf-8", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["broken.mp3", "right.flac", "gone.wav", "ten.wav", "wrong.wav", "short.wav"]
    assert [name for name, row in rows.items() if row["outcome"] == "right"] == ["right.flac", "ten.wav"]
    np.testing.assert_allclose(sorted(map(float, rows["right.flac"]["found"].split())), [60.0, 120.0, 240.0], rtol=0.01)
    assert rows["wrong.wav"]["outcome"] == "off the ladder"
    reasons = {name: row["not_judged"] for name, row in rows.items() if row["not_judged"]}
    assert set(reasons) == {"broken.mp3", "gone.wav", "short.wav"}
    assert "too short: 10 s" in reasons["short.wav"]
    assert "wrong.wav" in result.stdout  # the table of mistakes
    assert "right.flac" not in result.stdout
    again = runner.invoke(app, arguments)
    assert isinstance(again.exception, TrainingError)
    assert "--overwrite" in str(again.exception)
    assert runner.invoke(app, [*arguments, "--overwrite"]).exit_code == 0
