"""Calibrate a trained network, so that its probabilities are shares."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

CERTAIN = 1e-6
"""Distance to which probabilities are clipped from 0 and 1, beyond which a float holds no logit."""


def scale(network: Any, label: NDArray[np.int8], probability: NDArray[np.float32]) -> tuple[float, float]:
    """Give the logits of `network` the slope and the offset of least cross-entropy, in place (Platt 1999).

    The rarer class, smoothed labels and the soft labels of ambiguous cases all lower the probabilities of compatible
    cases. The correction goes into the weights of the last layer, so that programs that run the exported file need not
    know of it.

    Parameters
    ----------
    network : keras.Model
        Ends in the dense layer ``probability`` of one sigmoid unit.
    label, probability : ndarray, shape (n,)
        Labels of the cases of the validation split without ambiguous ones, and the network's probabilities.

    Returns
    -------
    tuple of float
        Slope and offset.
    """
    values = np.clip(probability.astype(np.float64), CERTAIN, 1.0 - CERTAIN)
    logits = np.log(values / (1.0 - values))
    fitted = LogisticRegression(C=np.inf).fit(logits[:, None], label)
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    last = network.get_layer("probability")
    kernel, bias = last.get_weights()
    last.set_weights([kernel * slope, bias * slope + offset])
    return slope, offset
