"""Random variation of cases during training."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Augment = Callable[[Floats, Floats, np.random.Generator], tuple[Floats, Floats]]
"""Function of folds, contexts and a random generator that returns varied folds and contexts."""


def vary(folds: Floats, context: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Scale the dynamics, silence a range of bands, and hide the periodicity in one case of ten."""
    count, bands = len(folds), folds.shape[-1]
    gain = rng.uniform(0.7, 1.3, (count, 1)).astype(np.float32)
    first, width = rng.integers(0, bands, count), rng.integers(0, bands // 3, count)
    band = np.arange(bands)
    masked = (band >= first[:, None]) & (band < (first + width)[:, None]) & (rng.random(count) < 0.5)[:, None]
    folds = folds * np.where(masked, np.float32(0.0), gain)[:, None, None, :]
    context = context.copy()
    context[:, 1:-1] += rng.normal(0.0, 0.03, context[:, 1:-1].shape).astype(np.float32)
    context[:, 1:-1] *= (rng.random((count, 1)) > 0.1).astype(np.float32)
    return np.clip(folds, -1.0, 1.0, out=folds), np.clip(context, -1.0, 1.0, out=context)


def shift_phase(folds: Floats, context: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Begin each fold at a random phase of its beat; the end moves to the beginning."""
    count, beats, phases, bands = folds.shape
    shift = rng.integers(0, phases, (count, 1))
    step = (np.arange(beats * phases) + shift) % (beats * phases)
    shifted = folds.reshape(count, beats * phases, bands)[np.arange(count)[:, None], step]
    return shifted.reshape(folds.shape), context


def chain(*steps: Augment) -> Augment:
    """Return a function that applies `steps` one after the other; without steps, cases stay as they are."""

    def all_steps(folds: Floats, context: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        for step in steps:
            folds, context = step(folds, context, rng)
        return folds, context

    return all_steps
