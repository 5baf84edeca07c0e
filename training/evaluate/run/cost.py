"""The cost of a live session, in a process of its own: ``python -m training.evaluate.run.cost MODEL`` prints JSON."""

import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()
"""Time of the import of this module, which begins the process."""
REPEATS = 200
"""Number of timed calls of the model."""


def measure(model: Path) -> dict[str, float]:
    """Return the cost of listening to the bundled excerpt at one reading per second, measured in a new process.

    Returns
    -------
    dict
        ``first_reading_s``: from the import to the first reading, seconds of wall time; ``cpu``: seconds of processor
        time for a second of audio, without the start; ``inference_s``: seconds of processor time for the candidates of
        one reading, the median of many; ``peak_mb``: peak memory, megabytes; ``model_kb``: size of the model file,
        kilobytes.
    """
    command = [sys.executable, "-m", "training.evaluate.run.cost", str(model)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured = {name: float(value) for name, value in json.loads(done.stdout).items()}
    return measured | {"model_kb": model.stat().st_size / 1000.0}


def listen(model: Path) -> dict[str, float]:
    """Listen to the bundled excerpt in this process; see `measure`."""
    import numpy as np

    from paces_live.analysis.classifier import load_classifier
    from paces_live.analysis.fold import Cases
    from paces_live.demo import excerpt
    from training import live

    classifier = load_classifier(model)
    features = classifier.features
    seconds = live.reading_times(excerpt(), classifier)
    next(seconds)
    first, begun = time.perf_counter() - STARTED, time.process_time()
    *_, end = seconds
    cpu = (time.process_time() - begun) / end
    cases = Cases(
        np.full(live.CANDIDATES, 120.0),
        np.zeros((live.CANDIDATES, features.fold_beats, features.fold_steps, features.n_mels), np.float32),
        np.zeros((live.CANDIDATES, features.context_values), np.float32),
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
    """Return the peak memory of this process alone; the usage record would include the parent's before the start."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8"))):
        return float(found[1]) * 1.024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1000.0 if sys.platform == "darwin" else 1.0)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(listen(Path(sys.argv[1]))) + "\n")
