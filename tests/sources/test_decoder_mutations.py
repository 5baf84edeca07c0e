"""Damaged audio of every kind, by a fixed seed: sound or one clear error, never anything else."""

import io
import random
import time
from contextlib import suppress

import pytest

from paces_live.errors import SourceError
from paces_live.sources.decoder import Decoder
from tests.support.encoded import FORMATS, encoded
from tests.support.mutations import mutated

ROUNDS = 2_000
LONGEST_S = 5.0


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_audio_gives_sound_or_one_line(kind: str) -> None:
    data = encoded(kind, 0.5)
    rng = random.Random(kind)
    for _ in range(ROUNDS):
        damaged = mutated(data, rng)
        begun = time.monotonic()
        with suppress(SourceError):
            decoder = Decoder(io.BytesIO(damaged), name="song")
            for piece in decoder.frames():
                assert piece.frames.ndim == 2
                assert piece.damaged <= len(piece.frames)
            decoder.close()
        assert time.monotonic() - begun < LONGEST_S
