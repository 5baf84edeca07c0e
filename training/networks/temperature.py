"""A temperature for a trained network: what makes its probabilities mean what they say."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.reliability import CALIBRATED, best_temperature, calibration_error


def calibrate(network: Any, label: NDArray[np.int8], probability: NDArray[np.float32]) -> float:
    """Divide the logits of `network` by a temperature, in place, unless its probabilities are calibrated already.

    The last layer's weights are divided, so that the exported file carries the temperature and nothing that runs it
    need know. No verdict at one half changes.

    Parameters
    ----------
    network : keras.Model
        Ends in the dense layer ``probability`` of one sigmoid unit.
    label, probability : ndarray, shape (n,)
        Truth of the cases of the validation split, none a matter of taste, and what the network says of them.

    Returns
    -------
    float
        The temperature of least cross-entropy; 1 where the expected calibration error is at most `CALIBRATED`.
    """
    if calibration_error(label, probability) <= CALIBRATED:
        return 1.0
    temperature = best_temperature(label, probability)
    last = network.get_layer("probability")
    last.set_weights([weights / temperature for weights in last.get_weights()])
    return temperature
