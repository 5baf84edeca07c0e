"""Sources by their names, as the command line opens them, music for them, and their samples."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from paces_live.inputs import Pcm, open_input
from paces_live.sources import Block, Source

SESSION_RATE = 22_050
"""Sample rate of the sessions, Hz."""


def music(rate: int, seconds: float, channels: int = 1) -> NDArray[np.float32]:
    """Return decaying noise bursts at 150 a minute over a tone, shape (n, channels); the same at every call."""
    rng = np.random.default_rng(7)
    count = round(rate * seconds)
    t = np.arange(count) / rate
    bursts = rng.normal(size=count) * np.exp(-30 * (t % 0.4))
    mono = 0.2 * np.sin(2 * np.pi * 220 * t) + 0.1 * bursts
    gains = np.linspace(1.0, 0.5, channels)
    return (mono[:, None] * gains).astype(np.float32)


def open_source(spec: str, *, sample_rate: int, fast: bool = False, **pcm: Any) -> Source:
    """Return the source that `spec` names; `pcm` has the fields of `Pcm`."""
    return open_input(spec, sample_rate=sample_rate, now_playing="none", fast=fast, pcm=Pcm(**pcm)).source


def message_of(block: Block) -> str | None:
    """Return the message of the condition that `block` carries."""
    return block.condition.message if block.condition else None


def heard(source: Source) -> NDArray[np.float32]:
    """Return all samples of `source` in one array."""
    return joined(source.blocks())


def joined(blocks: Iterable[Block]) -> NDArray[np.float32]:
    taken = list(blocks)
    for block in taken:
        assert block.samples.dtype == np.float32
        assert block.samples.ndim == 1
        assert block.dropped == 0
    return np.concatenate([np.empty(0, np.float32), *(block.samples for block in taken)])


def one_line(error: pytest.ExceptionInfo[Exception]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def pcm_bytes(frames: NDArray[np.float32], form: str) -> bytes:
    """Return `frames` as raw PCM of the format `form`."""
    if form == "f32le":
        return frames.astype("<f4").tobytes()
    return np.round(frames * 32_768).astype("<i2").tobytes()
