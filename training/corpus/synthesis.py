"""MIDI to audio with FluidSynth."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from training.errors import TrainingError

RENDER_RATE = 44_100
AUDIO_RATE = 22_050
"""Sample rates of FluidSynth and of the corpus, Hz."""
LIMIT_S = 180.0
"""Longest time that FluidSynth may take, seconds."""

SOUNDFONT_ROOTS = tuple(
    Path(root) for root in ("/usr/share/sounds", "/usr/share/soundfonts", "/usr/local/share/soundfonts")
)
_SOUNDFONTS = (
    ("TimGM6mb", "timgm6mb-soundfont"),
    ("FluidR3_GM", "fluid-soundfont-gm"),
    ("MuseScore_General", "musescore-general-soundfont-small"),
    ("OPL-3_FM", "opl3-soundfont"),
    ("sf_GMbank", "csound-soundfont"),
)


@dataclass(frozen=True)
class Synth:
    """Settings of FluidSynth.

    Attributes
    ----------
    soundfont
        An SF2 or SF3 file.
    reverb, chorus
        Whether the effects are on.
    gain
        FluidSynth's gain; it is halved until nothing clips.
    """

    soundfont: Path
    reverb: bool = True
    chorus: bool = True
    gain: float = 0.4


def soundfonts() -> tuple[Path, ...]:
    """Return the installed General MIDI soundfonts, one file of each.

    Raises
    ------
    TrainingError
        If fewer than two are installed.
    """
    found: list[Path] = []
    missing: list[str] = []
    for name, package in _SOUNDFONTS:
        if files := _installed(name):
            found.append(files[0])
        else:
            missing.append(package)
    if len(found) < 2:
        raise TrainingError(f"fewer than two soundfonts found: install the Debian packages {' '.join(missing)}")
    return tuple(found)


def soundfont(name: str) -> Path:
    """Return the soundfont of a name, such as ``FluidR3_GM``.

    Raises
    ------
    TrainingError
        If it is not installed.
    """
    files = _installed(name)
    if not files:
        raise TrainingError(f"the soundfont {name} is missing: install the Debian package {dict(_SOUNDFONTS)[name]}")
    return files[0]


def render(midi: bytes, synth: Synth) -> NDArray[np.float32]:
    """Render a MIDI file to mono audio at 22,050 Hz, not normalised; see `render_full_band`."""
    return np.asarray(soxr.resample(render_full_band(midi, synth), RENDER_RATE, AUDIO_RATE), dtype=np.float32)


def render_full_band(midi: bytes, synth: Synth) -> NDArray[np.float32]:
    """Render a MIDI file to mono audio at 44,100 Hz, not normalised.

    Raises
    ------
    TrainingError
        If FluidSynth is missing or fails.
    """
    gain = synth.gain
    while True:
        stereo = _run_fluidsynth(midi, synth, gain)
        peak = float(np.abs(stereo).max(initial=0.0))
        if peak < 0.999:
            break
        gain /= 2
    if peak < 1e-3:
        raise TrainingError("FluidSynth rendered silence")
    return np.asarray(stereo.mean(axis=1), dtype=np.float32)


def _installed(name: str) -> list[Path]:
    """Return the files of a soundfont, the best one first: uncompressed before compressed ones, then by name."""
    # Of several folders with a file of one name, the last one counts.
    files = {
        path.name: path for root in SOUNDFONT_ROOTS for path in sorted(root.rglob(f"{name}*.sf[23]")) if path.is_file()
    }
    return [files[file] for file in sorted(files, key=lambda n: (not n.endswith(".sf2"), n))]


def _run_fluidsynth(midi: bytes, synth: Synth, gain: float) -> NDArray[np.float32]:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "song.mid"), Path(folder, "song.wav")
        source.write_bytes(midi)
        command = ["fluidsynth", "-ni", "-q", "-F", str(target), "-T", "wav", "-r", str(RENDER_RATE)]
        command += ["-g", f"{gain:.4f}", "-R", str(int(synth.reverb)), "-C", str(int(synth.chorus))]
        # Load only the instruments that the song uses: a compressed soundfont takes seconds to unpack as a whole.
        command += ["-o", "synth.cpu-cores=1", "-o", "synth.dynamic-sample-loading=1"]
        command += [str(synth.soundfont), str(source)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        except FileNotFoundError:
            raise TrainingError("fluidsynth is missing: install the Debian package fluidsynth") from None
        if done.returncode or not target.exists():
            raise TrainingError(f"fluidsynth failed: {done.stderr.strip()[-300:]}")
        samples, _ = soundfile.read(target, dtype="float32", always_2d=True)
        return np.asarray(samples, dtype=np.float32)
