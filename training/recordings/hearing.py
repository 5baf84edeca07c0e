"""What other programs hear in the songs of packages, and the list that follows from it."""

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import numpy as np
import soundfile
import soxr

from paces_live.analysis.feature_config import FeatureConfig
from training.annotations.names import unnumbered
from training.errors import TrainingError
from training.recordings import packages
from training.recordings.labelling import AGREED, STRONG, Labelled, agreement, label
from training.recordings.listing import Entry
from training.recordings.programs import PROGRAMS, running
from training.recordings.pulse import pulse
from training.recordings.songs import samples_of
from training.workers import OnDone, ignore_progress

MEASURED = frozenset({"freedoom", "hydrogen", "lmms"})
"""Packages on which models are measured, besides those of the real-music set."""
FREE_TEXT: Mapping[str, str] = MappingProxyType(
    {
        "fillets-ng-data": "GPL-2",
        "fretsonfire-songs-muldjord": "CC-BY-SA-3.0",
        "fretsonfire-songs-sectoid": "Expat",
        "nexuiz-music": "GPL-2+",
        "noiz2sa-data": "BSD-2-clause",
        "openclonk-data": "CC-BY-3.0",
        "singularity-music": "CC-BY-SA-3.0",
        "titanion-data": "BSD-2-clause",
        "warmux-data": "GPL-2+",
        "wesnoth-1.16-music": "GPL-2+",
    }
)
"""Licences of packages whose copyright file is free text, read by hand."""
UNKNOWN = frozenset({"", "<unknown>", "unknown", "unknown artist"})
"""Artists that are none."""
WAV_RATE = 44_100
"""Sample rate of what the programs hear, Hz."""

Ask = Callable[[Path, str], float]


def hear(
    names: Sequence[str],
    folder: Path,
    pythons: Mapping[str, Path],
    estimates: Path,
    *,
    measured: Collection[str] = MEASURED,
    on_done: OnDone = ignore_progress,
) -> tuple[list[Entry], Counter[str]]:
    """Label the songs of packages.

    Parameters
    ----------
    names
        Debian packages.
    folder
        Gets a folder of songs for each package.
    pythons
        The Python of each program.
    estimates
        File of JSON lines, which keeps what the programs said: finished songs are not asked for again.
    measured
        Packages on which models are measured.
    on_done
        Called with the number of finished songs and their total.

    Returns
    -------
    tuple
        Entries without family and split, and the number of the other songs by reason.

    Raises
    ------
    TrainingError
        If a package is one of `measured`, or cannot be downloaded.
    """
    if wrong := sorted(set(measured).intersection(names)):
        raise TrainingError(f"models are measured on {', '.join(wrong)}: leave them out")
    found = [(name, path) for name in names for path in packages.songs(packages.fetch(name, folder))]
    said = _read(estimates)
    reasons: Counter[str] = Counter()
    entries = []
    heard: set[str] = set()
    with running(pythons) as ask, estimates.open("a", encoding="utf-8") as log:
        for done, (package, path) in enumerate(found, 1):
            file = folder / package / path
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            song = f"{package}/{path}"
            known = said.get(song, {})
            outcome = "the same file is in two places" if digest in heard else judge(file, ask, tuple(pythons), known)
            heard.add(digest)
            if known and song not in said:
                log.write(json.dumps({"song": song, "estimates": known}) + "\n")
                log.flush()
            if isinstance(outcome, str):
                reasons[outcome] += 1
            else:
                entries.append(entry(folder / package, path, outcome))
            on_done(done, len(found))
    return entries, reasons


def judge(file: Path, ask: Ask, programs: Sequence[str], said: dict[str, float]) -> Labelled | str:
    """Return the label of a song, or why it has none; `said` gets the tempo of each program that was asked."""
    try:
        samples = samples_of(file, WAV_RATE)
    except TrainingError as error:
        return "it is too short" if "too short" in str(error) else "it cannot be decoded"
    config = FeatureConfig()
    its_pulse = pulse(np.asarray(soxr.resample(samples, WAV_RATE, config.sample_rate), np.float32), config)
    if its_pulse.strongest(config) < STRONG:
        return "the pulse is weak"
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        soundfile.write(wav.name, samples, WAV_RATE, subtype="PCM_16")
        for name in programs:
            # A slow one is asked only where the others that are mostly right do not agree.
            if name not in said and not (PROGRAMS[name].slow and _unanimous(said)):
                said[name] = round(ask(Path(wav.name), name), 3)
    return label(its_pulse, said)


def entry(package: Path, path: str, labelled: Labelled) -> Entry:
    """Return the facts about a labelled song of a package, without its family and split."""
    with soundfile.SoundFile(package / path) as file:
        artist, title = file.artist.strip(), file.title.strip()
    text = (package / packages.LICENCE).read_text("utf-8", errors="replace")
    licence, holder = packages.licence(text, path)
    return Entry(
        package=package.name,
        path=path,
        title=title or unnumbered(PurePosixPath(path).stem),
        artist=holder if artist.casefold() in UNKNOWN else artist,
        licence=licence or FREE_TEXT.get(package.name, ""),
        family="",
        split="",
        tempo=labelled.tempo,
        compatible=labelled.truth.compatible,
        ambiguous=labelled.truth.ambiguous,
        label_from=labelled.programs,
    )


def _unanimous(said: Mapping[str, float]) -> bool:
    trusted = {name: bpm for name, bpm in said.items() if PROGRAMS[name].trusted}
    return len(trusted) >= AGREED and len(agreement(trusted)[1]) == len(trusted)


def _read(estimates: Path) -> dict[str, dict[str, float]]:
    estimates.parent.mkdir(parents=True, exist_ok=True)
    lines = estimates.read_text("utf-8").splitlines() if estimates.exists() else []
    records = map(json.loads, lines)
    return {record["song"]: record["estimates"] for record in records}
