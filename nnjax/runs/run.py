"""The run itself: training by the settings, and the directory that keeps what came of it."""

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from nnjax import files, losses, optimizers, training
from nnjax.checks import require_whole, unknown
from nnjax.runs.networks import prepare
from nnjax.runs.settings import Settings, as_json, read


def train(
    settings: Settings, directory: Path | str, *, resume: bool = False, originals: Any = None, progress: bool = True
) -> dict[str, float]:
    """Train as the settings say and return the last line of the history: losses, and accuracies of classifiers.

    The directory then holds settings.json, history.csv (a row an epoch), params.npz (the leaves by their path in the
    pytree), curves.svg and checkpoints/. With ``resume`` a run that was interrupted goes on, to the same numbers; its
    settings must be the same, but for more epochs. A run without a finished epoch may be begun anew, by any settings.
    Raises ValueError for settings that cannot be right, before anything is written, and what ``data.load`` and
    ``training.fit`` raise; a run whose epochs are kept in the directory is then as it was.
    """
    require_whole("epochs", settings.epochs)
    network = prepare(settings, originals=originals)
    training.checking.batch_fits(settings.batch_size, len(network.dataset.x))
    optimizer = _optimizer(settings)
    directory = Path(directory)
    goes_on = _holds_a_run(directory, settings, resume)
    init_key, fit_key = jax.random.split(jax.random.key(settings.seed))
    params = network.init(init_key)
    penalty = partial(losses.l2, rate=settings.l2) if settings.l2 else None
    if not goes_on:
        _write_settings(directory, settings)
    params, history = training.fit(
        network.apply, params, network.dataset, epochs=settings.epochs, key=fit_key, loss=network.loss,
        optimizer=optimizer, batch_size=settings.batch_size, regularizer=penalty, progress=progress,
        directory=directory / "checkpoints", resume=resume,
    )  # fmt: skip
    _keep(directory, settings, params, history)
    return {name: float(values[-1]) for name, values in history.items()}


def _optimizer(settings: Settings) -> Any:
    if settings.optimizer not in optimizers.BY_NAME:
        raise unknown("optimizer", settings.optimizer, optimizers.BY_NAME)
    return optimizers.BY_NAME[settings.optimizer](settings.learning_rate)


def _holds_a_run(directory: Path, settings: Settings, resume: bool) -> bool:
    """Return whether there are finished epochs to go on from; raise ValueError where that is not wanted."""
    if not training.checkpoints.epochs_done(directory / "checkpoints") and not (directory / "history.csv").exists():
        return False
    if not resume:
        raise ValueError(f"{directory} holds a run already; go on with it (resume, --resume) or name another directory")
    before = as_json(read(directory / "settings.json"))
    for name, value in as_json(settings).items():
        if name != "epochs" and before[name] != value:
            raise ValueError(f"{directory} was begun with {name} = {before[name]}, not {value}")
    return True


def _write_settings(directory: Path, settings: Settings) -> None:
    files.write(directory / "settings.json", json.dumps(settings._asdict(), indent=2) + "\n")


def _keep(directory: Path, settings: Settings, params: PyTree, history: dict[str, np.ndarray]) -> None:
    """Write the epochs wanted, the parameters, then the history: with a row for each epoch, the run is finished.

    A run that goes on to more epochs is until then the finished one of before.
    """
    from nnjax import viz

    _write_settings(directory, settings)
    leaves = jax.tree_util.tree_flatten_with_path(params)[0]
    named: dict[str, Any] = {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}
    packed = io.BytesIO()
    np.savez(packed, **named)
    files.write(directory / "params.npz", packed.getvalue())
    columns = [range(1, settings.epochs + 1), *(values.tolist() for values in history.values())]
    lines = [",".join(["epoch", *history]), *(",".join(map(repr, row)) for row in zip(*columns, strict=True))]
    files.write(directory / "history.csv", "\n".join(lines) + "\n")
    title = f"{settings.model} on {settings.data}"
    viz.save(viz.loss_curves(history, title=title), directory / "curves.svg")
