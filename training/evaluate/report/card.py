"""The model card, written from the manifest; it describes the corpus that the model was trained on."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from paces_live.analysis.manifest import Manifest
from training.corpus.contents import ANNOTATED, kinds, recorded
from training.evaluate.report import corpus
from training.evaluate.report.markdown import folded, table
from training.evaluate.report.wording import WORDS, text

SUMMARY = (
    *("songs", "right", "songs_without_wrong_pace", "set_precision", "set_recall", "flag_precision", "flag_recall"),
    *("tempo_error_median", "verdict_median_s", "verdict_p90_s"),
)
"""Measures of whole songs that the card shows first."""

PURPOSE = """\
# The model

Written by `python -m training evaluate`. Every figure was measured on the exported int8 file.

## What it is for

`paces.tflite` ({model_bytes:,} bytes) answers one question: can you jog to this music at this step rate? It gets a
candidate tempo and up to 25 s of sound, and gives the probability that you can. paces-live proposes the candidates,
asks the model about each of them every second, and follows the answers. A song usually has several such paces: the
beat, its half or its double.

It is not a beat tracker: the most probable pace is often another metrical level than the beat.

`paces.json` ({manifest_bytes:,} bytes) is its manifest, with the hash, the feature configuration, the quantization, the
thresholds, the measures and a self-test. paces-live refuses one file without the other.
"""
RIGHT = """\
## How right it is

{table}
{words}
"""
FAILURES = """\
## Where it fails

- **Songs with the wrong metrical level.** The most frequent error: the half or the double of the beat is missed, or a
  level is shown that most runners would not step to.
{meters}- **Rhythms across the beat**, such as long 3+3+2 patterns without drums: two or four thirds of the beat may
  look like a pace.
- **Changing tempo.** The tempo is followed as long as it stays within an eighth of its middle for 25 s. If it jumps, or
  swings by a tenth within a few seconds, paces come late or are lost. Music in free time raises false flags.
{singing}"""
METERS = """\
- **Other meters than 4/4.** There are fewer songs of them to learn from:

{table}
"""
SINGING = """\
- **Singing** was not in the training data. Speech, noise and the sounds of a street were, and hardly ever raise a flag.
"""
MAKING = """\
## How it was made

{words}

{table}"""


def card(manifest: Manifest, model: Path) -> str:
    """Return the model card in Markdown."""
    named = {corpus.title(name): measures for name, measures in manifest.metrics.items()}
    trained_on = recorded(manifest.provenance)
    before = manifest.provenance.get("began_with")
    sections = [
        PURPOSE.format(model_bytes=model.stat().st_size, manifest_bytes=model.with_suffix(".json").stat().st_size)
    ]
    songs = {name: measures.get("whole_songs", measures) for name, measures in named.items()}
    songs = {name: measures for name, measures in songs.items() if "set_f1" in measures}
    if songs:
        rows = [
            (WORDS[measure], *(_text(measure, measures.get(measure, "")) for measures in songs.values()))
            for measure in SUMMARY
        ]
        words = corpus.explained(songs, own=before is None)
        sections.append(RIGHT.format(table=table(("", *songs), rows), words=words))
    meters: dict[str, Any] = next((group["by_meter"] for group in named.values() if "by_meter" in group), {})
    meters = {meter: value for meter, value in meters.items() if meter != "unknown"}
    by_meter = table(("meter", "flag F1"), [(meter, _text("flag_f1", value)) for meter, value in meters.items()])
    heard_singing = trained_on is None or ANNOTATED in kinds(trained_on, "train")
    sections.append(
        FAILURES.format(
            meters=METERS.format(table=_indented(by_meter)) if meters else "", singing="" if heard_singing else SINGING
        )
    )
    sections.append(MAKING.format(words=corpus.made_of(trained_on, before), table=table(("", ""), _making(manifest))))
    sections.append("## All measures\n")
    sections += [folded(name, _groups(measures)) for name, measures in named.items()]
    return "\n".join(part.rstrip("\n") + "\n" for part in sections)


def _making(manifest: Manifest) -> Iterable[tuple[str, str]]:
    """Yield name and value of each property and each fact of the provenance."""
    features = manifest.features
    yield "hash", f"`{manifest.sha256}`"
    yield "feature path", f"`{manifest.fingerprint}`"
    fold = f"{features.fold_beats} beats x {features.fold_steps} steps x {features.n_mels} bands"
    yield "inputs, int8", f"fold of {fold}, context of {features.context_values} values"
    yield "output, int8", "probability that the candidate is compatible"
    yield "shown from, hidden below", f"{manifest.threshold_on}, {manifest.threshold_off}"
    for name, value in manifest.provenance.items():
        if name == "began_with":
            value = value["sha256"]
        yield name.replace("_", " "), _flat(value)


def _flat(value: Any) -> str:
    """Return a value of the provenance as text, a dict as a list of its items."""
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_flat(item)}" for name, item in value.items())
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _groups(measures: Mapping[str, Any]) -> str:
    """Return a table of the measures, and one below for each group among them."""
    flat = {key: value for key, value in measures.items() if not isinstance(value, dict)}
    parts = [_table("measure", flat)] if flat else []
    parts += [_table(key.replace("_", " "), value) for key, value in measures.items() if isinstance(value, dict)]
    return "\n".join(parts)


def _table(head: str, measures: Mapping[str, Any]) -> str:
    return table((head, "value"), [(WORDS.get(key, key), _text(key, value)) for key, value in measures.items()])


def _text(measure: str, value: Any) -> str:
    return text(measure, value) if isinstance(value, float) else str(value)


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())
