"""The names of the measures, and their values as text."""

import numpy as np

from training.dataset.megabatch import EXACT
from training.evaluate.metrics.songs import OUTCOMES
from training.evaluate.run.songs import LIVE_S

WORDS = {
    "cases": "cases",
    "larger_class": "share of the larger class",
    "accuracy": "accuracy",
    "accuracy_float": "accuracy before quantization",
    "agreement": "equal decisions before and after quantization",
    "accuracy_before_fine_tuning": "accuracy before fine-tuning",
    "accuracy_after": "accuracy after fine-tuning",
    "fine_tuned": "fine-tuned",
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
    "songs_without_wrong_pace": "songs without a wrong pace",
    "flags": "flags",
    "flag_precision": "flag precision",
    "flag_recall": "flag recall",
    "flag_f1": "flag F1",
    "tempo_error_median": "tempo error, median",
    "tempo_error_p95": "tempo error, 95th percentile",
    "acc1": "Acc1 of the most probable pace",
    "acc2": "Acc2 of the most probable pace",
    "right": "songs: all paces found, none wrong",
    "ambiguous": "songs: a pace missed, or another metrical level shown",
    "no compatible pace": "songs: only other metrical levels shown",
    "off the ladder": "songs: an unrelated pace shown",
    "nothing found": "songs: no pace shown",
    "verdict_median_s": "time to verdict, median",
    "verdict_p90_s": "time to verdict, 90th percentile",
    "no_verdict": f"songs without a lasting verdict in {LIVE_S:.0f} s",
}
"""Names of the measures for readers, by their names in the code and in the manifest."""


def text(measure: str, value: float) -> str:
    """Return the value of a measure with its unit, or nothing for nan.

    Examples
    --------
    >>> text("songs", 1234.0), text("tempo_error_median", 9e-05), text("right", 0.92857), text("flag_f1", 0.97324)
    ('1,234', '0.009 %', '92.9 %', '0.9732')
    """
    if np.isnan(value):
        return ""
    if measure in {"cases", "songs", "flags"}:
        return f"{value:,.0f}"
    if measure.startswith("tempo_error"):
        return f"{100.0 * value:.3f} %"
    if measure.endswith("_s"):
        return f"{value:.1f} s"
    return f"{100.0 * value:.1f} %" if measure in {*OUTCOMES, "no_verdict"} else f"{value:.4f}"
