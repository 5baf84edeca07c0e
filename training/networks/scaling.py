"""The last step of a training: probabilities that mean what they say."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

CERTAIN = 1e-6
"""Probabilities nearer to 0 or 1 than this are taken for that: a float holds no more of their logits."""


def scale(network: Any, label: NDArray[np.int8], probability: NDArray[np.float32]) -> tuple[float, float]:
    """Give the logits of `network` the slope and the offset of least cross-entropy, in place (Platt 1999).

    The rarer class, smoothed labels, and matters of taste that are learned as doubts all press the probabilities of
    what is compatible down. The last layer's weights are changed, so that the exported file carries the mend and
    nothing that runs it need know.

    Parameters
    ----------
    network : keras.Model
        Ends in the dense layer ``probability`` of one sigmoid unit.
    label, probability : ndarray, shape (n,)
        Truth of the cases of the validation split, none a matter of taste, and what the network says of them.

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
