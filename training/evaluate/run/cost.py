"""What hearing costs, in a process of its own: ``python -m training.evaluate.run.cost MODEL``, a line of JSON."""

import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()
CANDIDATES, REPEATS = 16, 200
"""Candidates that the model judges at a time, and how often this is timed."""


def measure(model: Path) -> dict[str, float]:
    """Return the cost of hearing the bundled excerpt at one reading a second, measured in a fresh process.

    Returns
    -------
    dict
        ``first_reading_s``: from the import to the first reading, seconds of wall time; ``cpu``: seconds of processor
        time for a second of audio, the start left out; ``inference_s``: seconds of processor time in which the model
        judges `CANDIDATES` candidates, the median of many; ``peak_mb``: most memory ever held, megabytes;
        ``model_kb``: size of the model file, kilobytes.
    """
    command = [sys.executable, "-m", "training.evaluate.run.cost", str(model)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured = {name: float(value) for name, value in json.loads(done.stdout).items()}
    return measured | {"model_kb": model.stat().st_size / 1000.0}


def hear(model: Path) -> dict[str, float]:
    """Hear the bundled excerpt in this process; see `measure`."""
    import numpy as np

    from paces_live.analysis.classifier import load_classifier
    from paces_live.analysis.fold import Cases
    from paces_live.demo import excerpt
    from paces_live.events import End, Reading
    from paces_live.session.engine import Engine, EngineConfig
    from paces_live.sources import FileSource

    classifier = load_classifier(model)
    features = classifier.features
    source = FileSource(excerpt(), features.sample_rate, fast=True)
    first = begun = 0.0
    seconds = 1.0
    for event in Engine(classifier, EngineConfig()).events(source):
        if isinstance(event, Reading) and not first:
            first, begun = time.perf_counter() - STARTED, time.process_time()
        if isinstance(event, End):
            seconds = event.t
    cpu = (time.process_time() - begun) / seconds
    cases = Cases(
        np.full(CANDIDATES, 120.0),
        np.zeros((CANDIDATES, features.fold_beats, features.fold_steps, features.n_mels), np.float32),
        np.zeros((CANDIDATES, features.context_values), np.float32),
    )
    times = [time.process_time()]
    for _ in range(REPEATS):
        classifier.probabilities(cases)
        times.append(time.process_time())
    return {
        "first_reading_s": first,
        "cpu": cpu,
        "inference_s": float(np.median(np.diff(times))),
        "peak_mb": _peak_kilobytes() / 1000.0,
    }


def _peak_kilobytes() -> float:
    """Return the peak of this process alone: that of the usage record includes the parent's before the start."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8"))):
        return float(found[1]) * 1.024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1000.0 if sys.platform == "darwin" else 1.0)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(hear(Path(sys.argv[1]))) + "\n")
