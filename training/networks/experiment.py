"""Experiments: TOML files that describe a network and its training. Nothing here needs TensorFlow."""

import copy
import difflib
import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import NoneType
from typing import Any, Literal, Self, TypeVar, get_args, get_origin, get_type_hints

from training.errors import TrainingError
from training.networks.layers import KINDS, Dense, Layer

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
SHIPPED = EXPERIMENTS / "shipped.toml"
"""The folder of the experiments, and the one of the model that ships."""

Kind = TypeVar("Kind")


@dataclass(frozen=True, kw_only=True)
class Training:
    """The training of a network.

    Attributes
    ----------
    learning_rate, schedule, decay
        The rate at the start, and its course: constant, falling to zero along a cosine, or divided by
        ``1 + decay * steps`` ("inverse", the decay of Keras 2).
    average_from : int, optional
        Stochastic weight averaging (Izmailov et al. 2018) over the weights after this and each later epoch.
    balance
        Balance of the classes: none, by weights in the loss, or by equal numbers in each batch; an epoch then has all
        cases of the rarer class and equally many of the other, drawn for each epoch.
    song_weights
        Whether the candidates of songs with many candidates weigh less, see `training.networks.objective.weights`.
    augment, shift_phase
        Whether dynamics, bands and context vary at random, and whether each fold begins at a random phase of the beat,
        see `training.dataset.augment`.
    ambiguous, ambiguous_weight : float, optional
        Label and weight of ambiguous cases. Without a label they are left out. The network learns to doubt them: if
        two predictions contradict each other, such as those at the beat of a jig and at two thirds of it, the
        compatible one must be the more certain.
    distillation
        Share of the probabilities of other networks in the label, if a network learns from others.
    """

    epochs: int
    batch: int = 256
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine", "inverse"] = "constant"
    decay: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    average_from: int | None = None
    balance: Literal["none", "weights", "batches"] = "none"
    song_weights: bool = True
    augment: bool = True
    shift_phase: bool = False
    ambiguous: float | None = None
    ambiguous_weight: float = 0.5
    distillation: float = 0.7

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} must be at least 1")
        if self.learning_rate <= 0.0:
            raise TrainingError("learning_rate must be above 0")
        for name in ("label_smoothing", "ambiguous", "distillation"):
            if not 0.0 <= (getattr(self, name) or 0.0) <= 1.0:
                raise TrainingError(f"{name} must be from 0 to 1")


@dataclass(frozen=True, kw_only=True)
class Range:
    """Values for a search: a list, or all from `low` to `high`, whole numbers if both are whole."""

    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def example(self) -> Any:
        """One of the values."""
        return self.choices[0] if self.choices else self.low


@dataclass(frozen=True)
class Experiment:
    """A network, its training, and the values that a search may vary.

    The fold goes through the layers of `fold`, the context through those of `context`, and both results together
    through `head` and a last unit, which gives the probability. With `use_genre` the context ends with the genre during
    training; the live path never knows it, and the exported network has no such input. `search` maps places, such as
    ``training.learning_rate`` or ``fold.0.filters``, to ranges.
    """

    name: str
    about: str
    use_context: bool
    use_genre: bool
    fold: tuple[Layer, ...]
    context: tuple[Layer, ...]
    head: tuple[Layer, ...]
    training: Training
    search: dict[str, Range]
    record: dict[str, Any] = field(repr=False, compare=False)

    @property
    def digest(self) -> str:
        """Hash of the network and its training; it does not depend on the name of the file."""
        parts = (self.use_context, self.fold, self.context, self.head, self.training, *["genre"] * self.use_genre)
        # The fields of ambiguous cases were once called taste: with that name, earlier trainings are found again.
        return hashlib.sha256(repr(parts).replace("ambiguous", "taste").encode()).hexdigest()[:12]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the experiment in the file at `path`."""
        try:
            record = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            near = _nearest(path.stem, (file.stem for file in EXPERIMENTS.glob("*.toml")))
            raise TrainingError(f"cannot read {path}: {error.strerror}{near}") from error
        except tomllib.TOMLDecodeError as error:
            raise TrainingError(f"{path.name} is not TOML: {error}") from error
        return cls.parse(record, path.stem, path.name)

    @classmethod
    def parse(cls, record: dict[str, Any], name: str, where: str | None = None) -> Self:
        """Return the experiment in `record`.

        Raises
        ------
        TrainingError
            If a key or a kind is unknown, missing or of a wrong type; the message names the nearest valid one.
        """
        where = where or name
        known = [entry.name for entry in fields(cls) if entry.name not in ("name", "record")]
        _refuse_unknown(record, known, where)
        for key in ("about", "fold", "training"):
            if key not in record:
                raise TrainingError(f"{where}: {key} is missing")
        layers = {key: _layers(record.get(key, []), f"{where}: {key}") for key in ("fold", "context", "head")}
        use_context = _checked(record.get("use_context", True), bool, f"{where}: use_context")
        if layers["context"] and not use_context:
            raise TrainingError(f"{where}: use_context is false: remove the context layers")
        use_genre = _checked(record.get("use_genre", False), bool, f"{where}: use_genre")
        if use_genre and not isinstance(next(iter(layers["context"]), None), Dense):
            raise TrainingError(f"{where}: use_genre needs a dense layer as the first layer of context")
        result = cls(
            name=name,
            about=_checked(record["about"], str, f"{where}: about"),
            use_context=use_context,
            use_genre=use_genre,
            training=_parse(Training, record["training"], f"{where}: training"),
            search={
                place: _range(value, f"{where}: search.{place}") for place, value in record.get("search", {}).items()
            },
            record=record,
            **layers,
        )
        if result.search:
            result.varied({place: values.example for place, values in result.search.items()})
        return result

    def varied(self, values: dict[str, Any]) -> Self:
        """Return the experiment with the `values` at their places, without a search."""
        record = copy.deepcopy({key: value for key, value in self.record.items() if key != "search"})
        for place, value in values.items():
            *path, last = place.split(".")
            target: Any = record
            try:
                for step in path:
                    target = target[int(step)] if isinstance(target, list) else target[step]
                target[last] = value
            except (KeyError, IndexError, ValueError, TypeError):
                raise TrainingError(f"{self.name}: search.{place}: no such place in the experiment") from None
        return self.parse(record, self.name, f"{self.name}, varied")


def _layers(entries: Any, where: str) -> tuple[Layer, ...]:
    if not isinstance(entries, list):
        raise TrainingError(f"{where} must be a list of layers")
    result: list[Layer] = []
    for number, entry in enumerate(entries):
        place = f"{where}.{number}"
        if not isinstance(entry, dict) or "kind" not in entry:
            raise TrainingError(f"{place}: kind is missing")
        kind = entry["kind"]
        if kind not in KINDS:
            raise TrainingError(f"{place}: unknown kind {kind!r}{_nearest(str(kind), KINDS)}")
        result.append(_parse(KINDS[kind], {key: entry[key] for key in entry if key != "kind"}, f"{place} ({kind})"))
    return tuple(result)


def _range(value: Any, where: str) -> Range:
    if isinstance(value, list) and value:
        return Range(choices=tuple(value))
    result = _parse(Range, value, where)
    if result.choices or not result.low < result.high:
        raise TrainingError(f"{where}: give a list of values, or low and high")
    # The parser made floats of whole numbers; use the originals.
    return Range(low=value["low"], high=value["high"], log=result.log)


def _parse(cls: type[Kind], record: Any, where: str) -> Kind:
    """Return `record` as the dataclass `cls`, every key and type checked."""
    if not isinstance(record, dict):
        raise TrainingError(f"{where} must be a table")
    entries = {entry.name: entry for entry in fields(cls)}  # type: ignore[arg-type]
    _refuse_unknown(record, entries, where)
    for name, entry in entries.items():
        if entry.default is MISSING and name not in record:
            raise TrainingError(f"{where}: {name} is missing")
    hints = get_type_hints(cls)
    values = {name: _checked(value, hints[name], f"{where}: {name}") for name, value in record.items()}
    try:
        return cls(**values)
    except TrainingError as error:
        raise TrainingError(f"{where}: {error}") from None


def _checked(value: Any, hint: Any, where: str) -> Any:
    options = get_args(hint)
    if get_origin(hint) is Literal:
        if value not in options:
            raise TrainingError(f"{where}: unknown value {value!r}{_nearest(str(value), options)}")
        return value
    if NoneType in options:
        (hint,) = (option for option in options if option is not NoneType)
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or not value or not all(type(item) is int and item > 0 for item in value):
            raise TrainingError(f"{where} must be a list of whole numbers above 0")
        return tuple(value)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise TrainingError(f"{where} must be of type {hint.__name__}, not {value!r}")
    return value


def _refuse_unknown(record: dict[str, Any], known: Iterable[str], where: str) -> None:
    names = list(known)
    for key in record:
        if key not in names:
            raise TrainingError(f"{where}: unknown key {key!r}{_nearest(key, names)}")


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}?" if near else f"; valid are {', '.join(sorted(names))}"
