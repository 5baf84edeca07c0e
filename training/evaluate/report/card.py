"""The model card, written from what the manifest holds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paces_live.analysis.manifest import Manifest
from training.evaluate.report.wording import WORDS, told
from training.evaluate.run.baselines import LIBROSA
from training.evaluate.run.real_music import FELT_BEATS
from training.evaluate.run.songs import EXCERPT_S, Heard

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
        context_shape=f"of {features.context_values} values",
        on=manifest.threshold_on,
        off=manifest.threshold_off,
        provenance="\n".join(
            f"| {name.replace('_', ' ')} | {_flat(value)} |" for name, value in manifest.provenance.items()
        ),
        sections="".join(_section(name, measures) for name, measures in manifest.metrics.items()),
    )


REAL_MUSIC = """\
# On real music

Written by `python -m training openset`. The tracks are real music of exactly known, constant tempo, made from Debian
packages (LMMS projects, tracker modules, MIDI files, drum machine songs). None was trained on or tuned to. Each went
through the engine as `paces-live analyze` does it, of long tracks the first {excerpt:.0f} s after the margin; right
means that the tempo, its half or its double is shown, and nothing not on its ladder. The tempo is the felt one: in
{felt} the drums run in four beats to three quarters of the file.
Degraded is the same track as a cheap microphone hears it in a noisy room. The last columns show librosa's
`feature.tempo` of the clean track, which gives one number; it counts as right where that is the tempo, its half or its
double within 5 %.

**paces-live is right on {right} of {count} tracks ({share:.1%}), of degraded ones on {worse} ({worse_share:.1%});
librosa on {other} ({other_share:.1%}).**

| track | tempo | paces shown | right | degraded | right | librosa | right |
|---|---|---|---|---|---|---|---|
{rows}
"""


def real_music(clean: Sequence[Heard], degraded: Sequence[Heard]) -> str:
    """Return the table of the open real set in Markdown, with librosa's tempo of each track beside it."""
    octave = [
        any(abs(one.tempi[LIBROSA] / (one.item.tempo * ratio) - 1.0) <= 0.05 for ratio in (0.5, 1.0, 2.0))
        for one in clean
    ]
    rows = [
        f"| {one.item.id} | {one.item.tempo:g} | {_paces(one)} | {_yes(one.judged().right)} "
        f"| {_paces(other)} | {_yes(other.judged().right)} | {one.tempi[LIBROSA]:.1f} | {_yes(beside)} |"
        for one, other, beside in zip(clean, degraded, octave, strict=True)
    ]
    count = len(clean)
    right, worse_right = (sum(one.judged().right for one in heard) for heard in (clean, degraded))
    other_right = sum(octave)
    return REAL_MUSIC.format(
        felt=" and ".join(FELT_BEATS),
        excerpt=EXCERPT_S,
        right=right,
        count=count,
        share=right / count,
        worse=worse_right,
        worse_share=worse_right / count,
        other=other_right,
        other_share=other_right / count,
        rows="\n".join(rows),
    )


def _paces(heard: Heard) -> str:
    return ", ".join(f"{spm:.1f}" for spm in sorted(heard.judged().result.found)) or "none"


def _yes(right: bool) -> str:
    return "yes" if right else "**no**"


def _flat(value: Any) -> str:
    """Return a value of the provenance in words; a dict as a list of its items."""
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_flat(item)}" for name, item in value.items())
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _section(name: str, measures: dict[str, Any]) -> str:
    """Return a heading and a table for each flat group of measures in `measures`."""
    flat = {key: value for key, value in measures.items() if not isinstance(value, dict)}
    text = f"\n## {name}\n\n" + (_table(flat) if flat else "")
    for key, value in measures.items():
        if isinstance(value, dict):
            text += f"\n### {key.replace('_', ' ')}\n\n" + _table(value)
    return text


def _table(measures: dict[str, Any]) -> str:
    rows = [
        f"| {WORDS.get(key, key)} | {told(key, value) if isinstance(value, float) else value} |"
        for key, value in measures.items()
    ]
    return "\n".join(["| measure | value |", "|---|---|", *rows]) + "\n"
