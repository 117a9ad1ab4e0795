"""Run directories: train a model by name, and keep settings, checkpoints, history, parameters and curves together."""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, PyTree

from nnjax import data, losses, models, optimizers, training
from nnjax.checks import require_between, require_sizes, unknown
from nnjax.data import Dataset

MODELS = ("perceptron", "adaline", "linear", "logistic", "mlp")


class Settings(NamedTuple):
    """Everything that a run depends on; ``hidden``, ``activation`` and ``dropout`` concern the MLP only."""

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


class Network(NamedTuple):
    """A model made ready for ``fit``: its two functions, its loss and the data with targets as it wants them."""

    init: Callable[[Array], PyTree]
    apply: Callable[..., Any]
    loss: Callable[..., Any]
    dataset: Dataset


def parse_hidden(text: str) -> tuple[int, ...]:
    """Return "128,64" as (128, 64); raises ValueError for anything but whole numbers with commas between."""
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError(f"hidden is {text!r}; it must be whole numbers with commas between, such as 128,64") from None


def train(
    settings: Settings, directory: Path | str, *, resume: bool = False, originals: Any = None, progress: bool = True
) -> dict[str, float]:
    """Train as the settings say and return the last line of the history: losses, and accuracies of classifiers.

    The directory then holds settings.json, history.csv (a row an epoch), params.npz (the leaves by their path in the
    pytree), curves.svg and checkpoints/. With ``resume`` a run that was interrupted goes on, to the same numbers; its
    settings must be the same, but for more epochs. Raises ValueError for settings that cannot be right and what
    ``data.load`` and ``training.fit`` raise, before anything is written.
    """
    training.checking.whole_number("epochs", settings.epochs)
    network = prepare(settings, originals=originals)
    training.checking.batch_fits(settings.batch_size, len(network.dataset.x))
    optimizer = _optimizer(settings)
    directory = Path(directory)
    _check_directory(directory, settings, resume)
    init_key, fit_key = jax.random.split(jax.random.key(settings.seed))
    params = network.init(init_key)
    penalty = partial(losses.l2, rate=settings.l2) if settings.l2 else None
    params, history = training.fit(
        network.apply, params, network.dataset, epochs=settings.epochs, key=fit_key, loss=network.loss,
        optimizer=optimizer, batch_size=settings.batch_size, regularizer=penalty, progress=progress,
        directory=_begin(directory, settings), resume=resume,
    )  # fmt: skip
    _keep(directory, settings, params, history)
    return {name: float(values[-1]) for name, values in history.items()}


def prepare(settings: Settings, *, originals: Any = None) -> Network:
    """Load the data and bind the model to them; raises ValueError when the two do not go together.

    Inputs are flattened; those that are not images are standardised. A classifier of two classes is one neuron with
    targets 0 and 1, of more classes a neuron each with one-hot targets; the MLP has a softmax over the classes. Only
    linear regression and the MLP (one output, squared error) take targets that are numbers.
    """
    if settings.model not in MODELS:
        raise unknown("model", settings.model, MODELS)
    if settings.activation not in models.mlp.NAMES:
        raise unknown("activation", settings.activation, models.mlp.NAMES)
    require_between("l2", settings.l2, 0, float("inf"), high_included=False)
    require_between("dropout", settings.dropout, 0, 1, high_included=False)
    if settings.hidden:
        require_sizes("hidden", settings.hidden)
    dataset = data.load(settings.data, originals=originals)
    if np.issubdtype(dataset.x.dtype, np.integer):
        raise ValueError(f"{settings.data} is text; {settings.model} wants rows of numbers")
    images = dataset.x.ndim > 2
    dataset = data.flatten(dataset) if images else data.standardize(dataset)
    inputs, classes = dataset.x.shape[1], len(dataset.classes)
    if settings.model == "mlp":
        return _mlp(settings, dataset)
    if (settings.model == "linear") == bool(classes):
        kind = f"{classes} classes" if classes else "numbers as targets"
        fitting = "perceptron, adaline, logistic or mlp" if classes else "linear or mlp"
        raise ValueError(f"{settings.data} has {kind}; {settings.model} does not fit them, use {fitting}")
    model = getattr(models, settings.model)
    outputs = None if classes <= 2 else classes
    if outputs:
        one_hot = np.eye(classes, dtype=np.float32)
        dataset = dataset._replace(y=one_hot[dataset.y], y_test=one_hot[dataset.y_test])
    apply, loss = _ONE_LAYER[settings.model]
    return Network(partial(model.init, inputs=inputs, outputs=outputs), apply, loss, dataset)


def _adaline_above_half(params: PyTree, x: Array) -> Array:
    return models.adaline.apply(params, x) - 0.5


def _adaline_error(above_half: Array, d: Array) -> Array:
    return losses.squared_error(above_half + 0.5, d)


# fit counts an output above 0 as class 1. The perceptron is trained on its pre-activation, whose sign is its answer;
# ADALINE answers 1 from 1/2 on, so its output is shifted by that.
_ONE_LAYER: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "perceptron": (models.linear.apply, losses.perceptron_criterion),
    "adaline": (_adaline_above_half, _adaline_error),
    "linear": (models.linear.apply, losses.squared_error),
    "logistic": (models.logistic.apply, losses.binary_cross_entropy),
}


def _mlp(settings: Settings, dataset: Dataset) -> Network:
    if not dataset.classes:
        dataset = dataset._replace(y=dataset.y.reshape(-1, 1), y_test=dataset.y_test.reshape(-1, 1))
    sizes = (dataset.x.shape[1], *settings.hidden, len(dataset.classes) or 1)
    return Network(
        partial(models.mlp.init, sizes=sizes, activation=settings.activation),
        partial(models.mlp.apply, activation=settings.activation, dropout=settings.dropout),
        losses.cross_entropy if dataset.classes else losses.squared_error,
        dataset,
    )


def _optimizer(settings: Settings) -> Any:
    if settings.optimizer not in optimizers.BY_NAME:
        raise unknown("optimizer", settings.optimizer, optimizers.BY_NAME)
    return optimizers.BY_NAME[settings.optimizer](settings.learning_rate)


def _check_directory(directory: Path, settings: Settings, resume: bool) -> None:
    kept = directory / "settings.json"
    if not kept.exists():
        return
    if not resume:
        raise ValueError(f"{directory} holds a run already; go on with it (resume, --resume) or name another directory")
    before = json.loads(kept.read_text(encoding="utf-8"))
    for name, value in json.loads(json.dumps(settings._asdict())).items():
        if name != "epochs" and before.get(name) != value:
            raise ValueError(f"{directory} was begun with {name} = {before.get(name)}, not {value}")


def _begin(directory: Path, settings: Settings) -> Path:
    """Make the directory and write the settings; the return value is where checkpoints go."""
    directory.mkdir(parents=True, exist_ok=True)
    _write(directory / "settings.json", json.dumps(settings._asdict(), indent=2) + "\n")
    return directory / "checkpoints"


def _keep(directory: Path, settings: Settings, params: PyTree, history: dict[str, np.ndarray]) -> None:
    from nnjax import viz

    columns = [range(1, settings.epochs + 1), *(values.tolist() for values in history.values())]
    lines = [",".join(["epoch", *history]), *(",".join(map(repr, row)) for row in zip(*columns, strict=True))]
    _write(directory / "history.csv", "\n".join(lines) + "\n")
    leaves = jax.tree_util.tree_flatten_with_path(params)[0]
    unfinished = directory / "params.part.npz"
    named: dict[str, Any] = {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}
    np.savez(unfinished, **named)
    os.replace(unfinished, directory / "params.npz")
    title = f"{settings.model} on {settings.data}"
    viz.save(viz.loss_curves(history, title=title), directory / "curves.svg")


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
