"""paces-live and other programs, as each would be run live: one estimate a second from the last 25 seconds."""

import json
import subprocess
import sys
from types import MappingProxyType

OWN = "paces-live, a reading a second"
PEERS = MappingProxyType(
    {
        "aubio tempo": """
import sys, aubio, soundfile
samples, rate = soundfile.read(sys.argv[1], dtype="float32")
tempo = aubio.tempo("default", 1024, 512, rate)
for start in range(0, len(samples) - 512, 512):
    if tempo(samples[start : start + 512])[0]:
        print(tempo.get_bpm(), flush=True)
""",
        "librosa feature.tempo": """
import sys, librosa, soundfile
samples, rate = soundfile.read(sys.argv[1], dtype="float32")
samples = librosa.resample(samples, orig_sr=rate, target_sr=22050)
for end in range(22050, len(samples), 22050):
    print(librosa.feature.tempo(y=samples[max(0, end - 25 * 22050) : end], sr=22050)[0], flush=True)
""",
        "essentia Percival": """
import sys, essentia.standard as es, soundfile
samples, rate = soundfile.read(sys.argv[1], dtype="float32")
for end in range(5 * rate, len(samples), rate):
    print(es.PercivalBpmEstimator(sampleRate=rate)(samples[max(0, end - 25 * rate) : end]), flush=True)
""",
        "essentia RhythmExtractor2013": """
import sys, essentia.standard as es, soundfile
samples, rate = soundfile.read(sys.argv[1], dtype="float32")
for end in range(5 * rate, len(samples), rate):
    print(es.RhythmExtractor2013(method="multifeature")(samples[max(0, end - 25 * rate) : end])[0], flush=True)
""",
        "madmom comb filter": """
import sys, soundfile
from madmom.features.beats import RNNBeatProcessor
from madmom.features.tempo import TempoEstimationProcessor
samples, rate = soundfile.read(sys.argv[1], dtype="float32")
rnn, estimate = RNNBeatProcessor(), TempoEstimationProcessor(fps=100)
for end in range(5 * rate, len(samples), rate):
    print(estimate(rnn(samples[max(0, end - 25 * rate) : end]))[0][0], flush=True)
""",
    }
)
"""Programs that print an estimate a line. All but aubio's, which keeps a state, begin anew at each second."""

SHORTER = MappingProxyType({"essentia RhythmExtractor2013": 60.0, "madmom comb filter": 60.0})
"""Seconds of music for the slowest: the cost of a second does not depend on how many came before."""

_SIZE = """
import json, sys
from importlib.metadata import distribution, packages_distributions
from packaging.requirements import Requirement
seen = {}
def add(name):
    key = name.lower().replace("_", "-")
    if key in seen:
        return
    try:
        found = distribution(name)
    except Exception:
        return
    seen[key] = sum(file.locate().stat().st_size for file in found.files or () if file.locate().is_file())
    for line in found.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            add(requirement.name)
add(packages_distributions().get(sys.argv[1], [sys.argv[1]])[0])
print(json.dumps(seen))
"""


def own(wav: str) -> list[str]:
    """Return the command that a runner would type for a file, as fast as possible."""
    return [sys.executable, "-m", "paces_live", "listen", "--input", wav, "--fast", "--json"]


def installed(python: str, system: str) -> bool:
    """Tell whether the library that a peer needs can be imported."""
    library = system.split()[0]
    return subprocess.run([python, "-c", f"import {library}"], capture_output=True, check=False).returncode == 0


def installed_mb(python: str, package: str) -> float | None:
    """Return the size of a package and all that it requires, as installed; None where that cannot be told."""
    done = subprocess.run([python, "-c", _SIZE, package], capture_output=True, text=True, check=False)
    sizes = json.loads(done.stdout) if done.returncode == 0 else {}
    return sum(sizes.values()) / 1e6 if sizes else None
