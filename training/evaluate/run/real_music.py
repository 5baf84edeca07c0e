"""The real-music set: tracks of exactly known tempo, rendered from Debian packages.

Each track is a row of a CSV file that names a package, a file in it and its tempo. None of the music is part of this
project: programs of the same distribution render it, so that anyone can rebuild the set.
"""

import csv
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import MappingProxyType

import numpy as np
import soundfile

from training.annotations.truth import Meter, Truth, truth
from training.errors import TrainingError

RATE = 44_100
"""Sample rate of the rendered tracks, Hz."""
LONGEST_S = 300
"""Longest rendered part of a track, seconds."""
LIMIT_S = 300.0
"""Longest time that a program may take, seconds."""
ATTEMPTS = 4
"""Number of attempts after a crash: LMMS 1.2 crashes in one of ten runs, and the next run succeeds."""
SILENT = 1e-3
"""Peak up to which a track counts as silent."""

METERS: Mapping[str, Meter] = MappingProxyType(
    {
        "4/4": "duple",
        "4/4?": "duple",
        "6/4": "duple",  # the only such song has its snare on every second beat: three groups of two
        "3/4": "triple",
        "5/4": "quintuple",
        "7/4": "septuple",
    }
)
"""Meters of the list; a question mark follows a likely meter that is not in the file."""

FELT_BEATS: Mapping[str, float] = MappingProxyType({"msx_busy_schedule": 4 / 3, "msx_the_fast_route": 4 / 3})
"""Felt beats per quarter note of the file: in these two, kick and snare play four beats in three quarters."""


@dataclass(frozen=True, slots=True)
class Track:
    """One track of the set.

    Attributes
    ----------
    id
        Name of the track, and of its audio file.
    family
        Kind of source, a key of `RENDERERS`.
    package
        Debian package of the track.
    path
        File in that package; if it is not at this path, the file of the same name in the package.
    title
        Title by its author.
    tempo
        Felt beats per minute.
    meter
        One of `METERS`.
    swung
        Whether the beat is divided into thirds.
    constant
        Whether the tempo is constant from beginning to end.
    """

    id: str
    family: str
    package: str
    path: str
    title: str
    tempo: float
    meter: str
    swung: bool
    constant: bool


@dataclass(frozen=True, slots=True)
class Renderer:
    """A program that renders a track.

    Attributes
    ----------
    package
        Its Debian package.
    command
        Its command line, with the fields ``{song}``, ``{wav}`` and ``{soundfont}``.
    """

    package: str
    command: tuple[str, ...]


RENDERERS: Mapping[str, Renderer] = MappingProxyType(
    {
        "lmms": Renderer(
            "lmms",
            ("lmms", "--allowroot", "render", "{song}", "-a", "-f", "wav", "-s", str(RATE), "-o", "{wav}"),
        ),
        "openmsx-midi": Renderer(
            "fluidsynth",
            (
                *("fluidsynth", "-n", "-i", "-q", "-r", str(RATE), "-T", "wav", "-O", "float", "-F", "{wav}"),
                *("{soundfont}", "{song}"),
            ),
        ),
        "hydrogen": Renderer(
            "hydrogen",
            ("h2cli", "-d", "fake", "-s", "{song}", "-r", str(RATE), "-b", "32", "-o", "{wav}"),
        ),
        # The first subsong only, without repeat: the others may have another tempo.
        "tracker": Renderer(
            "openmpt123",
            (
                *("openmpt123", "--batch", "--quiet", "--subsong", "0", "--repeat", "0"),
                *("--samplerate", str(RATE), "--end-time", str(LONGEST_S), "--output", "{wav}", "{song}"),
            ),
        ),
    }
)


def folder(work: Path) -> Path:
    """Return the folder of the rendered tracks in a work folder; it has the first name of the set."""
    return work / "openset"


def read(csv_path: Path) -> list[Track]:
    """Read the list of tracks.

    Parameters
    ----------
    csv_path
        A file with the columns id, family, source, title, tempo_bpm, meter, constant_tempo and notes. The source is
        ``deb:PACKAGE PATH``; ``rendered by ...`` may follow.

    Returns
    -------
    list of Track
        In the order of the file.

    Raises
    ------
    TrainingError
        If a row is invalid.
    """
    with csv_path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [_track(row, f"{csv_path}:{rows.line_num}") for row in rows]


def _track(row: Mapping[str, str], place: str) -> Track:
    try:
        package, path = re.findall(r"^deb:(\S+) (.+?)(?: rendered by .+)?$", row["source"])[0]
        name = re.findall(r"^[\w-]+$", row["id"])[0]
        return Track(
            id=name,
            family=row["family"],
            package=package,
            path=path,
            title=row["title"],
            tempo=float(row["tempo_bpm"]) * FELT_BEATS.get(name, 1.0),
            meter=row["meter"],
            swung="ternary/swing" in row["notes"],
            constant={"yes": True, "no": False}[row["constant_tempo"]],
        )
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{place}: not a track of the real-music set: {dict(row)}") from error


def truth_of(track: Track) -> Truth:
    """Return the paces of a track, by its tempo, meter and swing.

    Raises
    ------
    TrainingError
        If its meter is not one of `METERS`.
    """
    if track.meter not in METERS:
        raise TrainingError(f"{track.id}: unknown meter {track.meter!r}: use one of {', '.join(METERS)}")
    return truth(track.tempo, METERS[track.meter], swung=track.swung)


def render(track: Track, folder: Path) -> Path:
    """Render at most five minutes of a track into `folder`, 44.1 kHz, 16 bits; return the FLAC file.

    A finished file stays as it is.

    Raises
    ------
    TrainingError
        If a package is missing, or the program fails, takes too long or renders silence.
    """
    target = folder / f"{track.id}.flac"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".render-") as scratch:
        room = Path(scratch).resolve()  # the programs run in this folder
        whole, flac = room / "whole.wav", room / "part.flac"
        _run(track, whole)
        audio, rate = soundfile.read(whole, frames=LONGEST_S * RATE, dtype="float32", always_2d=True)
        if rate != RATE:
            raise TrainingError(f"{track.id}: rendered at {rate} Hz instead of {RATE}")
        peak = float(np.max(np.abs(audio), initial=0.0))
        if not peak > SILENT:
            raise TrainingError(f"{track.id}: rendered as silence: check that all its instruments are installed")
        soundfile.write(flac, audio / max(peak, 1.0), RATE, format="FLAC", subtype="PCM_16")
        flac.replace(target)
    return target


def render_all(
    tracks: Iterable[Track],
    folder: Path,
    on_done: Callable[[Track, str | None], None] = lambda _track, _reason: None,
) -> tuple[list[tuple[Track, Path]], list[tuple[Track, str]]]:
    """Render many tracks into `folder`, one after the other.

    Parameters
    ----------
    on_done
        Called after each track with the reason why it could not be rendered, or None.

    Returns
    -------
    tuple
        The rendered tracks with their files, and the other tracks with the reasons.
    """
    rendered: list[tuple[Track, Path]] = []
    failed: list[tuple[Track, str]] = []
    for track in tracks:
        reason = None
        try:
            rendered.append((track, render(track, folder)))
        except TrainingError as error:
            reason = str(error)
            failed.append((track, reason))
        on_done(track, reason)
    return rendered, failed


def _run(track: Track, wav: Path) -> None:
    renderer = RENDERERS.get(track.family)
    if renderer is None:
        raise TrainingError(f"{track.id}: unknown family {track.family!r}: use one of {', '.join(RENDERERS)}")
    program = renderer.command[0]
    if shutil.which(program) is None:
        raise TrainingError(f"{program} is missing: sudo apt install {renderer.package}")
    inputs = {"song": str(packaged(track.package, track.path)), "wav": str(wav), "soundfont": ""}
    if "{soundfont}" in renderer.command:
        inputs["soundfont"] = str(packaged("timgm6mb-soundfont", "TimGM6mb.sf2"))
    command = [argument.format_map(inputs) for argument in renderer.command]
    for _ in range(ATTEMPTS):
        status, message = _execute(track, command, wav.parent)
        if status >= 0:  # not ended by a signal
            break
    if status or not wav.exists():
        raise TrainingError(f"{track.id}: {program} failed with status {status}: {message or 'no message'}")


def _execute(track: Track, command: list[str], folder: Path) -> tuple[int, str]:
    """Run a program in a home of its own, because it reads and writes the settings of its user."""
    environment = os.environ | {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "QT_QPA_PLATFORM": "offscreen",
    }
    log = folder / "log"
    with log.open("wb") as output:  # not a pipe: children of a stopped program would keep it open
        try:
            status = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
                timeout=LIMIT_S,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise TrainingError(f"{track.id}: {command[0]} took more than {LIMIT_S:.0f} s") from error
    return status, log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2][-200:]


def packaged(package: str, path: str) -> Path:
    """Return a file of an installed Debian package, by its path or, if it has moved, by its name.

    Raises
    ------
    TrainingError
        If it is missing.
    """
    if Path(path).is_file():
        return Path(path).resolve()
    files = ""
    if shutil.which("dpkg-query"):
        listing = subprocess.run(["dpkg-query", "-L", package], capture_output=True, text=True, check=False)
        files = listing.stdout
    for line in files.splitlines():
        if PurePath(line).name == PurePath(path).name and Path(line).is_file():
            return Path(line)
    raise TrainingError(f"{PurePath(path).name} is missing: sudo apt install {package}")
