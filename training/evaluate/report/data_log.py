"""The data log: each chunk of songs that was added, and every measure before and after."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paces_live.analysis.manifest import Manifest
from training.dataset.chunks import CAME
from training.errors import TrainingError
from training.evaluate.report.manifest import REAL_MUSIC, measured
from training.evaluate.report.markdown import table

SHOWN = (
    ("held-out ", " / candidates / accuracy"),
    ("held-out ", " / candidates / balanced_accuracy"),
    ("held-out ", " / whole_songs / flag_f1"),
    (REAL_MUSIC["clean"], " / flag_f1"),
)
"""Beginning and end of the names of the measures in the table; the JSON lines have all measures."""


def log(joined: Path, before: Path, after: Path, path: Path) -> dict[str, Any]:
    """Append the effect of the newest chunk of `joined` to the data log at `path`, and write its table again.

    Parameters
    ----------
    before, after
        Models trained without and with the chunk, both evaluated in `joined`; see `measured`.
    path
        File of JSON lines; the Markdown table has the same name with the suffix ``.md``.

    Raises
    ------
    TrainingError
        If `joined` is not a joined folder, a model was not evaluated in it, or the two share no measure.
    """
    if not (joined / CAME).exists():
        raise TrainingError(f"{joined} has no chunk: add one with python -m training add")
    for model in (before, after):
        if not measured(joined, model).exists():
            raise TrainingError(
                f"{model} was not measured on the songs of {joined}: "
                f"run python -m training evaluate --work {joined} --model {model}"
            )
    first, second = (dict(_leaves(Manifest.read(measured(joined, model)).metrics)) for model in (before, after))
    measures = {" / ".join(name): [first[name], second[name]] for name in second if name in first}
    if not measures:
        raise TrainingError(
            f"{before} and {after} share no measure: run python -m training evaluate --work {joined} for both"
        )
    came = json.loads((joined / CAME).read_text("utf-8"))
    line = {"date": datetime.now(UTC).date().isoformat(), "came": came, "measures": measures}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    lines = [json.loads(text) for text in path.read_text("utf-8").splitlines()]
    path.with_suffix(".md").write_text(page(lines), "utf-8")
    return line


def page(lines: list[dict[str, Any]]) -> str:
    """Return the data log in Markdown."""
    rows = []
    for line in lines:
        came = line["came"]
        counts = (", ".join(f"{name} {number}" for name, number in came[by].items()) for by in ("splits", "meters"))
        found = (_pair(line["measures"], *ends) for ends in SHOWN)
        shown = (f"{pair[0]:.4f} → {pair[1]:.4f}" if pair else "" for pair in found)
        rows.append((line["date"], str(came["songs"]), *counts, *shown))
    heads = ("date", "songs", "splits", "meters", *(f"{first.strip()}{last}" for first, last in SHOWN))
    return f"# Data log\n\nEach row is a chunk of songs, with each measure before → after.\n\n{table(heads, rows)}"


def _pair(measures: dict[str, list[float]], first: str, last: str) -> list[float] | None:
    """Return a measure before and after; which songs are held out depends on the corpus."""
    return next((pair for name, pair in measures.items() if name.startswith(first) and name.endswith(last)), None)


def _leaves(metrics: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    for name, value in metrics.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*above, name))
        elif isinstance(value, int | float):
            yield (*above, name), value
