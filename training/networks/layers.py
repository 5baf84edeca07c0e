"""The layers that an experiment may list. Nothing here needs TensorFlow."""

from dataclasses import dataclass
from typing import Literal

from training.errors import TrainingError

Activation = Literal["linear", "relu", "tanh", "sigmoid"]


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """Convolution without padding over beats and phase; with a third number in `size`, over the bands too.

    After the first convolution over bands, the network sees separate windows of neighbouring bands, until
    ``merge_bands`` makes them channels. `circular` continues the phase axis at each end with its other end, so that it
    keeps its length: the beat is a circle.
    """

    filters: int
    size: tuple[int, ...]
    strides: tuple[int, ...] = ()
    circular: bool = False
    bias: bool = True
    activation: Activation = "linear"

    def __post_init__(self) -> None:
        if len(self.size) not in (2, 3) or len(self.strides) not in (0, len(self.size)):
            raise TrainingError("give two numbers (beats, steps) or three (and bands) as size and as strides")


@dataclass(frozen=True, kw_only=True)
class MergeBands:
    """Makes channels of the windows of a convolution over bands."""


@dataclass(frozen=True, kw_only=True)
class Flux:
    """Preprocessing: the difference from the previous step, within the circle of the beat; `rectify` keeps rises only.

    With `beside`, the flux comes as additional channels after the bands.
    """

    rectify: bool = True
    beside: bool = False


@dataclass(frozen=True, kw_only=True)
class LogConstant:
    """Preprocessing: power below `constant`, relative to the mean of its band, hardly counts.

    Computes ``log(power + constant)`` instead of ``log(power)``; `nepers` is the power, in nepers, of 1 in a fold.
    """

    constant: float
    nepers: float = 4.0


@dataclass(frozen=True, kw_only=True)
class Pcen:
    """Preprocessing: per-channel energy normalisation (Wang et al., ICASSP 2017) along the clip.

    Computes ``(power / (floor + smooth) ** gain + bias) ** root - bias ** root``; ``smooth`` is the exponential mean of
    the band so far, with the weight `smoothing` on the newest step; `nepers` as in `LogConstant`.
    """

    smoothing: float = 0.06
    gain: float = 0.8
    bias: float = 2.0
    root: float = 0.5
    floor: float = 1e-3
    nepers: float = 4.0


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Preprocessing: ``factor * x + offset``."""

    factor: float
    offset: float = 0.0


@dataclass(frozen=True, kw_only=True)
class BatchNorm:
    """Batch normalisation."""


@dataclass(frozen=True, kw_only=True)
class Relu:
    """Rectifier."""


@dataclass(frozen=True, kw_only=True)
class Prelu:
    """Rectifier with a learned slope below zero."""


@dataclass(frozen=True, kw_only=True)
class MaxPool:
    """Maximum over `size`, (beats, steps)."""

    size: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SpatialDropout:
    """Drops whole channels."""

    rate: float


@dataclass(frozen=True, kw_only=True)
class Dropout:
    """Drops single values."""

    rate: float


@dataclass(frozen=True, kw_only=True)
class MeanAndMaximum:
    """Mean and maximum over all beats and phases, concatenated."""


@dataclass(frozen=True, kw_only=True)
class Flatten:
    """All values in one row."""


@dataclass(frozen=True, kw_only=True)
class Dense:
    """Fully connected layer."""

    units: int
    activation: Activation = "linear"


Layer = (
    Convolution
    | MergeBands
    | Flux
    | LogConstant
    | Pcen
    | Scale
    | BatchNorm
    | Relu
    | Prelu
    | MaxPool
    | SpatialDropout
    | Dropout
    | MeanAndMaximum
    | Flatten
    | Dense
)


KINDS: dict[str, type[Layer]] = {
    "convolution": Convolution,
    "merge_bands": MergeBands,
    "flux": Flux,
    "log_constant": LogConstant,
    "pcen": Pcen,
    "scale": Scale,
    "batch_norm": BatchNorm,
    "relu": Relu,
    "prelu": Prelu,
    "max_pool": MaxPool,
    "spatial_dropout": SpatialDropout,
    "dropout": Dropout,
    "mean_and_maximum": MeanAndMaximum,
    "flatten": Flatten,
    "dense": Dense,
}
