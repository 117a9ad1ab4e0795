"""The settings of a run: what there is to set, which model uses what, and how they are kept in settings.json."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from nnjax import models
from nnjax.checks import require_between, require_seed, require_sizes, require_whole, unknown

USES: dict[str, tuple[str, ...]] = {
    "perceptron": (),
    "adaline": (),
    "linear": (),
    "logistic": (),
    "mlp": ("hidden", "activation", "dropout"),
    "cnn": ("filters", "kernel", "hidden", "dropout"),
    "lenet": (),
    "alexnet": ("hidden", "dropout"),
    "text_cnn": ("width", "dropout"),
    "rnn": ("cell", "hidden", "width", "length"),
    "transformer": ("width", "layers", "heads", "length", "patch", "dropout"),
}
"""The settings of the network itself that each model uses; every other one stays at its default."""

MODELS = tuple(USES)


class Settings(NamedTuple):
    """Everything that a run depends on; which models use which of the last ten is in ``USES``.

    ``hidden``: sizes of the hidden layers, those of an RNN being its recurrent ones; ``activation``: of the hidden
    layers; ``dropout``: rate at which units are dropped (AlexNet was published with 0.5); ``filters``: of each
    convolution; ``kernel``: the side of their windows; ``cell``: "elman", "lstm" or "gru"; ``width``: of the row of
    numbers for each token or patch; ``layers`` and ``heads`` of a transformer; ``length``: how many characters of a
    text are read at a time; ``patch``: the side of the squares that a transformer cuts images into.
    """

    model: str
    data: str
    epochs: int = 20
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    hidden: tuple[int, ...] = (128, 64)
    activation: str = "relu"
    dropout: float = 0.0
    l2: float = 0.0
    seed: int = 0
    filters: tuple[int, ...] = (16, 32)
    kernel: int = 3
    cell: str = "lstm"
    width: int = 64
    layers: int = 2
    heads: int = 4
    length: int = 64
    patch: int = 4


def parse_hidden(text: str, name: str = "hidden") -> tuple[int, ...]:
    """Return "128,64" as (128, 64); raises ValueError for anything but whole numbers with commas between."""
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError(f"{name} is {text!r}; it must be whole numbers with commas between, such as 128,64") from None


def check(settings: Settings) -> None:
    """Raise ValueError for an unknown name, a number out of range, or a setting that the model does not use."""
    if settings.model not in USES:
        raise unknown("model", settings.model, MODELS)
    for name in dict.fromkeys(name for used in USES.values() for name in used):
        if name not in USES[settings.model] and getattr(settings, name) != Settings._field_defaults[name]:
            users = ", ".join(model for model in MODELS if name in USES[model])
            raise ValueError(f"{settings.model} does not use {name}; leave it at its default (it is for {users})")
    if settings.activation not in models.mlp.NAMES:
        raise unknown("activation", settings.activation, models.mlp.NAMES)
    if settings.cell not in models.rnn.CELLS:
        raise unknown("cell", settings.cell, models.rnn.CELLS)
    require_seed(settings.seed)
    require_between("l2", settings.l2, 0, float("inf"), high_included=False)
    require_between("dropout", settings.dropout, 0, 1, high_included=False)
    if settings.hidden or settings.model == "rnn":
        require_sizes("hidden", settings.hidden)
    require_sizes("filters", settings.filters)
    for name in ("kernel", "width", "layers", "heads", "length", "patch"):
        require_whole(name, getattr(settings, name))


def as_json(settings: Settings) -> dict[str, Any]:
    """Return the settings as JSON has them, tuples as lists."""
    found: dict[str, Any] = json.loads(json.dumps(settings._asdict()))
    return found


def read(path: Path) -> Settings:
    """Return the settings that were kept in the file; those it does not name, as it is older, are at their defaults.

    Raises ValueError for a file that holds no settings.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8")).items()
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept}
        return Settings(**values)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not hold the settings of a run: {error}") from None
