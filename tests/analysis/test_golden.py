"""The feature path on this machine gives the features that the model was trained with."""

import numpy as np
import pytest

from tests.support.golden import PATH, vectors

TOLERANCE = {"frames": 1e-3, "tempogram": 1e-3, "spm": 1e-2, "context": 1e-3, "folds": 1e-3}
"""Largest absolute difference: other processors and numpy versions round differently, in single precision at worst."""


@pytest.mark.parametrize("name", sorted(TOLERANCE))
def test_the_feature_path_reproduces_the_golden_vectors(name: str) -> None:
    with np.load(PATH) as golden:
        np.testing.assert_allclose(vectors()[name], golden[name], atol=TOLERANCE[name])


def test_the_golden_vectors_have_the_fingerprint_of_the_feature_path() -> None:
    with np.load(PATH) as golden:
        assert str(golden["fingerprint"]) == str(vectors()["fingerprint"])
