"""The feature path gives what it gave when the model was trained, on this machine too."""

import numpy as np
import pytest

from tests.support.golden import PATH, vectors

TOLERANCE = {"frames": 1e-3, "tempogram": 1e-3, "spm": 1e-2, "context": 1e-3, "folds": 1e-3}
"""Other processors and numpy versions round otherwise, in single precision at worst."""


@pytest.mark.parametrize("name", sorted(TOLERANCE))
def test_golden_vectors(name: str) -> None:
    with np.load(PATH) as golden:
        np.testing.assert_allclose(vectors()[name], golden[name], atol=TOLERANCE[name])


def test_they_belong_to_this_feature_path() -> None:
    with np.load(PATH) as golden:
        assert str(golden["fingerprint"]) == str(vectors()["fingerprint"])
