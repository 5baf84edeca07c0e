"""From samples to the paces of a song. Nothing here does I/O, except for loading a model.

The flow, with the module of each step::

    samples        float32, mono, 22050 Hz
      │ features      log-mel spectrogram
    frames         in the `window`: the newest 25 s, 86 frames a second
      │ periodicity   autocorrelation of the onset strength
    periodicity    strength of repetition at each lag
      │ candidates    its peaks, their octaves, the tempi of the tracks and near those of interest
    candidates     up to 16 tempi
      │ fold          the beats of the window at each tempo, one a row
    cases          what the network sees of each candidate
      │ classifier    quantized model on a TFLite runtime
    probabilities  that each candidate is compatible
      │ tracking      smoothing, hysteresis, agreement
    tempo tracks   tempi followed through the song; the probable ones are its paces

``feature_config`` holds all parameters up to the cases, and ``manifest`` ties a model to them. ``song_change`` runs the
same steps on the newest seconds alone, to notice a song that begins without a gap. ``level`` measures loudness and
silence. Training uses the same functions, and so sees exactly the cases that a session judges.
"""

from paces_live.analysis.classifier import Classifier, FixedClassifier, TfliteClassifier, load_classifier
from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.felt_beat import felt_beat
from paces_live.analysis.fold import Cases
from paces_live.analysis.manifest import Manifest

__all__ = [
    "Cases",
    "Classifier",
    "FeatureConfig",
    "FixedClassifier",
    "Manifest",
    "TfliteClassifier",
    "felt_beat",
    "load_classifier",
]
