"""What changes if a model replaces the one that ships, as a table."""

from pathlib import Path

from rich.table import Table

from paces_live.analysis.manifest import Manifest
from training.evaluate.report.manifest import HELD_OUT, HELD_OUT_ANNOTATED
from training.evaluate.report.wording import WORDS, text
from training.evaluate.run.shipping import NEW, SHIPPED, Comparison

MEASURES = ("set_precision", "set_recall", "set_f1", "flag_f1", "right")
"""Measures of whole songs in the table."""


def changes(comparison: Comparison, new: Path, shipped: Path) -> Table:
    """Return both models side by side: identity, size, and measures of validation songs and of test songs."""
    paths = {SHIPPED: shipped, NEW: new}
    manifests = {name: Manifest.read(path) if path.is_file() else None for name, path in paths.items()}
    table = Table("", *(f"{name}: {path}" for name, path in paths.items()))
    table.add_row("model", *(manifest.sha256[:12] if manifest else "none" for manifest in manifests.values()))
    table.add_row("bytes", *(f"{path.stat().st_size:,}" if path.is_file() else "" for path in paths.values()))
    made = [manifest.provenance if manifest else {} for manifest in manifests.values()]
    table.add_row("songs of its corpus", *(str(provenance.get("songs", "")) for provenance in made))
    for measure in MEASURES:
        values = [comparison.measures.get(name, {}).get(measure, float("nan")) for name in paths]
        table.add_row(f"validation songs: {WORDS[measure]}", *(text(measure, value) for value in values))
    for measure in MEASURES:
        recorded = [_recorded(manifest, measure) for manifest in manifests.values()]
        table.add_row(f"test songs, each of its own corpus: {WORDS[measure]}", *recorded)
    return table


def _recorded(manifest: Manifest | None, measure: str) -> str:
    """Return a measure of the test songs as `evaluate` wrote it; empty if it did not."""
    for group in (HELD_OUT, HELD_OUT_ANNOTATED):
        if manifest and group in manifest.metrics:
            return text(measure, manifest.metrics[group]["whole_songs"][measure])
    return ""
