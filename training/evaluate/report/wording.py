"""Single verdicts and heard songs to the measures of the project; the card and the report tell the same ones."""

from collections.abc import Sequence

import numpy as np

from training.dataset.megabatch import EXACT
from training.evaluate.metrics.diagnosis import FAILURES, accuracies, failure
from training.evaluate.metrics.reliability import calibration_error
from training.evaluate.metrics.songs import song_measures
from training.evaluate.run.predictions import Verdicts
from training.evaluate.run.songs import LIVE_S, Heard

WORDS = {
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
    "exact_accuracy": f"accuracy, exact candidates ({100.0 * EXACT:g} %)",
    "exact_balanced_accuracy": f"balanced accuracy, exact candidates ({100.0 * EXACT:g} %)",
    "calibration_error": "expected calibration error",
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
    "acc1": "Acc1 of the most probable pace",
    "acc2": "Acc2 of the most probable pace",
    "right": "songs: all paces right, none missed",
    "ambiguous": "songs: ambiguous",
    "no compatible pace": "songs: no compatible pace",
    "off the ladder": "songs: off the ladder",
    "nothing found": "songs: nothing found",
    "verdict_median_s": "time to verdict, median",
    "verdict_p90_s": "time to verdict, 90th percentile",
    "no_verdict": f"songs without a lasting verdict in {LIVE_S:.0f} s",
}
"""What each measure is called."""


def of_verdicts(verdicts: Verdicts) -> dict[str, float]:
    """Return the measures of single verdicts."""
    return verdicts.measures() | {"calibration_error": calibration_error(verdicts.label, verdicts.probability)}


def of_windows(heard: Sequence[Heard], name: str | None = None) -> Verdicts:
    """Return the verdicts on full windows of all songs, by a model or a rival."""
    return Verdicts.joined([one.singles(name) for one in heard])


def of_songs(heard: Sequence[Heard], name: str | None = None) -> dict[str, float]:
    """Return the measures of whole songs, of a model, the one measured by default, or of a rival.

    Acc1 and Acc2 are those of the most probable pace, of a rival those of its tempo. The time to verdict, of the model
    measured alone, is nan where no verdict lasts.
    """
    judged = [one.judged(name) for one in heard]
    kinds = [failure(one.item.tempo, one.item.meter, song.result) for one, song in zip(heard, judged, strict=True)]
    first = [song.result.found[0] if song.result.found else None for song in judged]
    measures = song_measures([song.result for song in judged]) | accuracies([song.tempo for song in judged], first)
    measures |= {kind: kinds.count(kind) / len(kinds) for kind in FAILURES}
    if name is None:
        times = [one.verdict_s for one in heard if one.verdict_s is not None]
        measures |= {
            "verdict_median_s": float(np.median(times)) if times else float("nan"),
            "verdict_p90_s": float(np.percentile(times, 90)) if times else float("nan"),
            "no_verdict": 1.0 - len(times) / len(heard),
        }
    return measures


def told(measure: str, value: float) -> str:
    """Return a measure's value as the card and the report write it."""
    if np.isnan(value):
        return ""
    if measure in {"cases", "songs", "flags"}:
        return f"{value:,.0f}"
    if measure.startswith("tempo_error"):
        return f"{100.0 * value:.3f} %"
    if measure.endswith("_s"):
        return f"{value:.1f} s"
    return f"{100.0 * value:.1f} %" if measure in {*FAILURES, "no_verdict"} else f"{value:.4f}"
