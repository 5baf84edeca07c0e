"""What a second of audio costs: paces-live as a runner runs it, and its peers as they would be run in its place.

``python -m benchmarks MUSIC...`` joins the files to ten minutes of music, runs each system on it in a process of its
own, one after the other and in rounds, and prints CPU seconds per second of audio, peak memory, and the time from the
start of the process to its first estimate. Ratios within a run are worth more than the figures: machines are noisy.
Peers that are not installed are named and left out.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from benchmarks.music import music

SECONDS = 600.0
WINDOW_S = 25.0

PEERS = {
    "aubio tempo": """
import sys, aubio, soundfile
samples, rate = soundfile.read(sys.argv[1], dtype="float32")
tempo = aubio.tempo("default", 1024, 512, rate)
for start in range(0, len(samples) - 512, 512):
    if tempo(samples[start : start + 512])[0]:
        print(tempo.get_bpm(), flush=True)
""",
    "librosa tempo, last 25 s each second": """
import sys, librosa, soundfile
samples, rate = soundfile.read(sys.argv[1], dtype="float32")
samples = librosa.resample(samples, orig_sr=rate, target_sr=22050)
for end in range(22050, len(samples), 22050):
    print(librosa.feature.tempo(y=samples[max(0, end - 25 * 22050) : end], sr=22050)[0], flush=True)
""",
    "essentia Percival, last 25 s each second": """
import sys, essentia.standard as es, soundfile
samples, rate = soundfile.read(sys.argv[1], dtype="float32")
for end in range(5 * rate, len(samples), rate):
    print(es.PercivalBpmEstimator(sampleRate=rate)(samples[max(0, end - 25 * rate) : end]), flush=True)
""",
}
IMPORTS = {"aubio": "aubio", "librosa": "librosa", "essentia": "essentia"}


@dataclass(frozen=True, slots=True)
class Run:
    """One run: CPU seconds per second of audio, peak resident memory in MB, seconds to the first line of output."""

    system: str
    cpu: float
    memory_mb: float
    first_s: float


def measure(system: str, command: list[str], seconds: float) -> Run:
    """Run `command` to its end and return what the operating system counted."""
    started = time.monotonic()
    # One thread each: what is compared is work, not the number of cores.
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | single)
    assert process.stdout is not None
    first = 0.0
    for line in process.stdout:
        if not first and b'"start"' not in line:
            first = time.monotonic() - started
    _, status, usage = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{system} failed with status {process.returncode}")
    return Run(system, (usage.ru_utime + usage.ru_stime) / seconds, usage.ru_maxrss / 1024.0, first)


def available(python: str, system: str) -> bool:
    """Tell whether the library that a peer needs can be imported."""
    library = IMPORTS[system.split()[0]]
    return subprocess.run([python, "-c", f"import {library}"], capture_output=True, check=False).returncode == 0


def main() -> None:
    """Parse the command line, run everything, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("music", nargs="+", type=Path, help="audio files to join")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="audio to run on")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default=sys.executable, help="a Python that has the peers installed")
    parser.add_argument("--json", type=Path, help="write every run here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "music.wav"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            seconds = pool.submit(music, options.music, wav, options.seconds).result()
        listen = [sys.executable, "-m", "paces_live", "listen", "--input", str(wav), "--fast", "--json"]
        commands = {"paces-live, a reading a second": listen}
        for system, program in PEERS.items():
            if available(options.peers, system):
                commands[system] = [options.peers, "-c", program, str(wav)]
            else:
                sys.stderr.write(f"not installed: {system}\n")
        runs = [measure(name, command, seconds) for _ in range(options.rounds) for name, command in commands.items()]
    own = statistics.median(run.cpu for run in runs if run.system in commands and run.system.startswith("paces-live"))
    sys.stdout.write(f"{seconds:.0f} s of music, median of {options.rounds} runs\n\n")
    sys.stdout.write(
        "| system | CPU s per s of audio | times paces-live | peak MB | first estimate, s |\n|---|---|---|---|---|\n"
    )
    for name in commands:
        mine = [run for run in runs if run.system == name]
        cpu = statistics.median(run.cpu for run in mine)
        memory = statistics.median(run.memory_mb for run in mine)
        first = statistics.median(run.first_s for run in mine)
        sys.stdout.write(f"| {name} | {cpu:.4f} | {cpu / own:.2f} | {memory:.0f} | {first:.2f} |\n")
    if options.json:
        options.json.write_text(json.dumps([asdict(run) for run in runs], indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
