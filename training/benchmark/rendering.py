"""Render the pieces of the benchmark: a minute of audio each, with the paces that fit it beside it."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from training.annotations.truth import Meter, Truth, truth
from training.benchmark import chords, folk, tunes
from training.benchmark.accompaniment import played
from training.benchmark.music import Music, mean_tempo, midi
from training.benchmark.pieces import TIMINGS, TRACKS, Piece, freedoom, openmsx, split_of
from training.corpus.synthesis import RENDER_RATE, Synth, render_full_band, soundfont
from training.corpus.timing import CONSTANT, Knots, TempoCurve, draw
from training.dataset.degrade import in_room
from training.dataset.negatives import negative
from training.errors import TrainingError
from training.evaluate.run import real_music
from training.workers import OnDone, ignore_progress, map_in_order

Samples = NDArray[np.float32]

FOLDER = "benchmark"
"""Folder of the benchmark in the work folder."""
RATE = RENDER_RATE
"""Sample rate of the pieces, Hz: that of recordings, which some of the other programs need."""
EXCERPT_S, NO_BEAT_S = 60.0, 120.0
"""Length of a piece, and of a sound without a beat, seconds."""
ASIDE_S = 10.0
"""Length of what folk tunes play before and after the piece, seconds."""
SOUNDFONTS = ("FluidR3_GM", "MuseScore_General", "TimGM6mb")
"""Soundfonts by name; each piece has one of them."""
LEVEL = 0.7
"""Peak of the audio."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A piece with its audio and its truth.

    Attributes
    ----------
    audio
        FLAC file, mono.
    tempo
        Mean felt tempo of what is heard, beats per minute; 0 without a beat.
    meter
        Its meter; ``unknown`` without a beat.
    swung
        Whether the beat is divided into thirds.
    truth
        The paces that fit; none without a beat.
    curve
        Local speed at seconds of the audio, relative to the mean; empty in exact time.
    """

    piece: Piece
    audio: Path
    tempo: float
    meter: Meter
    swung: bool
    truth: Truth
    curve: Knots = ()

    def row(self) -> dict[str, Any]:
        """Return the piece as one flat row."""
        return asdict(self.piece) | {
            "path": str(self.audio),
            "tempo": round(self.tempo, 4),
            "meter": self.meter,
            "swung": self.swung,
            "compatible": [round(pace, 4) for pace in self.truth.compatible],
            "ambiguous": [round(pace, 4) for pace in self.truth.ambiguous],
            "curve": [(round(at, 3), round(speed, 5)) for at, speed in self.curve if -30.0 <= at <= EXCERPT_S + 30.0],
        }


def render_all(
    pieces: Sequence[Piece], work: Path, *, workers: int = 2, on_done: OnDone = ignore_progress
) -> tuple[list[Rendered], list[tuple[Piece, str]]]:
    """Render pieces into the work folder, in worker processes; what is there stays.

    Returns
    -------
    tuple
        The rendered pieces, and the others with the reason.
    """
    results = map_in_order(attempt, pieces, work, workers=workers, on_done=on_done)
    done = [result for result in results if isinstance(result, Rendered)]
    failed = [(piece, result) for piece, result in zip(pieces, results, strict=True) if isinstance(result, str)]
    return done, failed


def attempt(piece: Piece, work: Path) -> Rendered | str:
    """Return the rendered piece, or the reason why it cannot be rendered."""
    try:
        return render(piece, work)
    except TrainingError as error:
        return str(error)


def render(piece: Piece, work: Path) -> Rendered:
    """Render a piece, unless it is there already.

    Raises
    ------
    TrainingError
        If a package is missing, or the music cannot be rendered.
    """
    folder = work / FOLDER / "pieces"
    audio, facts = folder / f"{piece.id}.flac", folder / f"{piece.id}.json"
    if not facts.exists():
        folder.mkdir(parents=True, exist_ok=True)
        samples, heard = _make(piece, work)
        rng = np.random.default_rng([piece.seed, 1])
        if piece.condition == "room":
            samples = in_room(samples, RATE, rng)
        scaled = samples * np.float32(LEVEL / max(float(np.abs(samples).max(initial=0.0)), 1e-9))
        part = folder / f".{piece.id}.{os.getpid()}"
        soundfile.write(part, scaled, RATE, format="FLAC", subtype="PCM_16")
        part.replace(audio)
        part.write_text(json.dumps(heard), "utf-8")
        part.replace(facts)
    known = json.loads(facts.read_text("utf-8"))
    curve = tuple((at, speed) for at, speed in known["curve"])
    return Rendered(piece, audio, known["tempo"], known["meter"], known["swung"], _truth(known), curve)


def _truth(known: dict[str, Any]) -> Truth:
    return truth(known["tempo"], known["meter"], swung=known["swung"]) if known["tempo"] else Truth(())


def _make(piece: Piece, work: Path) -> tuple[Samples, dict[str, Any]]:
    """Return the clean audio of a piece, and its tempo, meter and swing."""
    rng = np.random.default_rng([piece.seed, 0])
    match piece.source:
        case "sound":
            band = _any_music(piece, rng) if piece.name == "rubato" else np.zeros(0, np.float32)
            return negative(piece.name, NO_BEAT_S, RATE, rng, music=band), _facts(0.0, "unknown")
        case "chords":
            held = chords.held(chords.PROGRAMS[piece.name], NO_BEAT_S, rng)
            return _cut(_played(midi(held), rng), 0.0, NO_BEAT_S), _facts(0.0, "unknown")
        case "real music":
            return _track(piece.name, work)
    music = _music(piece, rng)
    start, curve = timing(piece, music)
    end = start + EXCERPT_S
    samples = _cut(_played(midi(music, curve, end_s=end), rng), start, EXCERPT_S)
    mean = mean_tempo(music, curve, start, end)
    knots = [(at - start, speed * music.tempo / mean) for at, speed in curve.knots(music.tempo)]
    facts = _facts(mean, music.meter, swung=music.swung)
    return samples, facts | {"curve": [] if curve is CONSTANT else knots}


def timing(piece: Piece, music: Music) -> tuple[float, TempoCurve]:
    """Return where the piece begins in its music, seconds, and the timing of those who play it."""
    curve = CONSTANT
    if piece.timing != "exact":
        curve = draw(
            np.random.default_rng([piece.seed, 2]),
            beats=music.beats,
            tempo=music.tempo,
            beats_per_bar=music.beats_per_bar,
            drift=TIMINGS[piece.timing],
        )
    return max(0.0, (float(curve.seconds(music.beats, music.tempo)) - EXCERPT_S) / 2), curve


def _facts(tempo: float, meter: Meter, *, swung: bool = False) -> dict[str, Any]:
    return {"tempo": tempo, "meter": meter, "swung": swung, "curve": []}


def _music(piece: Piece, rng: np.random.Generator) -> Music:
    if piece.source == "freedoom":
        return freedoom()[piece.name]
    if piece.source == "openmsx":
        return openmsx()[piece.name]
    tune = next(tune for tune in tunes.collected() if tune.id == piece.name)
    dance = folk.dance(tune)
    tempo = float(rng.uniform(*dance.tempi))
    beats = tempo * (EXCERPT_S + ASIDE_S) / 60.0
    return played(folk.melody(tune), dance, tempo, lead=piece.lead, accompanied=piece.accompanied, beats=beats, rng=rng)


def _track(name: str, work: Path) -> tuple[Samples, dict[str, Any]]:
    """Return the middle of a track of the real-music set, which is rendered once."""
    track = next(track for track in real_music.read(TRACKS) if track.id == name)
    audio = real_music.render(track, real_music.folder(work))
    frames = soundfile.info(audio).frames
    start = max(0, (frames - round(EXCERPT_S * RATE)) // 2)
    samples, _ = soundfile.read(audio, round(EXCERPT_S * RATE), start, dtype="float32", always_2d=True)
    facts = _facts(track.tempo, real_music.METERS[track.meter], swung=track.swung)
    return np.asarray(samples.mean(axis=1), np.float32), facts


def _any_music(piece: Piece, rng: np.random.Generator) -> Samples:
    """Return music to be bent out of all time."""
    names = split_of(freedoom(), piece.split)
    music = freedoom()[names[rng.integers(len(names))]]
    return _played(midi(music, end_s=1.5 * NO_BEAT_S), rng)


def _played(data: bytes, rng: np.random.Generator) -> Samples:
    return render_full_band(data, Synth(soundfont(str(rng.choice(SOUNDFONTS))), gain=0.5))


def _cut(samples: Samples, start: float, seconds: float) -> Samples:
    """Return a part of samples, with silence after a short sound."""
    part = samples[round(start * RATE) : round((start + seconds) * RATE)]
    return np.pad(part, (0, round(seconds * RATE) - len(part)))
