"""The model card, written from what the manifest holds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paces_live.manifest import Manifest
from training.evaluation.metrics import Judged

NAMES = {
    "cases": "cases",
    "larger_class": "share of the larger class",
    "accuracy": "accuracy",
    "accuracy_float": "accuracy before quantization",
    "agreement": "decisions that quantization left alone",
    "balanced_accuracy": "balanced accuracy",
    "auc": "ROC AUC",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "songs": "songs",
    "set_precision": "pace set precision",
    "set_recall": "pace set recall",
    "set_f1": "pace set F1",
    "songs_without_wrong_pace": "songs that show no wrong pace",
    "flags": "flags",
    "flag_precision": "flag precision",
    "flag_recall": "flag recall",
    "flag_f1": "flag F1",
    "tempo_error_median": "tempo error, median",
    "tempo_error_p95": "tempo error, 95th percentile",
}
COUNTS = {"cases", "songs", "flags"}

TEMPLATE = """\
# The model

Written by `python -m training evaluate`; every figure was measured on the exported int8 file.

`paces.tflite` ({model_bytes:,} bytes) says for a candidate tempo whether one can jog to the music at that step rate.
`paces.json` ({manifest_bytes:,} bytes), its manifest, carries the hash, the feature configuration, the quantization,
the thresholds, these figures and a self-test. The two belong together; the live engine refuses one without the other.

| | |
|---|---|
| hash | `{sha256}` |
| feature path | `{fingerprint}` |
| inputs | fold {fold_shape} and context {context_shape}, int8 |
| output | probability that the pace is compatible, int8 |
| taken up at, given up below | {on}, {off} |
{provenance}

It was trained on generated music only: accompaniments rendered with soundfonts, then degraded as a room and a cheap
microphone would. Splits are by groove family: no groove of the test songs was trained on. Truth comes from the score.
It has never seen singing, and music whose tempo drifts by more than a few per cent within 25 s is beyond its method.
{sections}"""


def card(manifest: Manifest, model: Path) -> str:
    """Return the model card in Markdown."""
    features = manifest.features
    return TEMPLATE.format(
        model_bytes=model.stat().st_size,
        manifest_bytes=model.with_suffix(".json").stat().st_size,
        sha256=manifest.sha256,
        fingerprint=manifest.fingerprint,
        fold_shape=f"{features.fold_beats} beats x {features.fold_steps} steps x {features.n_mels} bands",
        context_shape=f"of {1 + len(features.ratios)} values",
        on=manifest.threshold_on,
        off=manifest.threshold_off,
        provenance="\n".join(f"| {name.replace('_', ' ')} | {value} |" for name, value in manifest.provenance.items()),
        sections="".join(_section(name, measures) for name, measures in manifest.metrics.items()),
    )


REAL_MUSIC = """\
# On real music

Written by `python -m training openset`. The tracks are real music of exactly known, constant tempo, made from Debian
packages (LMMS projects, tracker modules, MIDI files, drum machine songs). None was trained on or tuned to. Each went
through `paces-live analyze`; right means that the tempo, its half or its double is shown, and nothing not on its
ladder. The last columns show librosa's `feature.tempo`, which gives one number; it counts as right where that is the
tempo, its half or its double within 5 %.

**paces-live is right on {right} of {count} tracks ({share:.1%}), librosa on {other} ({other_share:.1%}).**

| track | tempo | paces shown | right | librosa | right |
|---|---|---|---|---|---|
{rows}
"""


def real_music(judged: Sequence[Judged], librosa: Sequence[float]) -> str:
    """Return the table of the open real set in Markdown, with librosa's tempo of each track beside it."""
    octaves = [
        any(abs(tempo / (song.tempo * ratio) - 1.0) <= 0.05 for ratio in (0.5, 1.0, 2.0))
        for song, tempo in zip(judged, librosa, strict=True)
    ]
    rows = [
        f"| {song.id} | {song.tempo:g} | {', '.join(f'{spm:.1f}' for spm in sorted(song.result.found)) or 'none'} "
        f"| {_yes(song.right)} | {tempo:.1f} | {_yes(octave)} |"
        for song, tempo, octave in zip(judged, librosa, octaves, strict=True)
    ]
    right, count, other = sum(song.right for song in judged), len(judged), sum(octaves)
    return REAL_MUSIC.format(
        right=right, count=count, share=right / count, other=other, other_share=other / count, rows="\n".join(rows)
    )


def _yes(right: bool) -> str:
    return "yes" if right else "**no**"


def _section(name: str, measures: dict[str, Any]) -> str:
    """Return a heading and a table for each flat group of measures in `measures`."""
    flat = {key: value for key, value in measures.items() if not isinstance(value, dict)}
    text = f"\n## {name}\n\n" + (_table(flat) if flat else "")
    for key, value in measures.items():
        if isinstance(value, dict):
            text += f"\n### {key.replace('_', ' ')}\n\n" + _table(value)
    return text


def _table(measures: dict[str, Any]) -> str:
    rows = [f"| {NAMES.get(key, key)} | {_figure(key, value)} |" for key, value in measures.items()]
    return "\n".join(["| measure | value |", "|---|---|", *rows]) + "\n"


def _figure(key: str, value: Any) -> str:
    if key in COUNTS:
        return f"{value:,.0f}"
    if not isinstance(value, float):
        return str(value)
    return f"{100.0 * value:.3f} %" if key.startswith("tempo_error") else f"{value:.4f}"
